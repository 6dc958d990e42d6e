"""Which request a proxy asks about: the fields in which forward-auth proxies name it, read as one.

A proxy that asks before it lets a request through names method, host and target of that request in
fields (nginx, Caddy, Traefik, HAProxy), or repeats target and method on its own question (Envoy).
Each part is believed when it is given once everywhere and alike: a client may have sent a field
that the proxy does not know. Pure; imports nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

_METHOD: Final = frozenset({b"x-forwarded-method", b"x-original-method"})
_HOST: Final = b"x-forwarded-host"
_TARGET: Final = frozenset({b"x-forwarded-uri", b"x-original-uri"})
_URL: Final = b"x-original-url"
_NAMES: Final = _METHOD | _TARGET | {_HOST, _URL}

_ABSOLUTE: Final = re.compile(rb"https?://([^/?#@\\\s]+)(/[^#\\\s]*)\Z", re.IGNORECASE)
_KEY: Final = b"sec-websocket-key"
_SOCKET: Final = b"websocket"


class Asked(NamedTuple):
    """The request that is asked about; `method` is b"" when nobody said it."""

    method: bytes
    authority: bytes
    target: bytes


def asked(fields: Iterable[tuple[bytes, bytes]], own: Asked | None = None) -> Asked:
    """Return the request that `fields` name, `own` being what the question itself says.

    Raises ValueError, with the words for the log, when it is not named whole, or in two ways.
    """
    seen: dict[bytes, bytes] = {}
    for name, value in fields:
        lower = name.lower()
        if lower in _NAMES:
            if lower in seen:
                raise ValueError("a field that names the request is given twice")
            seen[lower] = value
    methods = {seen[name] for name in _METHOD if name in seen}
    hosts = {seen[name].lower() for name in (_HOST,) if name in seen}
    targets = {seen[name] for name in _TARGET if name in seen}
    if _URL in seen:
        url = _ABSOLUTE.match(seen[_URL])
        if url is None:
            raise ValueError("X-Original-URL is no absolute URL")
        hosts.add(url[1].lower())
        targets.add(url[2])
    if own is not None:
        methods.add(own.method)
        hosts.add(own.authority.lower())
        targets.add(own.target)
    if not hosts or b"" in hosts or not targets:
        raise ValueError("the original request is not named whole")
    if max(len(methods), len(hosts), len(targets)) > 1:
        raise ValueError("the original request is named in two ways")
    target = targets.pop()
    if not target.startswith(b"/"):
        raise ValueError("the original request has no path")
    return Asked(methods.pop() if methods else b"", hosts.pop(), target)


def upgrade_of(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the protocols that a request wants to change to, in lower case; b"" for none.

    A proxy keeps Connection to itself, and some Upgrade too: a WebSocket is known by its key all
    the same, without which there is none (RFC 6455 section 4.1).
    """
    wanted = [value.lower() for name, value in fields if name.lower() == b"upgrade"]
    if not wanted and any(name.lower() == _KEY for name, _ in fields):
        return _SOCKET
    return b", ".join(wanted)
