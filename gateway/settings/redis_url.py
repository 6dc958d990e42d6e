"""Redis on several machines: `redis+sentinel://h1,h2/NAME` and `redis+cluster://h1,h2`. Pure.

`rediss+sentinel` and `rediss+cluster` speak TLS to every one of them. User and password are those
of the Redis servers; what the sentinels want stands in the query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

from gateway.settings.addresses import MOST_PORT

SENTINEL: Final = "sentinel"
CLUSTER: Final = "cluster"
GROUP_SCHEMES: Final = (
    "redis+sentinel://",
    "rediss+sentinel://",
    "redis+cluster://",
    "rediss+cluster://",
)

_PORTS: Final = {SENTINEL: 26379, CLUSTER: 6379}
_URL: Final = re.compile(
    r"redis(s?)\+(sentinel|cluster)://(?:([^\s/@:]*)(?::([^\s/@]*))?@)?([^\s/@?#]+)"
    r"(?:/([^\s/?#]*))?(?:/([0-9]{1,5}))?(?:\?([^\s#]*))?"
)
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_OPTIONS: Final = {
    SENTINEL: frozenset({"sentinel_username", "sentinel_password", "ssl_ca_certs"}),
    CLUSTER: frozenset({"ssl_ca_certs"}),
}
_EXAMPLES: Final = {
    SENTINEL: '"redis+sentinel://host:26379,host:26379/NAME", NAME as the sentinels know it',
    CLUSTER: '"redis+cluster://host:6379,host:6379", without a database',
}


@dataclass(frozen=True, slots=True)
class RedisGroup:
    """`kind` is SENTINEL or CLUSTER; `hosts` are the sentinels, or some nodes of the cluster."""

    kind: str
    hosts: tuple[tuple[str, int], ...]
    name: str
    database: int
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def parse_redis_group(url: str) -> RedisGroup:
    """Return what the URL names. Raises ValueError with the words for what to write."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError(_EXAMPLES[CLUSTER if "+cluster:" in url else SENTINEL])
    tls, kind, username, password, hosts, name, database, query = found.groups()
    options = parse_qsl(query or "", keep_blank_values=True)
    if any(key not in _OPTIONS[kind] for key, _ in options):
        raise ValueError(f"after the ? only {' or '.join(sorted(_OPTIONS[kind]))}")
    if (kind == SENTINEL) != bool(name) or (kind == CLUSTER and database):
        raise ValueError(_EXAMPLES[kind])
    return RedisGroup(
        kind=kind,
        hosts=tuple(_host(host, kind) for host in hosts.split(",")),
        name=unquote(name or ""),
        database=int(database or 0),
        tls=bool(tls),
        username=unquote(username) if username else None,
        password=None if password is None else unquote(password),
        options=tuple(options),
    )


def _host(text: str, kind: str) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    port = int(found[2] or _PORTS[kind]) if found else 0
    if found is None or not 0 < port <= MOST_PORT:
        raise ValueError(_EXAMPLES[kind])
    return found[1].strip("[]"), port
