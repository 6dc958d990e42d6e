"""Which route a request belongs to: host first, then the longest path prefix, compiled once.

A path is judged in every reading that a server behind us might give it (percent-decoding, doubled
slashes, an authority after them, dot segments, `;parameters`, an encoded `?` or `#`, letter case,
look-alike characters; RFC 3986 section 6, WHATWG URL). Where two readings lead to different guards
the request is refused: the bytes judged are the bytes sent.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import unquote_to_bytes

from policies.conditions import Condition, conditions_of
from policies.decision import Deny, Reason
from policies.factors import SecondFactor
from policies.hours import Hours


class Kind(enum.Enum):
    """Who waits for the answers of a route: people for pages, or scripts for data."""

    PAGE = "page"
    API = "api"


@dataclass(frozen=True, slots=True)
class Route:
    """One `[[route]]`. `host` is lower case, exact or `*.suffix`; None is any of our hosts.

    `path` starts with a slash and guards itself and everything below it: `/hr/` and `/hr` are the
    same place. An empty set, and None, is no condition; `networks` holds the names that are let in.
    `title` and `icon` are what the page of systems shows of it (None: it is not shown). `line` is
    where it stands in gateway.toml. `conditions` follow from the rest; where none of them looks at
    time, method or pauses, the route `is_steady`: it decides by session and network alone. `label`,
    host and path as written, tells a route from all others of one file.
    """

    path: str
    upstream: str
    host: str | None = None
    public: bool = False
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    hours: Hours | None = None
    methods: frozenset[bytes] = frozenset()
    absolute: timedelta | None = None
    idle: timedelta | None = None
    second_factor: SecondFactor = SecondFactor.OUTSIDE_CORPORATE
    kind: Kind = Kind.PAGE
    report_only: bool = False
    upgrades: frozenset[str] = frozenset({"websocket"})
    origins: tuple[str, ...] = ("public_url",)
    title: str | None = None
    icon: str | None = None
    line: int = 0
    conditions: tuple[Condition, ...] = field(init=False, compare=False, repr=False)
    is_steady: bool = field(init=False, compare=False, repr=False)
    label: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Compile what requests ask for, once."""
        object.__setattr__(self, "conditions", conditions_of(self))
        object.__setattr__(self, "is_steady", all(one.is_steady for one in self.conditions))
        object.__setattr__(self, "label", (self.host or "") + self.path)

    @property
    def looks_past(self) -> bool:
        """Whether conditions are reported only; never so without a session, which stays needed."""
        return self.report_only and not self.public

    @property
    def is_open(self) -> bool:
        """Whether everybody may make any request at any time."""
        return not self.conditions


PAGES: Final = Route(path="/.gateway/", upstream="", public=True, upgrades=frozenset())
"""The gateway's own pages: found before any configured route, on every host of ours."""

CHANGE_PASSWORD: Final = "/.well-known/change-password"  # noqa: S105 - an address
"""Where password managers look for the page that changes passwords; one of ours too."""

_OWN: Final = (PAGES.path, CHANGE_PASSWORD)

_MAX_DECODINGS: Final = 4
_MAX_AUTHORITIES: Final = 2
_ONE_READING: Final = re.compile(rb"(?:[a-z0-9_~!$&'()*+,=:@-][a-z0-9._~!$&'()*+,=:@/-]*)?\Z")
_HAS_OTHER: Final = re.compile(rb"//|/\.|\./|\.\Z")
_OVERLONG: Final = re.compile(
    rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}"
)
_END_OF_NAME: Final = re.compile(rb"[;?#]")
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_HOST_TAKEN: Final = "two routes for the same place: lines {} and {}"

_Prefixes = dict[bytes, Route]


def own_pages(path: str) -> str | None:
    """Return which place of our own a folded path is in, or None."""
    return next((own for own in _OWN if f"{path}/".startswith(f"{own.rstrip('/')}/")), None)


def place(route: Route) -> tuple[str, str]:
    """Return what two routes may not share: the host and the path, folded as readings are."""
    return (route.host or "", _fold(route.path.encode()).decode())


