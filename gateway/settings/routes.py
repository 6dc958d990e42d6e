"""`[[route]]`: which requests go where, and who may make them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.settings.addresses import parse_host, parse_origin
from gateway.settings.model import Upstream
from gateway.settings.problems import choice_of, show
from gateway.settings.reading import Table, Value
from gateway.settings.values import flag, list_of, one_of, text, worded
from policies.routes import Route, SecondFactor, own_pages, place

PUBLIC_URL: Final = "public_url"
"""Stands for our own origin in a list of origins."""

UPGRADES: Final = frozenset({"websocket"})
ORIGINS: Final = (PUBLIC_URL,)

# pchar of RFC 3986 without percent-encoding and parameters: one reading only.
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,=:@/-]*")
_DOTS: Final = re.compile(r"/(?:\.{1,2}(?:/|\Z)|/)|\.(?:/|\Z)")
_TOKEN: Final = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9.]+)?")
_LATER: Final = ("users", "methods", "networks", "hours", "kind", "report_only")


def read_routes(file: Table, upstreams: Sequence[Upstream]) -> tuple[Route, ...]:
    """Read every `[[route]]`; there must be one, and no two for the same host and path."""
    routes: dict[tuple[str, str], Route] = {}
    names = tuple(upstream.name for upstream in upstreams if upstream.name)
    for open_table in file.tables("route"):
        with open_table.closing() as table:
            table.later(*_LATER)
            before = len(table.reading.problems)
            route = _route(table, names)
            if len(table.reading.problems) > before:
                continue  # where it belongs is not known
            first = routes.setdefault(place(route), route)
            if first is not route:
                told = f"{show(route.path)} again, already on line {first.line}"
                table.tell("path", told, "each host and path once")
    if not file.has("route"):
        file.tell("route", "nothing", 'a [[route]] with path = "/" and upstream')
    return tuple(routes.values())


def _route(table: Table, upstreams: tuple[str, ...]) -> Route:
    usual = SecondFactor.OUTSIDE_CORPORATE
    example = show(upstreams[0] if upstreams else "portal")
    route = Route(
        path=table.need("path", "/", _path, '"/"'),
        upstream=table.need("upstream", "", lambda value: _upstream(value, upstreams), example),
        host=table.read("host", None, _host),
        public=table.read("public", default=False, parse=flag),
        groups=table.read("groups", frozenset(), _groups),
        second_factor=table.read("second_factor", usual, _second_factor),
        upgrades=table.read("upgrades", UPGRADES, _upgrades),
        origins=table.read("origins", ORIGINS, _origins),
        line=table.line,
    )
    for key in ("groups", "second_factor"):
        if route.public and table.has(key):
            table.tell(key, f"{key} on a public route", "nothing here, or public = false")
    return route


def _upstream(value: Value, upstreams: tuple[str, ...]) -> str:
    name = text(value)
    if name not in upstreams:
        raise value.refusal(choice_of(name, upstreams) if upstreams else "an [[upstream]] first")
    return name


def _path(value: Value) -> str:
    path = text(value)
    if _PATH.fullmatch(path) is None or _DOTS.search(path):
        expected = 'a plain path from the root, without . .. // % ; ? #, as "/hr/"'
        raise value.refusal(expected)
    own = own_pages(path.lower())
    if own is not None:
        raise value.refusal(f"another path: {own} holds the gateway's own pages")
    return path


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


def _groups(value: Value) -> frozenset[str]:
    groups = list_of(text, 'a list of groups, as ["hr"]')(value)
    if not groups:
        raise value.refusal("one group or more; leave the key out for everybody logged on")
    return frozenset(groups)


def _second_factor(value: Value) -> SecondFactor:
    return SecondFactor(one_of(*(factor.value for factor in SecondFactor))(value))


def _upgrades(value: Value) -> frozenset[str]:
    return frozenset(list_of(_upgrade, 'a list of protocols, as ["websocket"]')(value))


def _upgrade(value: Value) -> str:
    name = text(value)
    if name == "h2c" or name.startswith(("h2c/", "http/", "tls/")):
        raise value.refusal("another protocol: this one would tunnel requests past the gateway")
    if _TOKEN.fullmatch(name) is None:
        raise value.refusal('a protocol in lower case, as "websocket"')
    return name


def _origins(value: Value) -> tuple[str, ...]:
    return list_of(_origin, 'a list of origins, as ["public_url"]')(value)


def _origin(value: Value) -> str:
    if value.raw == PUBLIC_URL:
        return PUBLIC_URL
    return worded(value, parse_origin)
