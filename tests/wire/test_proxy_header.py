"""gateway/wire/proxy_header.py: the HAProxy specification, versions 1 and 2."""

from __future__ import annotations

import contextlib
import ipaddress
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire import proxy_header
from gateway.wire.errors import BadMessage


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """See that a header is refused, in these words and no others."""
    with pytest.raises(BadMessage) as raised:
        yield
    assert (raised.value.status, raised.value.why) == (400, "malformed PROXY header")


SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V1 = {
    b"PROXY TCP4 203.0.113.9 10.0.0.1 56324 443\r\n": "203.0.113.9",
    b"PROXY TCP6 2001:db8::9 ::1 1 65535\r\n": "2001:db8::9",
}


@pytest.mark.parametrize("line", V1, ids=repr)
def test_v1(line: bytes) -> None:
    assert proxy_header.is_v1(line[: proxy_header.FIRST])
    assert proxy_header.read_v1(line) == V1[line]


BAD_V1 = [
    b"PROXY TCP4 203.0.113.9 10.0.0.1 56324 443\n",
    b"PROXY TCP4 203.0.113.9 10.0.0.1 56324\r\n",
    b"PROXY  TCP4 203.0.113.9 10.0.0.1 1 2\r\n",
    b"PROXY TCP4 203.0.113.9 10.0.0.1 1 2 \r\n",
    b"PROXY TCP4 203.0.113.9, 10.0.0.1 1 2\r\n",
    b"PROXY TCP4 010.0.0.1 10.0.0.1 1 2\r\n",
    b"PROXY TCP4 10.1 10.0.0.1 1 2\r\n",
    b"PROXY TCP4 2001:db8::9 ::1 1 2\r\n",
    b"PROXY TCP6 203.0.113.9 10.0.0.1 1 2\r\n",
    b"PROXY TCP4 203.0.113.9 nonsense 1 2\r\n",
    b"PROXY UDP4 203.0.113.9 10.0.0.1 1 2\r\n",
    b"PROXY TCP4 203.0.113.9 10.0.0.1 1 123456\r\n",
    b"proxy TCP4 203.0.113.9 10.0.0.1 1 2\r\n",
]


@pytest.mark.parametrize("line", BAD_V1, ids=repr)
def test_bad_v1(line: bytes) -> None:
    with refused():
        proxy_header.read_v1(line)


def v2(source: str, *, command: int = 0x21, tlv: bytes = b"") -> tuple[bytes, bytes]:
    address = ipaddress.ip_address(source)
    other = ipaddress.ip_address("::1" if address.version == 6 else "10.0.0.1")
    rest = address.packed + other.packed + struct.pack("!HH", 1, 2) + tlv
    family = 0x21 if address.version == 6 else 0x11
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(rest)), rest


@given(st.ip_addresses(), st.binary(max_size=50))
def test_v2(address, tlv: bytes) -> None:
    head, rest = v2(str(address), tlv=tlv)
    assert proxy_header.is_v2(head[: proxy_header.FIRST])
    assert proxy_header.v2_rest(head) == len(rest)
    assert proxy_header.read_v2(head, rest) == str(address)


@pytest.mark.parametrize("command", [0x00, 0x11, 0x22, 0x2F, 0x31, 0xFF])
def test_other_versions_and_commands(command: int) -> None:
    with refused():
        proxy_header.v2_rest(v2("203.0.113.9", command=command)[0])


@pytest.mark.parametrize("size", [0, 4, 11])
def test_addresses_cut_short(size: int) -> None:
    head, rest = v2("203.0.113.9")
    with refused():
        proxy_header.read_v2(head, rest[:size])


def test_a_v2_header_is_bounded() -> None:
    with refused():
        proxy_header.v2_rest(SIGNATURE + b"\x21\x11" + struct.pack("!H", 4097))


@given(st.binary(max_size=110))
def test_any_line_is_an_address_or_a_refusal(line: bytes) -> None:
    try:
        address = proxy_header.read_v1(line)
    except BadMessage:
        return
    assert address is None or ipaddress.ip_address(address)


def test_the_longest_v2_header_and_what_no_address_says() -> None:
    head = SIGNATURE + b"\x21\x11" + struct.pack("!H", 4096)
    assert proxy_header.v2_rest(head) == 4096
    assert proxy_header.v2_rest(head + b"\xff") == 4096, "what follows is none of its length"
    assert proxy_header.v2_rest(SIGNATURE + b"\x21\x11\x00\x0c") == 12
    local, rest = v2("203.0.113.9", command=0x20)
    assert proxy_header.read_v2(local, rest) is None, "a health check of the proxy itself"
    for family in (0x00, 0x12, 0x22, 0x31):  # unspecified, datagrams, a unix socket
        assert proxy_header.read_v2(SIGNATURE + bytes([0x21, family, 0, 12]), rest) is None