class RouteTable:
    """All routes, compiled. Look-up cost grows with the depth of a path, not with the routes."""

    __slots__ = ("_any_host", "_exact", "_own_hosts", "_plain", "_wild")

    def __init__(self, routes: Sequence[Route], own_hosts: frozenset[bytes]) -> None:
        """Compile; raise ValueError for two routes in one place, or one inside the pages."""
        self._own_hosts = own_hosts
        self._any_host = _Level()
        self._exact: dict[bytes, _Level] = {}
        self._wild: dict[bytes, _Level] = {}
        for route in routes:
            own = own_pages(_fold(route.path.encode()).decode())
            if own is not None:
                raise ValueError(f"line {route.line}: {own} holds the gateway's own pages")
            self._level(route.host).add(route)
        levels = (self._any_host, *self._exact.values(), *self._wild.values())
        for level in levels:
            level.add(PAGES)
            level.add(PAGES, CHANGE_PASSWORD)
        # Where a configured path folds to another one, no path has one reading only.
        self._plain = all(level.is_plain for level in levels)

    def find(self, host: bytes, path: bytes) -> Route | Deny:
        """Return the route of a canonical host and a raw path (no query), or why there is none.

        The most specific host decides first (exact, then `*.suffix`, then routes without host).
        """
        levels = self._levels(host)
        if not levels:
            return Deny(400, Reason.UNKNOWN_HOST)
        found = _longest(levels, path, folded=False)
        one = self._plain and _ONE_READING.match(path, 1) is not None
        if not one or _HAS_OTHER.search(path) is not None:
            return _agreed(levels, path, found)
        return found if found is not None else Deny(404, Reason.NO_ROUTE)

    def route_for(self, host: bytes, target: bytes) -> Route | None:
        """Return the configured route of a request target (query allowed), or None."""
        found = self.find(host, target.partition(b"?")[0])
        return found if isinstance(found, Route) and found is not PAGES else None

    def contenders(self, host: bytes, path: bytes) -> tuple[Route, ...]:
        """Return the routes that a path leads to in any of its readings, that of its bytes first.

        For telling why a path is ambiguous; what must be refused in any case leads nowhere.
        """
        levels = self._levels(host)
        found = [_longest(levels, path, folded=False)]
        found += [
            _longest(levels, reading, folded=True)
            for reading in _readings(path)
            if reading is not None
        ]
        return tuple(dict.fromkeys(route for route in found if route is not None))

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
    """The routes of one host, by exact prefix and by folded prefix; `longest` of them in bytes."""

    __slots__ = ("exact", "folded", "longest")

    def __init__(self) -> None:
        self.exact: _Prefixes = {}
        self.folded: _Prefixes = {}
        self.longest = 0

    @property
    def is_plain(self) -> bool:
        return self.exact.keys() == self.folded.keys()

    def add(self, route: Route, path: str | None = None) -> None:
        """Add a route under its own path, or under another one."""
        raw = (path or route.path).encode()
        key = _fold(raw)
        other = self.folded.setdefault(key, route)
        if other is not route:
            raise ValueError(_HOST_TAKEN.format(other.line, route.line))
        self.exact[raw.rstrip(b"/")] = route
        self.longest = max(self.longest, len(raw), len(key))


def _longest(levels: Sequence[_Level], path: bytes, *, folded: bool) -> Route | None:
    for level in levels:
        prefixes = level.folded if folded else level.exact
        # Cut to what can match first: a long path of many segments costs no more than a short one.
        most = level.longest
        prefix = path if len(path) <= most else path[: path.rfind(b"/", 0, most + 1)]
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
        # A reading that leads to a configured route open to all takes no guard away from `found`.
        harmless = other is not None and other.is_open and other is not PAGES
        if other is not found and not harmless:
            return ambiguous
    return found if found is not None else Deny(404, Reason.NO_ROUTE)


def _readings(path: bytes) -> Iterator[bytes | None]:
    """Yield the folded path after none, one, two … decodings; None when it must be refused."""
    texts = {path}
    for _ in range(_MAX_DECODINGS):
        if any(_OVERLONG.search(text) for text in texts):
            break
        plains = {_plain(text) for text in texts}
        # Servlet containers take parameters off before they decode: `/;%23/h%72` is `/hr` there.
        bare = {_without_parameters(plain) for plain in plains if b";" in plain}
        for plain in plains | bare:
            if _is_hostile(plain):
                yield None
                return
            yield _fold_plain(plain)
            yield from _network_paths(plain)
        texts |= bare
        decoded = {unquote_to_bytes(text) for text in texts}
        if decoded == texts:
            return
        texts = decoded
    yield None


def _without_parameters(plain: bytes) -> bytes:
    return b"/".join(part.partition(b";")[0] for part in plain.split(b"/"))


def _network_paths(plain: bytes) -> Iterator[bytes | None]:
    """Yield what is left when the path is read as `//authority/path`, and that again."""
    for _ in range(_MAX_AUTHORITIES):
        if not plain.startswith(b"//"):
            return
        plain = b"/" + plain.lstrip(b"/").partition(b"/")[2]
        yield _fold_plain(plain)
    if plain.startswith(b"//"):
        yield None


def _plain(text: bytes) -> bytes:
    """Return the path in lower case, with one spelling of each character that has several."""
    if not text.isascii():
        characters = text.decode(errors="surrogateescape")  # other character sets pass as they are
        folded = unicodedata.normalize("NFKC", characters).casefold()
        text = folded.encode(errors="surrogateescape")
    return text.replace(b"\\", b"/").lower()


def _is_hostile(plain: bytes) -> bool:
    """Whether a path climbs (`..`, `..;`, `..?`, `.. .`) or holds a byte that ends a name."""
    if _CONTROL.search(plain) is not None:
        return True
    if b".." not in plain and b". " not in plain:
        return False
    segments = (_END_OF_NAME.split(part, maxsplit=1)[0] for part in plain.split(b"/"))
    return any(part.count(b".") > 1 and not part.strip(b" .") for part in segments)


def _fold(path: bytes) -> bytes:
    return _fold_plain(_plain(path))


def _fold_plain(plain: bytes) -> bytes:
    """Return the one spelling of all readings: no parameters, no query, no empty segments.

    Blanks around a segment go too: path matchers have trimmed what they compare.
    """
    path = plain.partition(b"?")[0].partition(b"#")[0]
    parts = (part.partition(b";")[0].rstrip(b". ").lstrip(b" ") for part in path.split(b"/"))
    return b"".join(b"/" + part for part in parts if part)
