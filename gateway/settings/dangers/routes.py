"""Dangers of routes: doors without a lock, and routes that no request can reach or pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.settings.addresses import hosts_of
from gateway.settings.dangers.finding import Finding
from gateway.settings.model import Settings
from gateway.settings.problems import show
from policies.factors import SecondFactor
from policies.networks import INTERNET, NetworkTable
from policies.routes import Route, RouteTable

_DATA: Final = frozenset({
    "admin", "api", "backup", "backups", "data", "db", "documents", "download", "downloads",
    "export", "exports", "files", "graphql", "intern", "internal", "media", "private", "report",
    "reports", "rest", "upload", "uploads", "user", "users",
})  # fmt: skip
_HARMLESS: Final = frozenset({
    "assets", "css", "fonts", "health", "healthz", "icons", "images", "img", "js", "open", "ping",
    "public", "ready", "readyz", "static", "status",
})  # fmt: skip
_WORD: Final = re.compile(r"[a-z]+")


def open_doors(settings: Settings) -> Iterator[Finding]:
    """Doors without a lock."""
    for index, route in enumerate(settings.routes):
        if route.public and route.path == "/" and _is_for_strangers(route):
            found = "a public route for everything: nobody has to log on"
            yield Finding(("route", index, "public"), found, "false, or a longer path")
        if route.second_factor is SecondFactor.NEVER and _is_for_strangers(route):
            found = '"never": a password alone opens this from the internet'
            expected = '"outside-corporate" or "always", or networks without the internet'
            yield Finding(("route", index, "second_factor"), found, expected)
        if route.report_only:
            found = "true: its conditions keep nobody out, everybody logged on may pass"
            expected = "false, once the audit has told whom they meet"
            yield Finding(("route", index, "report_only"), found, expected)


def data_for_all(settings: Settings) -> Iterator[Finding]:
    """Public paths that look like data, below a guarded one."""
    for index, route in enumerate(settings.routes):
        if not route.public or not _is_for_strangers(route) or not _looks_like_data(route.path):
            continue
        above = [other for other in settings.routes if not other.public and _is_over(other, route)]
        if above:
            found = f"public, though it looks like data and line {above[0].line} guards the rest"
            expected = 'false; with kind = "api" scripts get 401 and no logon page'
            yield Finding(("route", index, "public"), found, expected, is_hint=True)


def empty_networks(settings: Settings) -> Iterator[Finding]:
    """Routes for networks that hold no address."""
    holding = NetworkTable.compile(dict(settings.networks)).holding()
    for index, route in enumerate(settings.routes):
        if route.networks and not route.networks & holding:
            names = ", ".join(sorted(route.networks))
            found = f"only networks that no address is in ({names}): nobody ever gets in"
            expected = "another network, or the ranges that are missing under [networks]"
            yield Finding(("route", index, "networks"), found, expected)


def shadowed(settings: Settings) -> Iterator[Finding]:
    """Routes that another one hides: everywhere, or a guarded one behind a public host."""
    own = frozenset(host.encode() for host in hosts_of(settings.public_url))
    table = RouteTable(settings.routes, own)
    hosts = _hosts(settings, own)
    for index, route in enumerate(settings.routes):
        if route.host is not None:
            continue  # the most specific host decides: nothing stands before it
        takers = {host: table.route_for(host, route.path.encode()) for host in hosts}
        others = [(host, one) for host, one in takers.items() if one and one is not route]
        if len(others) == len(takers):
            host, taker = others[0]
            found = f"a route that no request reaches: line {taker.line} takes {host.decode()}"
            expected = f"host = {show(taker.host)} here too, or nothing"
            yield Finding(("route", index), found, expected)
        for host, taker in others:
            if taker.public and not route.public and route.path != "/" and _is_for_strangers(taker):
                where = ("route", settings.routes.index(taker), "public")
                found = f"public, so on {host.decode()} it opens {route.path} of line {route.line}"
                expected = f"a route of its own for {route.path} with this host, or false"
                yield Finding(where, found, expected)


def _hosts(settings: Settings, own: frozenset[bytes]) -> tuple[bytes, ...]:
    """Return one host of each kind that routes tell apart."""
    named = {route.host.encode() for route in settings.routes if route.host is not None}
    exact = {host for host in named if not host.startswith(b"*.")}
    any_label = b"any"
    while any(host.startswith(any_label) for host in exact):
        any_label += b"-other"
    wild = {any_label + host[1:] for host in named - exact}
    return tuple(sorted(own)) + tuple(sorted((exact | wild) - own))


def _is_for_strangers(route: Route) -> bool:
    """Whether the internet is among the networks of a route."""
    return not route.networks or INTERNET in route.networks


def _looks_like_data(path: str) -> bool:
    words = set(_WORD.findall(path.lower()))
    return bool(words & _DATA) and not words & _HARMLESS


def _is_over(outer: Route, inner: Route) -> bool:
    """Whether a request for `inner` would be one for `outer`, were `inner` not there."""
    prefix = outer.path.rstrip("/") + "/"
    return outer.host in {None, inner.host} and f"{inner.path.rstrip('/')}/".startswith(prefix)
