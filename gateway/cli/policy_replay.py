"""The refusals of an audit file, judged anew under another gateway.toml.

What is kept of a reference (for a day) is judged exactly. An older line holds less: it is judged
with the groups that the user has now and as if a code had been given, and what hangs on a method
or an Origin, which it does not hold, is told as unknown.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from gateway.auth.model import Person, SessionRecord
from gateway.auth.ports import Unavailable
from gateway.auth.refusals import Record
from gateway.cli.opening import Opened, with_directory
from gateway.cli.output import No
from gateway.cli.reaching import reach
from gateway.operate.audit_lines import AuditUnreadable, read_lines
from gateway.proxy.recount import read_again
from gateway.proxy.simulation import Asked, Stage, simulate
from gateway.settings.model import Settings
from policies.decision import Allow, Decision, Deny, Reason
from policies.factors import OTP, PWD

_EVENTS: Final = frozenset({"access.denied", "access.reported"})
_OWN: Final = "/.gateway/"
_NOT_IN_A_LINE: Final = frozenset(
    {Reason.METHOD_NOT_ALLOWED.value, Reason.ORIGIN_NOT_ALLOWED.value}
)
_MOST: Final = 5000
_UNKNOWN: Final = "unknown"


class _Same(NamedTuple):
    """What lines have in common that are told as one."""

    route: str
    user: str
    before: str
    after: str


@dataclass(slots=True)
class Replayed:
    """What came of it: how many lines stay as they are, and which change, counted."""

    same: int = 0
    changed: dict[_Same, tuple[int, str]] = field(default_factory=dict)
    left_out: int = 0

    def add(self, line: Mapping[str, object], after: str, *, is_same: bool) -> None:
        """Count one line; `after` is what would become of it."""
        if is_same:
            self.same += 1
            return
        route, user, reason = (str(line.get(name, "")) for name in ("route", "user", "reason"))
        key = _Same(route, user, reason, after)
        if key not in self.changed and len(self.changed) >= _MOST:
            self.left_out += 1
            return
        count, example = self.changed.get(key, (0, str(line.get("ref", ""))))
        self.changed[key] = (count + 1, example)

    def told(self) -> dict[str, Any]:
        """Return it as values for scripts."""
        return {
            "same": self.same,
            "left_out": self.left_out,
            "changed": [
                {**key._asdict(), "count": count, "ref": example}
                for key, (count, example) in self.changed.items()
            ],
        }


class _Judge:
    """Judges lines under one configuration; `opened` is the directory of now."""

    def __init__(self, opened: Opened, after: Settings) -> None:
        self._opened: Final = opened
        self._stage: Final = Stage(after)
        self._origin: Final = after.public_url.origin
        self._people: dict[str, Person | None] = {}

    async def judge(self, line: Mapping[str, object], record: Record | None) -> Decision | None:
        """Return the decision about a line; None when it does not hold enough."""
        if record is not None and record["again"] is not None:
            asked, session, idle_s = read_again(record["again"])
            return simulate(self._stage, asked, session, idle_s).decision
        if line.get("reason") in _NOT_IN_A_LINE:
            return None
        session = None
        user, now = str(line.get("user", "")), _time_of(line)
        if user:
            person = await self._find(user)
            if person is None:
                return None
            session = SessionRecord(
                user=person.user,
                name="",
                email="",
                groups=person.groups,
                factors=(PWD, OTP),
                network="",
                created=now,
            )
        host = self._origin.partition("://")[2]
        fields = (("X-Forwarded-For", str(line.get("client", ""))),)
        asked = Asked("GET", host, str(line.get("route")), str(line.get("client")), fields, now)
        decision = simulate(self._stage, asked, session).decision
        reason = None if decision is None else decision.reason
        return None if reason is Reason.METHOD_NOT_ALLOWED else decision

    async def _find(self, user: str) -> Person | None:
        if user not in self._people:
            if len(self._people) >= _MOST:
                self._people.clear()
            self._people[user] = await self._opened.directory.find(user)
        return self._people[user]


def replay(ctx: click.Context, file: Path, before: Settings, after: Settings) -> Replayed:
    """Judge the refusals of an audit file under `after`; raises No.

    `before` are the settings in force, whose gateway keeps references.
    """

    async def work(opened: Opened) -> Replayed:
        judge, found = _Judge(opened, after), Replayed()
        async with _references(before) as read:
            for line in _decisions(file):
                record = await read(str(line.get("ref", "")))
                decision = await judge.judge(line, record)
                found.add(line, _named(decision), is_same=_is_same(line, decision))
        return found

    try:
        return with_directory(ctx, work)
    except AuditUnreadable as fault:
        raise No(f"The audit cannot be read: {fault}.") from None


@contextlib.asynccontextmanager
async def _references(
    settings: Settings,
) -> AsyncIterator[Callable[[str], Awaitable[Record | None]]]:
    """Yield what reads the record of a reference; without a store, none is kept."""

    async def nothing(_: str) -> Record | None:
        return None

    async with contextlib.AsyncExitStack() as stack:
        try:
            reached = await stack.enter_async_context(reach(settings))
        except Unavailable:
            reached = None
        yield nothing if reached is None else reached.refusal


def _decisions(file: Path) -> Iterator[Mapping[str, object]]:
    """Yield the lines that hold a decision of a route."""
    for line in read_lines(file):
        fields = line.fields()
        if fields is None or fields.get("event") not in _EVENTS:
            continue
        if not str(fields.get("route", "")).startswith(_OWN):
            yield fields


def _time_of(line: Mapping[str, object]) -> float:
    try:
        return datetime.fromisoformat(str(line.get("time"))).timestamp()
    except ValueError:
        return 0.0


def _named(decision: Decision | None) -> str:
    if decision is None:
        return _UNKNOWN
    return "allow" if isinstance(decision, Allow) else decision.reason.value


def _is_same(line: Mapping[str, object], decision: Decision | None) -> bool:
    """Return whether what was decided would be decided again."""
    if line.get("event") == "access.reported":
        return isinstance(decision, Allow)
    return isinstance(decision, Deny) and decision.reason.value == line.get("reason")
