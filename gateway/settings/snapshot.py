"""The running configuration: Settings and all that is compiled from them, immutable.

A request takes one Snapshot and keeps it to its end; an edit of gateway.toml makes a new one.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.settings.addresses import hosts_of, origins_of
from gateway.settings.model import Settings
from policies.fields import CookieNames, own_cookies
from policies.networks import AddressSet, NetworkTable
from policies.routes import RouteTable


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the front door and the pages decide by.

    `digest` tells two files apart (12 hex digits). `own_origins` are the serialised origins that
    are us (RFC 6454 section 6.2), `own_hosts` the hosts of a Host field without its port, lower
    case, IPv6 in brackets; a loopback host has three spellings.
    """

    settings: Settings
    digest: str
    cookies: CookieNames
    networks: NetworkTable
    trusted: AddressSet
    own_origins: frozenset[str]
    own_hosts: frozenset[bytes]
    routes: RouteTable


def compile_snapshot(settings: Settings) -> Snapshot:
    """Compile settings that `read_settings` returned. Pure; raises ValueError for others."""
    own_hosts = frozenset(host.encode() for host in hosts_of(settings.public_url))
    return Snapshot(
        settings=settings,
        digest=settings.digest[:12],
        cookies=own_cookies(https=settings.public_url.is_https),
        networks=NetworkTable.compile(dict(settings.networks)),
        trusted=AddressSet.compile(settings.listen.trusted_proxies),
        own_origins=origins_of(settings.public_url),
        own_hosts=own_hosts,
        routes=RouteTable(settings.routes, own_hosts),
    )
