"""PROXY protocol headers, versions 1 and 2: bytes to the client's address. No I/O.

Source: the HAProxy specification, sections 2.1 and 2.2. A header that names no usable address
(UNKNOWN, LOCAL, AF_UNIX) gives None: the client is unknown.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from gateway.wire.errors import BadMessage

FIRST: Final = 12
"""How many bytes tell the version; the shortest header is longer."""
V2_HEAD: Final = 16
V1_LONGEST: Final = 107
UNEXPECTED: Final = "a PROXY header, and none is expected ([listen] proxy_protocol)"
"""What is wrong with a request that begins with a header, where none is read."""

_V2_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_V1: Final = re.compile(
    rb"PROXY (TCP4|TCP6) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) (\d{1,5}) (\d{1,5})\r\n"
)
_INET: Final = {0x11: (4, ipaddress.IPv4Address), 0x21: (16, ipaddress.IPv6Address)}
_LOCAL, _PROXY = 0x20, 0x21
_V2_LONGEST: Final = 4096


def is_v2(first: bytes) -> bool:
    """Return whether the first `FIRST` bytes open a version 2 header."""
    return first == _V2_SIGNATURE


def is_v1(first: bytes) -> bool:
    """Return whether the first bytes open a version 1 header."""
    return first.startswith(b"PROXY ")


def v2_rest(head: bytes) -> int:
    """Return how many bytes follow the 16-byte head of version 2. Raises BadMessage."""
    length = int.from_bytes(head[14:16], "big")
    if head[12] not in {_LOCAL, _PROXY} or length > _V2_LONGEST:
        raise BadMessage(400, "malformed PROXY header")
    return length


def read_v2(head: bytes, rest: bytes) -> str | None:
    """Return the client's address of a version 2 header. Raises BadMessage."""
    if head[12] == _LOCAL or head[13] not in _INET:
        return None
    size, kind = _INET[head[13]]
    if len(rest) < 2 * size + 4:
        raise BadMessage(400, "malformed PROXY header")
    return str(kind(rest[:size]))


def read_v1(line: bytes) -> str | None:
    """Return the client's address of a version 1 line, CRLF included. Raises BadMessage."""
    if line.startswith(b"PROXY UNKNOWN") and line.endswith(b"\r\n"):
        return None
    fields = _V1.fullmatch(line)
    if fields is None:
        raise BadMessage(400, "malformed PROXY header")
    kind = ipaddress.IPv4Address if fields[1] == b"TCP4" else ipaddress.IPv6Address
    try:
        kind(fields[3].decode("ascii"))
        return str(kind(fields[2].decode("ascii")))
    except ValueError:
        raise BadMessage(400, "malformed PROXY header") from None
