"""The conditions of a route as values: each judges a request, and can say what it saw.

`access.decide` and `explain.explain` go over the same values, in the order that `conditions_of`
puts them: nobody learns anything of a route without a session; then who, where, when and how,
which no effort of one's own changes at once; last what the person can do about, a fresh logon and
a code, so that nobody is sent a code for a door that stays shut. Pure.

`always_enforced` ones are never only reported. `is_steady` ones look at the session and the network
and at nothing that differs from one request to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

from policies.circumstances import Circumstances, Who
from policies.decision import Challenge, Deny, Reason, StepUp
from policies.factors import SecondFactor, code_needed
from policies.hours import Hours

if TYPE_CHECKING:
    from policies.routes import Route

Refusal = Challenge | StepUp | Deny

NO_SESSION: Final = Challenge(Reason.NO_SESSION)
SESSION_TOO_OLD: Final = Challenge(Reason.SESSION_TOO_OLD)
SESSION_IDLE: Final = Challenge(Reason.SESSION_IDLE)
CODE_NEEDED: Final = StepUp(Reason.CODE_NEEDED)
USER_NOT_LISTED: Final = Deny(403, Reason.USER_NOT_LISTED)
GROUP_MISSING: Final = Deny(403, Reason.GROUP_MISSING)
NETWORK_NOT_ALLOWED: Final = Deny(403, Reason.NETWORK_NOT_ALLOWED)
OUTSIDE_HOURS: Final = Deny(403, Reason.OUTSIDE_HOURS)
METHOD_NOT_ALLOWED: Final = Deny(403, Reason.METHOD_NOT_ALLOWED)


@dataclass(frozen=True, slots=True)
class SessionNeeded:
    """Somebody is logged on."""

    key: ClassVar[str] = "public"
    always_enforced: ClassVar[bool] = True
    is_steady: ClassVar[bool] = True

    def judge(self, who: Who | None, _seen: Circumstances) -> Refusal | None:
        """Challenge nobody."""
        return NO_SESSION if who is None else None

    def wanted(self) -> str:
        """Return what must be so."""
        return "somebody who is logged on"

    def found(self, who: Who | None, _seen: Circumstances) -> str:
        """Return what was so."""
        return "nobody" if who is None else who.user


@dataclass(frozen=True, slots=True)
class UserListed:
    """The user is one of those named."""

    key: ClassVar[str] = "users"
    always_enforced: ClassVar[bool] = False
    is_steady: ClassVar[bool] = True
    users: frozenset[str]

    def judge(self, who: Who | None, _seen: Circumstances) -> Refusal | None:
        """Deny everybody else."""
        return None if who is not None and who.user in self.users else USER_NOT_LISTED

    def wanted(self) -> str:
        """Return what must be so."""
        return _one_of(self.users)

    def found(self, who: Who | None, _seen: Circumstances) -> str:
        """Return what was so."""
        return "nobody" if who is None else who.user


@dataclass(frozen=True, slots=True)
class GroupHeld:
    """The user is in one of the groups named."""

    key: ClassVar[str] = "groups"
    always_enforced: ClassVar[bool] = False
    is_steady: ClassVar[bool] = True
    groups: frozenset[str]

    def judge(self, who: Who | None, _seen: Circumstances) -> Refusal | None:
        """Deny everybody else."""
        return GROUP_MISSING if who is None or self.groups.isdisjoint(who.groups) else None

    def wanted(self) -> str:
        """Return what must be so."""
        return _one_of(self.groups)

    def found(self, who: Who | None, _seen: Circumstances) -> str:
        """Return what was so."""
        return ", ".join(who.groups) if who is not None and who.groups else "no group"


@dataclass(frozen=True, slots=True)
class NetworkListed:
    """The request comes from one of the networks named."""

    key: ClassVar[str] = "networks"
    always_enforced: ClassVar[bool] = False
    is_steady: ClassVar[bool] = True
    networks: frozenset[str]

    def judge(self, _who: Who | None, seen: Circumstances) -> Refusal | None:
        """Deny from everywhere else."""
        return None if seen.network in self.networks else NETWORK_NOT_ALLOWED

    def wanted(self) -> str:
        """Return what must be so."""
        return _one_of(self.networks)

    def found(self, _who: Who | None, seen: Circumstances) -> str:
        """Return what was so."""
        return seen.network or "no network"


@dataclass(frozen=True, slots=True)
class HoursOpen:
    """It is one of the hours named."""

    key: ClassVar[str] = "hours"
    always_enforced: ClassVar[bool] = False
    is_steady: ClassVar[bool] = False
    hours: Hours

    def judge(self, _who: Who | None, seen: Circumstances) -> Refusal | None:
        """Deny at any other time."""
        return None if self.hours.are_open(seen.now) else OUTSIDE_HOURS

    def wanted(self) -> str:
        """Return what must be so."""
        return self.hours.text

    def found(self, _who: Who | None, seen: Circumstances) -> str:
        """Return what was so."""
        return self.hours.tell(seen.now)


@dataclass(frozen=True, slots=True)
class MethodListed:
    """The method is one of those named, and so is each that a field names in its place.

    What is behind us may go by the one or by the other.
    """

    key: ClassVar[str] = "methods"
    always_enforced: ClassVar[bool] = False
    is_steady: ClassVar[bool] = False
    methods: frozenset[bytes]

    def judge(self, _who: Who | None, seen: Circumstances) -> Refusal | None:
        """Deny any other."""
        listed = seen.method in self.methods and self.methods.issuperset(seen.overrides)
        return None if listed else METHOD_NOT_ALLOWED

    def wanted(self) -> str:
        """Return what must be so."""
        return _one_of(method.decode("ascii") for method in self.methods)

    def found(self, _who: Who | None, seen: Circumstances) -> str:
        """Return what was so."""
        return " as ".join(one.decode("latin-1") for one in (seen.method, *seen.overrides))


@dataclass(frozen=True, slots=True)
class LoggedOnSince:
    """The logon is not too long ago."""

    key: ClassVar[str] = "absolute"
    always_enforced: ClassVar[bool] = False
    is_steady: ClassVar[bool] = False
    absolute: timedelta

    def judge(self, who: Who | None, seen: Circumstances) -> Refusal | None:
        """Challenge an older session, which lives on elsewhere."""
        most = self.absolute.total_seconds()
        return None if who is not None and seen.now < who.created + most else SESSION_TOO_OLD

    def wanted(self) -> str:
        """Return what must be so."""
        return f"a logon less than {_lasting(self.absolute.total_seconds())} ago"

    def found(self, who: Who | None, seen: Circumstances) -> str:
        """Return what was so."""
        return "no logon" if who is None else f"{_lasting(seen.now - who.created)} ago"


@dataclass(frozen=True, slots=True)
class NeverIdle:
    """The session was never left unused for too long since the logon."""

    key: ClassVar[str] = "idle"
    always_enforced: ClassVar[bool] = False
    is_steady: ClassVar[bool] = False
    idle: timedelta

    def judge(self, _who: Who | None, seen: Circumstances) -> Refusal | None:
        """Challenge a session that was left for longer, which lives on elsewhere."""
        return None if seen.idle_s < self.idle.total_seconds() else SESSION_IDLE

    def wanted(self) -> str:
        """Return what must be so."""
        return f"never {_lasting(self.idle.total_seconds())} without a request since the logon"

    def found(self, _who: Who | None, seen: Circumstances) -> str:
        """Return what was so."""
        return f"{_lasting(seen.idle_s)} at the most"


@dataclass(frozen=True, slots=True)
class CodeGiven:
    """A one-time password was given where one is needed."""

    key: ClassVar[str] = "second_factor"
    always_enforced: ClassVar[bool] = True
    is_steady: ClassVar[bool] = True
    second_factor: SecondFactor

    def judge(self, who: Who | None, seen: Circumstances) -> Refusal | None:
        """Ask for a code that is missing."""
        factors = () if who is None else who.factors
        return CODE_NEEDED if code_needed(self.second_factor, seen.network, factors) else None

    def wanted(self) -> str:
        """Return what must be so."""
        match self.second_factor:
            case SecondFactor.ALWAYS:
                return "a one-time password"
            case SecondFactor.OUTSIDE_CORPORATE:
                return "a one-time password, or the network corporate"
            case SecondFactor.NEVER:
                return "the password is enough"

    def found(self, who: Who | None, seen: Circumstances) -> str:
        """Return what was so."""
        given = "no factor" if who is None or not who.factors else " + ".join(who.factors)
        return f"{given}, from {seen.network}"


Condition = (
    SessionNeeded
    | UserListed
    | GroupHeld
    | NetworkListed
    | HoursOpen
    | MethodListed
    | LoggedOnSince
    | NeverIdle
    | CodeGiven
)


def conditions_of(route: Route) -> tuple[Condition, ...]:
    """Return the conditions of a route, in the order in which they are judged."""
    return _shared(tuple(_conditions(route)))


@lru_cache(maxsize=4096)
def _shared(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Return the first of equal conditions: ten thousand routes have a few dozen between them."""
    return conditions


def _conditions(route: Route) -> Iterator[Condition]:
    if not route.public:
        yield SessionNeeded()
        if route.users:
            yield UserListed(route.users)
        if route.groups:
            yield GroupHeld(route.groups)
    yield from _place_time_and_method(route)
    if not route.public:
        if route.absolute is not None:
            yield LoggedOnSince(route.absolute)
        if route.idle is not None:
            yield NeverIdle(route.idle)
        yield CodeGiven(route.second_factor)


def _place_time_and_method(route: Route) -> Iterator[Condition]:
    if route.networks:
        yield NetworkListed(route.networks)
    if route.hours is not None:
        yield HoursOpen(route.hours)
    if route.methods:
        yield MethodListed(route.methods)


def _one_of(names: Iterable[str]) -> str:
    return " or ".join(sorted(names))


def _lasting(seconds: float) -> str:
    """Return a time span as gateway.toml would write it, to the second."""
    left = max(0, int(seconds))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
