"""The changes between two policies, summed up for people: by route, by reason and by who. Pure.

Also which routes were added, removed or changed in the file, whatever that does to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import Enum
from typing import Final, NamedTuple, TypeVar

from policies.decision import Allow, Reason
from policies.hours import Hours
from policies.policy_diff import NOBODY, Case, Change, Crowd, Place
from policies.routes import Route, place

T = TypeVar("T")

_NOT_COMPARED: Final = frozenset({"path", "host", "line"})


@dataclass(slots=True)
class Shift:
    """What changes at one place for one reason: who, and under which circumstances.

    `reason` is why those who lose are refused after, or those who gain were before; each list of
    circumstances holds what occurs with some of them.
    """

    place: Place
    is_gain: bool
    reason: Reason
    crowds: list[Crowd] = field(default_factory=list)
    networks: list[tuple[str, str]] = field(default_factory=list)
    codes: list[bool] = field(default_factory=list)
    methods: list[bytes] = field(default_factory=list)
    example: Case | None = None

    @property
    def users(self) -> int:
        """How many users it is about."""
        return sum(crowd.count for crowd in self.crowds)

    @property
    def is_about_nobody(self) -> bool:
        """Whether it is about those who are not logged on, too."""
        return any(crowd is NOBODY for crowd in self.crowds)


def summed_up(changes: Iterable[Change]) -> Sequence[Shift]:
    """Return the changes by place, direction and reason, in the order in which they come."""
    found: dict[tuple[Place, bool, Reason], Shift] = {}
    for change in changes:
        refusal = change.before if isinstance(change.after, Allow) else change.after
        key = (change.place, change.is_gain, refusal.reason)
        shift = found.setdefault(key, Shift(*key))
        case = change.case
        shift.example = shift.example or case
        _add(shift.networks, case.networks)
        _add(shift.codes, case.with_code)
        if not any(crowd is case.crowd for crowd in shift.crowds[-1:]):  # they come one by one
            shift.crowds.append(case.crowd)
        for method in case.methods:
            _add(shift.methods, method)
    return tuple(found.values())


class RouteChange(NamedTuple):
    """One route of the files: added (`before` is None), removed (`after` is None), or changed.

    `keys` are the changed keys, each with what it said before and says after.
    """

    before: Route | None
    after: Route | None
    keys: tuple[tuple[str, str, str], ...]


def route_changes(before: Sequence[Route], after: Sequence[Route]) -> Sequence[RouteChange]:
    """Return what became of each route; where they stand in the file changes nothing."""
    old = {place(route): route for route in before}
    new = {place(route): route for route in after}
    found: list[RouteChange] = []
    for where in {**old, **new}:
        first, second = old.get(where), new.get(where)
        keys = () if first is None or second is None else tuple(_keys(first, second))
        if first is None or second is None or keys:
            found.append(RouteChange(first, second, keys))
    return found


def _keys(before: Route, after: Route) -> Iterable[tuple[str, str, str]]:
    for one in fields(Route):
        first, second = getattr(before, one.name), getattr(after, one.name)
        if one.init and one.name not in _NOT_COMPARED and first != second:
            yield one.name, _said(first), _said(second)


def _said(value: object) -> str:
    """Return a value of a route as people write it."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case Hours():
            return value.text
        case timedelta():
            return str(value)
        case Enum():
            return str(value.value)
        case frozenset() | tuple():
            names = (one.decode() if isinstance(one, bytes) else str(one) for one in value)
            return "[" + ", ".join(sorted(names)) + "]"
        case _:
            return str(value)


def _add(found: list[T], one: T) -> None:
    if one not in found:
        found.append(one)
