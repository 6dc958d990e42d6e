"""`[[route]]`: which requests go where, and who may make them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gateway.settings.addresses import parse_host, parse_origin
from gateway.settings.conditions import at_most, groups, hours, methods, networks_among, users
from gateway.settings.model import Session
from gateway.settings.problems import choice_of, show
from gateway.settings.reading import Shaped, Table, Value, shaped
from gateway.settings.shapes import TEXT, listing, matching, words
from gateway.settings.titles import judge_links, judge_title, read_icon, read_title
from gateway.settings.values import flag, list_of, one_of, text, worded
from policies.factors import SecondFactor
from policies.routes import Kind, Route, own_pages, place

PUBLIC_URL: Final = "public_url"
"""Stands for our own origin in a list of origins."""

UPGRADES: Final = frozenset({"websocket"})
ORIGINS: Final = (PUBLIC_URL,)

# pchar of RFC 3986 without percent-encoding and parameters: one reading only.
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,=:@/-]*")
_DOTS: Final = re.compile(r"/(?:\.{1,2}(?:/|\Z)|/)|\.(?:/|\Z)")
_TOKEN: Final = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9.]+)?")
_NEEDS_A_SESSION: Final = ("users", "groups", "second_factor", "idle", "absolute", "report_only")


class Around(NamedTuple):
    """What the rest of the file says that routes must agree with: names, lifetimes, our host."""

    upstreams: tuple[str, ...]
    networks: tuple[str, ...]
    session: Session
    public_host: str


def read_routes(file: Table, around: Around) -> tuple[Route, ...]:
    """Read every `[[route]]`; there must be one, and no two for the same host and path."""
    before_all = len(file.reading.problems)
    routes: dict[tuple[str, str], Route] = {}
    for open_table in file.tables("route", needed=True):
        with open_table.closing() as table:
            before = len(table.reading.problems)
            route = _route(table, around)
            if len(table.reading.problems) > before:
                continue  # where it belongs is not known
            first = routes.setdefault(place(route), route)
            if first is not route:
                told = f"{show(route.path)} again, already on line {first.line}"
                table.tell("path", told, "each host and path once, whatever the methods")
    if not file.has("route"):
        file.tell("route", "nothing", 'a [[route]] with path = "/" and upstream')
    if len(file.reading.problems) == before_all:
        judge_links(file, tuple(routes.values()), around.public_host)
    return tuple(routes.values())


def _route(table: Table, around: Around) -> Route:
    usual = SecondFactor.OUTSIDE_CORPORATE
    session = around.session
    example = show(around.upstreams[0] if around.upstreams else "portal")
    route = Route(
        path=table.need("path", "/", _path, '"/"'),
        upstream=table.need("upstream", "", _upstream(around.upstreams), example),
        host=table.read("host", None, _host),
        public=table.read("public", default=False, parse=flag),
        users=table.read("users", frozenset(), users),
        groups=table.read("groups", frozenset(), groups),
        networks=table.read("networks", frozenset(), networks_among(around.networks)),
        hours=table.read("hours", None, hours),
        methods=table.read("methods", frozenset(), methods),
        absolute=table.read("absolute", None, at_most(session.absolute, "absolute")),
        idle=table.read("idle", None, at_most(session.idle, "idle")),
        second_factor=table.read("second_factor", usual, _second_factor),
        kind=table.read("kind", Kind.PAGE, _kind),
        report_only=table.read("report_only", default=False, parse=flag),
        upgrades=table.read("upgrades", UPGRADES, _upgrades),
        origins=table.read("origins", ORIGINS, _origins),
        title=table.read("title", None, read_title),
        icon=table.read("icon", None, read_icon),
        line=table.line,
    )
    _judge_sense(table, route)
    judge_title(table, route)
    return route


def _judge_sense(table: Table, route: Route) -> None:
    """Refuse keys that mean nothing beside each other."""
    for key in _NEEDS_A_SESSION:
        if route.public and table.has(key) and table.says(key) not in (False, []):
            table.tell(key, f"{key} on a public route", "nothing here, or public = false")
    nothing = all(condition.always_enforced for condition in route.conditions)
    if route.report_only and nothing and not route.public:
        expected = "groups, users, networks, hours or methods beside it, to be reported"
        table.tell("report_only", "true, and no condition that it is about", expected)


def _upstream(upstreams: tuple[str, ...]) -> Shaped[str]:
    @shaped(TEXT)
    def parse(value: Value) -> str:
        name = text(value)
        if name not in upstreams:
            raise value.refusal(
                choice_of(name, upstreams) if upstreams else "an [[upstream]] first"
            )
        return name

    return parse


@shaped(matching(_PATH.pattern))
def _path(value: Value) -> str:
    path = text(value)
    if _PATH.fullmatch(path) is None or _DOTS.search(path):
        expected = 'a plain path from the root, without . .. // % ; ? #, as "/hr/"'
        raise value.refusal(expected)
    own = own_pages(path.lower())
    if own is not None:
        raise value.refusal(f"another path: {own} holds the gateway's own pages")
    return path


@shaped(TEXT)
def _host(value: Value) -> str:
    host = text(value)
    star = "*." if host.startswith("*.") else ""
    expected = '"x.example.se", or "*.example.se" for every name one level below'
    try:
        bare = parse_host(host.removeprefix(star))
    except ValueError as error:
        raise value.refusal(f"{error}" if ":" not in host else f"{expected}, no port") from None
    if star and ("." not in bare or bare.startswith("[") or bare[-1].isdecimal()):
        raise value.refusal(expected)
    return star + bare


@shaped(words(factor.value for factor in SecondFactor))
def _second_factor(value: Value) -> SecondFactor:
    return SecondFactor(one_of(*(factor.value for factor in SecondFactor))(value))


@shaped(words(kind.value for kind in Kind))
def _kind(value: Value) -> Kind:
    return Kind(one_of(*(kind.value for kind in Kind))(value))


@shaped(listing(TEXT))
def _upgrades(value: Value) -> frozenset[str]:
    return frozenset(list_of(_upgrade, 'a list of protocols, as ["websocket"]')(value))


@shaped(TEXT)
def _upgrade(value: Value) -> str:
    name = text(value)
    if name == "h2c" or name.startswith(("h2c/", "http/", "tls/")):
        raise value.refusal("another protocol: this one would tunnel requests past the gateway")
    if _TOKEN.fullmatch(name) is None:
        raise value.refusal('a protocol in lower case, as "websocket"')
    return name


@shaped(listing(TEXT))
def _origins(value: Value) -> tuple[str, ...]:
    return list_of(_origin, 'a list of origins, as ["public_url"]')(value)


@shaped(TEXT)
def _origin(value: Value) -> str:
    if value.raw == PUBLIC_URL:
        return PUBLIC_URL
    return worded(value, parse_origin)
