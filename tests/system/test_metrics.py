"""/metrics of two workers: one answers for both, and a worker that dies takes no count with it."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.gateway import INSIDE, running_gateway, running_stub, wait_for
from tests.system.processes import kill, workers_of
from tests.system.scraping import metrics
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("metrics")]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("metrics")
    with (
        running_stub(directory) as stub,
        running_gateway(
            directory, portal=stub.portal, phone=stub.phone, listen="workers = 2"
        ) as gateway,
    ):
        gateway.add_users("anna,Anna Åkesson,0701740605,staff")
        yield gateway, stub


def settled(gateway, name: str, value: float) -> dict[str, float]:
    """Return the metrics once both workers have put theirs up."""
    wait_for(lambda: metrics(gateway).get(name) == value, f"{name} = {value}")
    return metrics(gateway)


ALLOWED = 'portvakt_requests_total{outcome="allowed",route="/"}'
TURNED_AWAY = 'portvakt_requests_total{outcome="no-session",route="/"}'


def test_both_workers_are_added_up(place):
    gateway, stub = place
    Visitor(gateway).log_on("anna", stub)
    visitor = insider(gateway, "anna")
    before = metrics(gateway)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: visitor.get("/debug/echo"), range(40)))
        list(pool.map(lambda n: Visitor(gateway).get(f"/never/seen/{n}"), range(20)))
    found = settled(gateway, TURNED_AWAY, before.get(TURNED_AWAY, 0) + 20)
    assert found[ALLOWED] == before.get(ALLOWED, 0) + 40
    assert found["portvakt_workers"] == 2
    assert found["portvakt_sessions"] == 2
    assert found['portvakt_codes_sent_total{provider="http-1"}'] == 1
    assert found['portvakt_logons_total{outcome="right",step="password"}'] == 2
    assert found['portvakt_logons_total{outcome="right",step="code"}'] == 1
    assert found['portvakt_upstream_latency_seconds_count{upstream="portal"}'] == found[ALLOWED]
    assert (
        found['portvakt_upstream_answers_total{status="2xx",upstream="portal"}'] == (found[ALLOWED])
    )
    assert found['portvakt_ready{part="workers"}'] == 1
    assert all(found[f'portvakt_worker_memory_bytes{{worker="{n}"}}'] > 2**20 for n in (0, 1))
    assert not [name for name in found if "never" in name], "no label is made up by a request"


def test_a_wrong_password_is_seen(place):
    gateway, _ = place
    name = 'portvakt_logons_total{outcome="rejected",step="password"}'
    before = metrics(gateway).get(name, 0)
    Visitor(gateway, INSIDE).password("anna", "wrong")
    settled(gateway, name, before + 1)


def test_a_worker_that_dies_takes_no_count_with_it(place):
    gateway, _ = place
    insider(gateway, "anna").get("/debug/echo")
    before = metrics(gateway)
    workers = workers_of(gateway.process.pid)
    kill(workers[0])
    wait_for(lambda: is_whole(gateway, workers[1]), "a new worker in the place of the old one")
    found = metrics(gateway)
    for name, number in before.items():
        if name.partition("{")[0].endswith(("_total", "_count", "_bucket", "_sum")):
            assert found[name] >= number, "what was shown once never falls"
    assert restarts(found) == restarts(before) + 1


def restarts(found: dict[str, float]) -> float:
    return sum(n for name, n in found.items() if name.startswith("portvakt_restarts_total"))


def is_whole(gateway, other: int) -> bool:
    with contextlib.suppress(OSError):
        new = [pid for pid in workers_of(gateway.process.pid) if pid != other]
        return len(new) == 1 and restarts(metrics(gateway)) > 0 and gateway.is_ready()
    return False
