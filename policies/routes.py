"""Which route a request belongs to: host first, then the longest path prefix, compiled once.

A path is judged in every reading that a server behind us might give it (percent-decoding, doubled
slashes, dot segments, `;parameters`, letter case, RFC 3986 section 6). Where two readings lead to
different guards the request is refused: the bytes judged are the bytes sent. Imports decision only.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from policies.decision import Deny, Reason


class SecondFactor(enum.Enum):
    """When a route asks for a one-time password."""

    ALWAYS = "always"
    OUTSIDE_CORPORATE = "outside-corporate"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Route:
    """One `[[route]]`. `host` is lower case, exact or `*.suffix`; None is any of our hosts.

    `path` starts with a slash and guards itself and everything below it: `/hr/` and `/hr` are the
    same place. `line` is where it stands in gateway.toml.
    """

    path: str
    upstream: str
    host: str | None = None
    public: bool = False
    groups: frozenset[str] = frozenset()
    second_factor: SecondFactor = SecondFactor.OUTSIDE_CORPORATE
    upgrades: frozenset[str] = frozenset({"websocket"})
    origins: tuple[str, ...] = ("public_url",)
    line: int = 0


PAGES: Final = Route(path="/.gateway/", upstream="", public=True, upgrades=frozenset())
"""The gateway's own pages: found before any configured route, on every host of ours."""

_MAX_DECODINGS: Final = 4
_ONE_READING: Final = re.compile(rb"(?:[a-z0-9_~!$&'()*+,=:@-][a-z0-9._~!$&'()*+,=:@/-]*)?\Z")
_HAS_OTHER: Final = re.compile(rb"//|/\.|\./|\.\Z")
_HOST_TAKEN: Final = "two routes for the same place: lines {} and {}"

_Prefixes = dict[bytes, Route]


def place(route: Route) -> tuple[str, str]:
    """Return what two routes may not share: the host and the path, folded as readings are."""
    return (route.host or "", _fold(route.path.encode()).decode())


class RouteTable:
    """All routes, compiled. Look-up cost grows with the depth of a path, not with the routes."""

    __slots__ = ("_any_host", "_exact", "_own_hosts", "_wild")

    def __init__(self, routes: Sequence[Route], own_hosts: frozenset[bytes]) -> None:
        """Compile; raise ValueError naming both lines when two routes claim the same place."""
        self._own_hosts = own_hosts
        self._any_host = _Level()
        self._exact: dict[bytes, _Level] = {}
        self._wild: dict[bytes, _Level] = {}
        for route in routes:
            self._level(route.host).add(route)
        for level in (self._any_host, *self._exact.values(), *self._wild.values()):
            level.add(PAGES)

    def find(self, host: bytes, path: bytes) -> Route | Deny:
        """Return the route of a canonical host and a raw path (no query), or why there is none.

        The most specific host decides first (exact, then `*.suffix`, then routes without host).
        """
        levels = self._levels(host)
        if not levels:
            return Deny(400, Reason.UNKNOWN_HOST)
        found = _longest(levels, path, folded=False)
        if _ONE_READING.match(path, 1) is None or _HAS_OTHER.search(path) is not None:
            return _agreed(levels, path, found)
        return found if found is not None else Deny(404, Reason.NO_ROUTE)

    def route_for(self, host: bytes, target: bytes) -> Route | None:
        """Return the configured route of a request target (query allowed), or None."""
        found = self.find(host, target.partition(b"?")[0])
        return found if isinstance(found, Route) and found is not PAGES else None

    def _level(self, host: str | None) -> _Level:
        if host is None:
            return self._any_host
        name = host.encode()
        if name.startswith(b"*."):
            return self._wild.setdefault(name[1:], _Level())
        return self._exact.setdefault(name, _Level())

    def _levels(self, host: bytes) -> tuple[_Level, ...]:
        if host in self._own_hosts and not self._exact and not self._wild:
            return (self._any_host,)
        # A wildcard stands for one label, as in a certificate (RFC 9525 section 6.3).
        named = (self._exact.get(host), self._wild.get(host[host.find(b".") :]))
        levels = tuple(level for level in named if level is not None)
        return (*levels, self._any_host) if levels or host in self._own_hosts else ()


class _Level:
    """The routes of one host, by exact prefix and by folded prefix."""

    __slots__ = ("exact", "folded")

    def __init__(self) -> None:
        self.exact: _Prefixes = {}
        self.folded: _Prefixes = {}

    def add(self, route: Route) -> None:
        raw = route.path.encode()
        key = _fold(raw)
        other = self.folded.setdefault(key, route)
        if other is not route:
            raise ValueError(_HOST_TAKEN.format(other.line, route.line))
        self.exact[raw.rstrip(b"/")] = route


def _longest(levels: Sequence[_Level], path: bytes, *, folded: bool) -> Route | None:
    for level in levels:
        prefixes = level.folded if folded else level.exact
        prefix = path
        while prefix:
            route = prefixes.get(prefix)
            if route is not None:
                return route
            prefix = prefix[: prefix.rfind(b"/")]
        route = prefixes.get(b"")
        if route is not None:
            return route
    return None


def _agreed(levels: Sequence[_Level], path: bytes, found: Route | None) -> Route | Deny:
    """Return `found` when no reading of `path` leads to a route that guards more."""
    ambiguous = Deny(400, Reason.AMBIGUOUS_PATH)
    for reading in _readings(path):
        if reading is None:
            return ambiguous
        other = _longest(levels, reading, folded=True)
        # A reading that leads to a configured public route takes no guard away from `found`.
        harmless = other is not None and other.public and other is not PAGES
        if other is not found and not harmless:
            return ambiguous
    return found if found is not None else Deny(404, Reason.NO_ROUTE)


def _readings(path: bytes) -> Iterator[bytes | None]:
    """Yield the folded path after none, one, two … decodings; None when it must be refused."""
    text = path
    for _ in range(_MAX_DECODINGS):
        yield None if _is_hostile(text) else _fold(text)
        decoded = unquote_to_bytes(text)
        if decoded == text:
            return
        text = decoded
    yield None


def _plain(text: bytes) -> bytes:
    """Return the path with the other spellings of dot and slash (overlong UTF-8, backslash)."""
    return text.replace(b"\xc0\xae", b".").replace(b"\xc0\xaf", b"/").replace(b"\\", b"/")


def _is_hostile(text: bytes) -> bool:
    if b"\0" in text:
        return True
    return any(part.partition(b";")[0] == b".." for part in _plain(text).split(b"/"))


def _fold(path: bytes) -> bytes:
    """Return the one spelling of all readings: lower case, no parameters, no empty segments."""
    parts = (part.partition(b";")[0].rstrip(b". ") for part in _plain(path).lower().split(b"/"))
    return b"".join(b"/" + part for part in parts if part)
