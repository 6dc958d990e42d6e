"""What one worker has to show: the plain numbers of its parts, under their names and labels.

The one place that knows both the front door and the metrics; neither knows the other.
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from gateway.auth.ports import Unavailable
from gateway.counters import Counters, Key, Number
from gateway.generation import Generation, Lasting
from gateway.operate.metric_board import Board
from gateway.operate.metric_desk import Desk
from gateway.operate.metric_families import FAMILIES
from gateway.operate.metric_page import render
from gateway.operate.metric_values import Values
from gateway.operate.peers import ALONE, Peers
from gateway.proxy.door import FrontDoor
from gateway.proxy.plan import PAGES_POOL
from gateway.proxy.tally import RouteTally, Tally, UpstreamTally
from gateway.store.store import Store
from gateway.worker import Worker
from policies.routes import PAGES

_COUNTING_S: Final = 3.0
_STATM: Final = Path("/proc/self/statm")
_Item = tuple[Key, Number]


def open_desk(
    board: Board, place: int, worker: Worker, lasting: Lasting, peers: Peers | None
) -> Desk:
    """Return where worker number `place` puts up what it counts and sees."""

    def tell() -> tuple[str, str | None, Values]:
        trouble = lasting.audit_file.trouble()
        told = None if trouble is None else f"the audit cannot be written: {trouble}"
        values = {**_of_worker(worker, lasting), **_of_process(str(place), desk.lag_s)}
        values.update(ALONE if peers is None else peers.values())
        return worker.door.plan.snapshot.digest, told, values

    desk = Desk(board, place, tell)
    return desk


async def metrics_page(
    desk: Desk, lasting: Lasting, well: Mapping[str, bool], accept: str
) -> tuple[bytes, str]:
    """Return /metrics of all workers, and its content type; `well` is how the parts are."""
    sessions = await _asked(lasting.store, lasting.counters)
    values = desk.all_values()
    values.update({("ready", (part,)): int(is_well) for part, is_well in well.items()})
    if sessions is not None:
        values[("sessions", ())] = sessions
    return render(values, accept)


async def _asked(store: Store, counters: Counters) -> int | None:
    """Take over what commands have counted; return how many sessions live.

    None when nobody can say in time.
    """
    try:
        async with asyncio.timeout(_COUNTING_S):
            for (name, labels), number in (await store.left_counts.take()).items():
                family = FAMILIES.get(name)  # a command of another version may know others
                if family is not None and len(family.labels) == len(labels):
                    counters.count(name, *labels, by=number)
            return sum([len(keys) async for keys in store.sessions.all_keys()])
    except (Unavailable, TimeoutError):
        return None


def _of_worker(worker: Worker, lasting: Lasting) -> Values:
    return {
        **lasting.counters.values,
        **dict(_of_tally(lasting.tally)),
        **dict(_of_connections(worker.door)),
        **dict(_of_neighbours(worker.now)),
        ("config_reloads", ("applied",)): worker.status.applied,
        ("config_reloads", ("rejected",)): worker.status.rejected,
        ("audit_failures", ()): lasting.audit_file.failures,
        ("references_dropped", ()): lasting.refusals.dropped,
        ("redis_errors", ()): lasting.store.link.errors,
    }


def _of_neighbours(generation: Generation) -> Iterator[_Item]:
    for provider, is_paused in generation.sms.passed_over().items():
        yield ("sms_passed_over", (provider,)), int(is_paused)
    for server, is_away in generation.directory.passed_over().items():
        yield ("directory_passed_over", (server,)), int(is_away)


def _of_process(worker: str, lag_s: float) -> Values:
    """Return what a process is to the machine."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        ("worker_cpu_seconds", (worker,)): round(used.ru_utime + used.ru_stime, 3),
        ("worker_memory_bytes", (worker,)): _memory(used),
        ("worker_lag_seconds", (worker,)): round(lag_s, 4),
    }


def _of_tally(tally: Tally) -> Iterator[_Item]:
    for label, route in tally.routes.items():
        yield from _of_route(label, route)
    for name, upstream in tally.upstreams.items():
        yield from _of_upstream(name, upstream)
    for status, count in tally.refusals.items():
        yield ("refusals", (str(status),)), count


def _of_route(label: str, route: RouteTally) -> Iterator[_Item]:
    if route.allowed:
        yield ("requests", (label, "allowed")), route.allowed
    for reason, count in route.others.items():
        yield ("requests", (label, reason)), count
    for reason, count in route.reported.items():
        yield ("reported", (label, reason)), count


def _of_upstream(name: str, upstream: UpstreamTally) -> Iterator[_Item]:
    label = _upstream_label(name)
    upstream.settle()
    for kind, count in upstream.answers.items():
        yield ("upstream_answers", (label, kind)), count
    for status, count in upstream.failures.items():
        yield ("upstream_failures", (label, str(status))), count
    numbers: list[float] = [*upstream.latencies, round(upstream.seconds, 6)]
    yield ("upstream_latency_seconds", (label,)), numbers


def _of_connections(door: FrontDoor) -> Iterator[_Item]:
    tunnels = sum(client.is_tunnel for client in door.clients)
    yield ("connections", ("client",)), len(door.clients) - tunnels
    yield ("connections", ("tunnel",)), tunnels
    for name, pool in door.plan.pools.items():
        label = _upstream_label(name)
        busy = sum(address.busy for address in pool.addresses)
        idle = sum(len(address.idle) for address in pool.addresses)
        yield ("upstream_connections", (label, "busy")), busy
        yield ("upstream_connections", (label, "idle")), idle


def _upstream_label(name: str) -> str:
    return PAGES.path if name == PAGES_POOL else name


def _memory(used: resource.struct_rusage) -> int:
    """Return resident bytes; where /proc does not tell, the most that they ever were."""
    try:
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return used.ru_maxrss
