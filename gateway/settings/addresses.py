"""Host names, ports and URLs as gateway.toml writes them (RFC 3986 section 3.2, RFC 6454).

Pure: texts in, model values out; ValueError carries the words for what to write.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.settings.model import HostPort, PublicUrl, UpstreamUrl
from policies.networks import canonical_address

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
"""The spellings of this machine that a browser may use for the same listener."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST_NAME: Final = 253
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@/?#\s]+)(?::(0|[1-9][0-9]{0,4}))?")
_ORIGIN: Final = re.compile(r"(https?)://([^/?#]*)", re.IGNORECASE)
MOST_PORT: Final = 65535


def parse_host(text: str) -> str:
    """Return a host in lower case: a name, IPv4 in four decimals, or IPv6 in brackets.

    Raises ValueError for everything a resolver might read in its own way (010.0.0.1, 10.1, _x).
    """
    host = text.lower()
    if host.startswith("["):
        address = canonical_address(host[1:-1]) if host.endswith("]") else ""
        if ":" not in address:
            raise ValueError('an IPv6 address in brackets, as "[2001:db8::1]"')
        return f"[{address}]"
    if not host.isascii():
        raise ValueError('the host name in its ASCII form ("xn--…")')
    if _NAME.fullmatch(host) is None or len(host) > _LONGEST_NAME:
        raise ValueError('a host name, as "one.example.se"')
    if host.rpartition(".")[2].isdecimal() and canonical_address(host) != host:
        raise ValueError("an IPv4 address as four decimal numbers")
    return host


def parse_listen(text: str) -> HostPort:
    """Return an address to listen on: an IP address (IPv6 in brackets) or localhost, and a port."""
    example = 'an address and a port, as "127.0.0.1:8080", "0.0.0.0:443" or "[::]:443"'
    if ":" not in text:  # a lone port is not to be judged as a host
        raise ValueError(example)
    host, port = _authority(text, example)
    if port is None:
        raise ValueError(example)
    if host != "localhost" and not host.startswith("[") and not canonical_address(host):
        raise ValueError(example)
    return HostPort(host.strip("[]"), port)


def parse_public_url(text: str) -> PublicUrl:
    """Return what browsers call us. `host` keeps the brackets of IPv6, as a Host field has them."""
    scheme, host, port = _origin(text, '"https://one.example.se", without path, query or user name')
    return PublicUrl(scheme, host, port, _serialised(scheme, host, port))


def parse_origin(text: str) -> str:
    """Return an origin in the spelling that browsers send (RFC 6454 section 6.2)."""
    return _serialised(*_origin(text, 'an origin, as "https://one.example.se", without a path'))


def parse_upstream_url(text: str) -> UpstreamUrl:
    """Return one address of an upstream; only the scheme, the host and the port are its own."""
    example = '"http://10.0.0.7:8080", "https://portal.internal" or "unix:///run/portal.sock"'
    if text.startswith("unix:"):
        path = text.removeprefix("unix://")
        if not path.startswith("/") or Path(path).name == "":
            raise ValueError('"unix://" and the whole path of a socket, as in "unix:///run/a.sock"')
        return UpstreamUrl("unix", "localhost", 0, path)
    scheme, host, port = _origin(text, f"{example}, without path or query")
    return UpstreamUrl(scheme, host.strip("[]"), port)


def parse_call_url(text: str) -> str:
    """Return an http(s) URL to call; path and query are allowed, a user name is not."""
    example = 'an http or https URL, as "https://api.example.se/sms"'
    if not text.isascii() or any(c.isspace() or c in '{}\\"<>' for c in text):
        raise ValueError(f"{example}, without blanks or braces")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(example) from None
    if parts.fragment or parts.scheme.lower() not in DEFAULT_PORTS:
        raise ValueError(example)
    _origin(f"{parts.scheme}://{parts.netloc}", f"{example}, without a user name")
    return text


def origins_of(url: PublicUrl) -> frozenset[str]:
    """Return the origins that are us: one, or every spelling of a loopback host."""
    return frozenset(_serialised(url.scheme, host, url.port) for host in hosts_of(url))


def hosts_of(url: PublicUrl) -> tuple[str, ...]:
    """Return the hosts that are us, without ports, IPv6 in brackets."""
    return LOOPBACK_NAMES if url.host in LOOPBACK_NAMES else (url.host,)


def is_loopback(host: str) -> bool:
    """Return whether `host` (brackets or not) names this machine only."""
    bare = host.strip("[]")
    return bare in {"localhost", "::1"} or canonical_address(bare).startswith("127.")


def _origin(text: str, example: str) -> tuple[str, str, int]:
    found = _ORIGIN.fullmatch(text)
    if found is None:
        raise ValueError(example)
    scheme = found[1].lower()
    host, port = _authority(found[2], example)
    if port == 0:
        raise ValueError("a port from 1 to 65535")
    return scheme, host, DEFAULT_PORTS[scheme] if port is None else port


def _authority(text: str, example: str) -> tuple[str, int | None]:
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        raise ValueError(example)
    port = None if found[2] is None else int(found[2])
    if port is not None and port > MOST_PORT:
        raise ValueError("a port from 1 to 65535")
    return parse_host(found[1]), port


def _serialised(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://{host}" + ("" if port == DEFAULT_PORTS[scheme] else f":{port}")
