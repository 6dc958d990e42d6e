"""Request methods that may cross, what naming one means, and fields that name another one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policies.fields import fold

METHODS: Final = frozenset({
    b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS",
    # WebDAV, CalDAV and their kin (RFC 4918, 3253, 3744, 4791, 5323, 5842)
    b"PROPFIND", b"PROPPATCH", b"MKCOL", b"COPY", b"MOVE", b"LOCK", b"UNLOCK", b"SEARCH",
    b"REPORT", b"MKCALENDAR", b"ACL", b"BIND", b"UNBIND", b"REBIND", b"CHECKOUT", b"MKACTIVITY",
    b"MERGE", b"LINK", b"UNLINK",
})  # fmt: skip
"""What is passed on. TRACE and CONNECT are refused with 405, anything else with 501."""


def meant(methods: Iterable[str]) -> frozenset[bytes]:
    """Return what a list of methods lets through: who may GET may HEAD (RFC 9110 section 9.3.2)."""
    named = frozenset(method.encode("ascii") for method in methods)
    return named | {b"HEAD"} if b"GET" in named else named


_OVERRIDES: Final = frozenset({"xhttpmethodoverride", "xhttpmethod", "xmethodoverride"})


def is_override(name: bytes) -> bool:
    """Return whether web frameworks take the value of this field for the method."""
    return fold(name.decode("latin-1")) in _OVERRIDES


def overrides(fields: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    """Return what the fields of a request name in place of its method, in capitals."""
    return tuple(value.strip().upper() for name, value in fields if is_override(name))
