"""The URL of a PostgreSQL directory: a connection URI as libpq reads it, several hosts included.

PostgreSQL documentation, 34.1.1.2 "Connection URIs". Only what we have an opinion of is read here:
which machines it names, and how their certificates are judged. Reads no file and connects nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from gateway.settings.addresses import is_loopback

EXAMPLE: Final = "postgresql://user@host/directory"
_URL: Final = re.compile(r"(postgres(?:ql)?(?:\+psycopg)?)://\S+")


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """`uri` is for libpq and may hold a password; `sslmode` is "" where it is left to us."""

    uri: str
    is_local: bool
    sslmode: str

    @property
    def is_verified(self) -> bool:
        """Whether nobody can stand between: a socket of this machine, or a certificate's name."""
        return self.is_local or self.sslmode in {"", "verify-full"}


def parse_postgres_url(text: str) -> PostgresUrl:
    """Read a URL. Raises ValueError, without what stands there, when it is none."""
    found = _URL.fullmatch(text)
    if found is None:
        raise ValueError("not the URL of a PostgreSQL database")
    uri = "postgresql" + text[len(found[1]) :]
    try:
        parts = urlsplit(uri)
        asked = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError("not the URL of a PostgreSQL database") from None
    named = parts.netloc.rpartition("@")[2]
    hosts = [_host(one) for one in named.split(",")]
    for key in ("host", "hostaddr"):
        hosts += [one for value in asked.get(key, []) for one in value.split(",")]
    sslmode = asked.get("sslmode", [""])[-1]
    return PostgresUrl(uri, all(is_here(host) for host in hosts), sslmode)


def _host(place: str) -> str:
    """Return the host of host:port, an IPv6 address without its brackets."""
    place = unquote(place)
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0]


def is_here(host: str) -> bool:
    """Return whether this is a unix socket (no host, a path, an abstract name) or the loopback."""
    return host == "" or host[0] in "/@" or is_loopback(host)
