"""What the front door refused, told with all that led to it: for `portvakt explain REF`.

`facts_of` takes what is needed while the request is there; `recount` goes the same way again as a
simulated request, under the same configuration, when there is time. The query is left out: it may
hold secrets, and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.auth.live import LiveSession
from gateway.auth.model import SessionRecord
from gateway.proxy.explained import explained, told_session, words
from gateway.proxy.plan import Plan
from gateway.proxy.simulation import Asked, Stage, simulate
from gateway.wire.request import RequestHead
from policies.decision import Decision
from policies.methods import is_override

if TYPE_CHECKING:
    from gateway.proxy.client import ClientConnection

LONGEST_PATH: Final = 2048
_LONGEST_VALUE: Final = 512
_MOST_FIELDS: Final = 16
_READ_AS: Final = b"GET"
_DECIDING: Final = frozenset({
    b"x-forwarded-for", b"accept", b"sec-fetch-mode", b"sec-fetch-dest", b"x-requested-with",
    b"origin",
})  # fmt: skip
"""Fields that a decision, or the shape of its answer, depends on."""


class Refused(NamedTuple):
    """A refused request: what was asked, by whom, under which configuration, and the answer."""

    plan: Plan
    asked: Asked
    session: SessionRecord | None
    idle_s: float
    decision: Decision
    status: int


def facts_of(
    client: ClientConnection,
    head: RequestHead,
    live: LiveSession | None,
    decision: Decision,
    status: int,
    now: float,
) -> Refused:
    """Return what is needed to tell of a refusal; nothing of it holds on to the connection."""
    fields = [
        (name.decode("latin-1"), value[:_LONGEST_VALUE].decode("latin-1"))
        for name, value in head.fields
        if name.lower() in _DECIDING or is_override(name)
    ]
    if head.upgrade:
        fields += [("Connection", "Upgrade"), ("Upgrade", head.upgrade.decode("latin-1"))]
    asked = Asked(
        method=(head.method or _READ_AS).decode("latin-1"),
        authority=(head.authority or client.plan.public_authority).decode("latin-1"),
        target=head.path[:LONGEST_PATH].decode("latin-1"),
        peer=client.peer or "",
        headers=tuple(fields[:_MOST_FIELDS]),
        now=now,
    )
    session, idle_s = (None, 0.0) if live is None else (live.record, live.idle_s)
    return Refused(client.plan, asked, session, idle_s, decision, status)


def recount(refused: Refused) -> dict[str, Any]:
    """Return the record of a refusal: how it came about, and what it takes to judge it anew."""
    plan, asked, session, idle_s, decision, status = refused
    snapshot = plan.snapshot
    there = simulate(Stage(snapshot.settings, snapshot), asked, session, idle_s)
    user = None if session is None else told_session(session)
    told = explained(snapshot.settings, asked, there, user, None)
    outcome = told["outcome"]
    if decision != there.decision:  # what was answered has the last word
        outcome |= words(decision) | {"line": None, "upstream": None}
    if outcome["status"] != status:
        outcome |= {"status": status, "location": None}
    return {
        "digest": snapshot.digest,
        "told": told,
        "again": {
            "request": [*asked],
            "session": None if session is None else _session(session),
            "idle_s": idle_s,
        },
    }


def read_again(again: dict[str, Any]) -> tuple[Asked, SessionRecord | None, float]:
    """Return what a record holds for judging it anew: request, session, its longest pause."""
    asked = Asked(*again["request"])
    asked = asked._replace(headers=tuple((name, value) for name, value in asked.headers))
    kept = again["session"]
    if kept is None:
        return asked, None, again["idle_s"]
    lists = {name: tuple(kept[name]) for name in ("groups", "factors")}
    return asked, SessionRecord(**{**kept, **lists, "name": "", "email": ""}), again["idle_s"]


def _session(session: SessionRecord) -> dict[str, Any]:
    return {
        "user": session.user,
        "groups": list(session.groups),
        "factors": list(session.factors),
        "network": session.network,
        "created": session.created,
    }
