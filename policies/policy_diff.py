"""Who would gain or lose what between two policies: every decision that can differ, made twice.

Nothing is guessed from texts: `decide` judges both ways. Only one case of many that no condition
tells apart is judged: one address of each pair of networks, one user of all with the same groups
as far as a route names them, one moment for each state of the hours. Pure.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Final, NamedTuple, TypeVar

from policies.access import decide
from policies.circumstances import Circumstances
from policies.decision import Allow, Decision, Deny
from policies.factors import OTP, PWD
from policies.hours import Hours
from policies.networks import NetworkTable, meetings
from policies.routes import PAGES, Route, RouteTable

T = TypeVar("T", bound=Hashable)
V = TypeVar("V")

_METHODS: Final = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS")
_SOME_NAME: Final = b"any-name-at-all"
"""Stands for the one label of a wildcard."""
_WEEKS: Final = (timedelta(0), timedelta(weeks=26))
"""Hours are looked at in summer and in winter: two zones may shift against each other."""
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """What one gateway.toml decides by. `host` is that of routes without one."""

    listed: Sequence[Route]
    routes: RouteTable
    networks: NetworkTable
    host: bytes

    def found(self, place: Place) -> Route | Deny:
        """Return what a request to a place meets."""
        host = place.host
        name = self.host if host is None else host.encode().replace(b"*", _SOME_NAME)
        return self.routes.find(name, place.path.encode())


class Place(NamedTuple):
    """Where a route of either policy stands. `host` as in `Route`."""

    host: str | None
    path: str


@dataclass(slots=True)
class Crowd:
    """Users that no condition of either policy tells apart: one of them speaks for all.

    `groups` are those that routes name; `user` is one of them, "" for nobody (not logged on).
    """

    user: str
    groups: tuple[str, ...]
    count: int = 0
    examples: list[str] = field(default_factory=list)


NOBODY: Final = Crowd("", ())
"""Whoever is not logged on."""


class Case(NamedTuple):
    """One request: by whom, from which network (its name before and after), how and when.

    `methods` are all that stand for each other; times in seconds.
    """

    crowd: Crowd
    networks: tuple[str, str]
    with_code: bool
    methods: tuple[bytes, ...]
    now: float
    logged_on_s: float
    idle_s: float


class Change(NamedTuple):
    """A case that is decided differently: one of `before` and `after` is Allow, the other not."""

    place: Place
    case: Case
    before: Decision
    after: Decision

    @property
    def is_gain(self) -> bool:
        """Whether somebody gets in who did not."""
        return isinstance(self.after, Allow)


class _Person(NamedTuple):
    user: str
    groups: tuple[str, ...]
    factors: tuple[str, ...]
    created: float


class Crowds:
    """Sorts users into crowds, as they come: memory grows with the crowds, not with the users."""

    def __init__(self, before: Policy, after: Policy) -> None:
        routes = (*before.listed, *after.listed)
        self._groups: Final = frozenset(one for route in routes for one in route.groups)
        self._users: Final = frozenset(one for route in routes for one in route.users)
        self._crowds: Final[dict[tuple[str, frozenset[str]], Crowd]] = {}

    def add(self, user: str, groups: Iterable[str]) -> None:
        """Sort one user in."""
        named = self._groups.intersection(groups)
        key = (user if user in self._users else "", named)
        crowd = self._crowds.get(key)
        if crowd is None:
            crowd = self._crowds[key] = Crowd(user, tuple(sorted(named)))
        crowd.count += 1
        if len(crowd.examples) < _EXAMPLES:
            crowd.examples.append(user)

    def all(self) -> Sequence[Crowd]:
        """Return all crowds, and nobody."""
        return (NOBODY, *self._crowds.values())


def changes(before: Policy, after: Policy, crowds: Sequence[Crowd], now: float) -> Iterator[Change]:
    """Yield every case in which one policy lets in and the other does not.

    `now` (seconds since the epoch) is the week from which hours are looked at.
    """
    pairs = meetings(before.networks, after.networks)
    for place in places(before, after):
        old, new = before.found(place), after.found(place)
        there = [pair for pair in pairs if pair[0] != pair[1]] if _alike(old, new) else [*pairs]
        for case in _cases(old, new, crowds, there, now) if there else ():
            first, second = _judge(old, case, case.networks[0]), _judge(new, case, case.networks[1])
            if isinstance(first, Allow) != isinstance(second, Allow):
                yield Change(place, case, first, second)


def places(before: Policy, after: Policy) -> Sequence[Place]:
    """Return where decisions may change: each path of a host, and those that it takes over."""
    paths: dict[str | None, dict[str, None]] = {}
    for route in (*before.listed, *after.listed):
        paths.setdefault(route.host, {})[route.path] = None
    found: dict[Place, None] = {}
    for host in paths:
        for other in (host, _wildcard(host), None):
            found |= {Place(host, path): None for path in paths.get(other, ())}
    return tuple(found)


def _wildcard(host: str | None) -> str | None:
    return None if host is None else "*." + host.partition(".")[2]


def _alike(old: Route | Deny, new: Route | Deny) -> bool:
    """Return whether two routes decide alike for equal circumstances."""
    if isinstance(old, Deny) or isinstance(new, Deny):
        return isinstance(old, Deny) and isinstance(new, Deny)
    return old.conditions == new.conditions and old.looks_past == new.looks_past


def _judge(route: Route | Deny, case: Case, network: str) -> Decision:
    if isinstance(route, Deny):
        return route
    crowd, seen = case.crowd, Circumstances(network, case.methods[0], case.now, case.idle_s)
    if crowd is NOBODY or route is PAGES:
        return decide(route, None, seen)
    factors = (PWD, OTP) if case.with_code else (PWD,)
    who = _Person(crowd.user, crowd.groups, factors, case.now - case.logged_on_s)
    return decide(route, who, seen)


def _cases(
    old: Route | Deny,
    new: Route | Deny,
    crowds: Sequence[Crowd],
    networks: Sequence[tuple[str, str]],
    now: float,
) -> Iterator[Case]:
    routes = [route for route in (old, new) if isinstance(route, Route)]
    around = list(
        product(
            networks,
            _methods(routes),
            _moments([route.hours for route in routes if route.hours is not None], now),
        )
    )
    logons = {0.0, *(route.absolute.total_seconds() for route in routes if route.absolute)}
    idles = {0.0, *(route.idle.total_seconds() for route in routes if route.idle)}
    sessions = list(product((False, True), sorted(logons), sorted(idles)))
    for crowd in crowds:
        for network, methods, moment in around:
            for code, logged_on_s, idle_s in sessions if crowd is not NOBODY else sessions[:1]:
                yield Case(crowd, network, code, methods, moment, logged_on_s, idle_s)


def _methods(routes: Sequence[Route]) -> Sequence[tuple[bytes, ...]]:
    """Return methods, those together that all routes treat alike."""
    lists = [route.methods for route in routes if route.methods]
    known = dict.fromkeys((*_METHODS, *sorted(frozenset[bytes]().union(*lists))))
    alike = _grouped((tuple(method in one for one in lists), method) for method in known)
    return [tuple(methods) for methods in alike.values()]


def _moments(hours: Sequence[Hours], now: float) -> Sequence[float]:
    """Return one moment for each combination of open and shut that ever is."""
    if not hours:
        return [now]
    edges = [now, *(edge for one in hours for edge in _edges(one, now))]
    alike = _grouped((tuple(one.are_open(edge) for one in hours), edge) for edge in sorted(edges))
    return [moments[0] for moments in alike.values()]


def _edges(hours: Hours, now: float) -> Iterator[float]:
    """Yield when hours open and shut, over a week in each half of the year."""
    for later in _WEEKS:
        start = datetime.fromtimestamp(now, hours.zone) + later
        monday = start.date() - timedelta(days=start.weekday())
        midnight = datetime(monday.year, monday.month, monday.day, tzinfo=hours.zone)
        for span in hours.spans:
            for day, minute in product(span.days, (span.first, span.end)):
                yield (midnight + timedelta(days=day, minutes=minute)).timestamp()


def _grouped(pairs: Iterable[tuple[T, V]]) -> Mapping[T, list[V]]:
    found: dict[T, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
