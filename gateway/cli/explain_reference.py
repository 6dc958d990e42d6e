"""`portvakt explain REF`: what happened to a request, and what would happen to it today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

import click

from gateway.auth.lockout import Count
from gateway.auth.refusals import Record
from gateway.auth.sealing import Sealer
from gateway.cli.audit import event_line, matching
from gateway.cli.configuration import read_config
from gateway.cli.explain_text import print_kept
from gateway.cli.output import No, print_json, warn
from gateway.cli.reaching import Reached, with_sessions
from gateway.operate.audit_file import audit_chain
from gateway.operate.audit_lines import AuditUnreadable, files_of, in_order
from gateway.operate.audit_search import Wanted
from gateway.proxy.explained import explained, told_limiter
from gateway.proxy.recount import read_again
from gateway.proxy.simulation import Stage, simulate
from gateway.settings.model import Settings
from gateway.system import SystemEntropy

_MOST_LINES: Final = 50
_NOT_KEPT: Final = (
    "Nothing is kept under the reference {}. A page that refuses shows one at its end, and a "
    'script finds it as "reference"; it can be explained for a day, sooner gone when very much '
    "is refused."
)


def explain_reference(ctx: click.Context, reference: str, *, as_json: bool) -> None:
    """Print what is kept of a reference and what the audit says of it. Raises No."""
    settings = read_config(ctx.obj["config"])
    reference = reference.strip()
    events = _events(settings, reference)

    async def work(reached: Reached) -> tuple[Record | None, Sequence[Count]]:
        record = await reached.refusal(reference)
        if record is None:
            return None, ()
        user, client = record["told"]["user"], record["told"]["client"]
        name = "" if user is None else user["name"]
        return record, await reached.lockout.look(name, client["address"])

    try:
        record, counts = with_sessions(ctx, work) or (None, ())
    except No:
        _print_events(events, as_json=as_json)
        raise
    if record is None:
        _print_events(events, as_json=as_json)
        raise No(_NOT_KEPT.format(repr(reference)))
    told = _told(settings, reference, record, counts) | {"audit": list(events)}
    if as_json:
        print_json(told)
        return
    print_kept(told, ctx.obj["config"].name)
    _print_events(events, as_json=False)


def _told(
    settings: Settings, reference: str, record: Record, counts: Sequence[Count]
) -> dict[str, Any]:
    """Return the document: that of then, the counters of now, and that of today where it differs.

    Today's is about the same request at the same time, under the configuration of now.
    """
    now, then = settings.digest[:12], record["digest"]
    kept = {"ref": reference, "digest": then, "digest_now": now, "in_force": now == then}
    told: dict[str, Any] = record["told"] | {
        "limiter": told_limiter(counts),
        "reference": kept,
        "today": None,
    }
    if now != then and record["again"] is not None:
        asked, session, idle_s = read_again(record["again"])
        there = simulate(Stage(settings), asked, session, idle_s)
        told["today"] = explained(settings, asked, there, told["user"], counts)
    return told


def _events(settings: Settings, reference: str) -> Sequence[Mapping[str, object]]:
    """Return the events of the audit with this reference; warns when it cannot be read."""
    key = settings.secret_key.reveal()
    if not key or not reference:
        return ()
    chain = audit_chain(Sealer(key.encode(), SystemEntropy()))
    try:
        files = in_order(files_of(settings.audit_file), chain)
        return list(islice(matching(files, Wanted(ref=reference)), _MOST_LINES))
    except AuditUnreadable as fault:
        warn(f"the audit cannot be read: {fault}")
        return ()


def _print_events(events: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    if events and not as_json:
        click.echo("\nIn the audit:")
        for event in events:
            click.echo(event_line(event))
