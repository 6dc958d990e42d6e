"""The targets by name, and what each begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import rest, wire

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "wire" / "corpus"
LONGEST_SEED = 4096


@dataclass(frozen=True)
class Target:
    """`check` takes any bytes; `seeds` are where a run begins; `words` is libFuzzer's dictionary."""

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    longest: int = 1024
    words: tuple[bytes, ...] = ()


def _files(*folders: str) -> Iterator[bytes]:
    for folder in folders:
        for path in sorted((CORPUS / folder).glob("*.http")):
            if path.stat().st_size <= LONGEST_SEED:
                yield path.read_bytes()


def _bodies() -> Iterator[bytes]:
    for raw in _files("valid", "invalid", "answers"):
        head, _, body = raw.partition(b"\r\n\r\n")
        if b"chunked" in head.lower() and body:
            yield body


def _targets() -> Iterator[bytes]:
    for raw in _files("valid", "invalid"):
        words = raw.partition(b"\r\n")[0].split(b" ")
        if len(words) == 3:
            yield words[1].removeprefix(b"/")
    yield from (b"static/%2e%2e/hr/x", b"static/..;/hr/", b"hr%2fx", b"static/%c0%af", b"HR/;a=b")


def _settings() -> Iterator[bytes]:
    whole = (ROOT / "gateway.toml").read_bytes()
    yield whole
    yield from (b"\n[" + part for part in whole.split(b"\n[")[1:])


def _proxy() -> Iterator[bytes]:
    signature = b"\r\n\r\n\x00\r\nQUIT\n"
    yield b"PROXY TCP4 203.0.113.9 10.0.0.1 1 2\r\n"
    yield b"PROXY TCP6 2001:db8::9 ::1 1 2\r\n"
    yield b"PROXY UNKNOWN\r\n"
    yield signature + b"\x21\x11\x00\x0c" + bytes(12)
    yield signature + b"\x21\x21\x00\x24" + bytes(36)
    yield signature + b"\x20\x00\x00\x00"


def _lines(*lines: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(lines)


_HTTP = (
    b"\r\n", b"\r\n\r\n", b"HTTP/1.1", b"HTTP/1.0", b"GET /", b"POST /", b"Host: localhost:8080\r\n",
    b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"chunked", b"Connection: Upgrade",
    b"Upgrade: websocket", b"Expect: 100-continue\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b"; a=b",
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 304 Not\r\n", b"HTTP/1.1 101 S\r\n", b"HTTP/1.1 103 H\r\n\r\n",
)  # fmt: skip
_PATHS = (
    b"hr/", b"static/", b"..", b"%2e", b"%2f", b"%5c", b";", b"%3b", b"%25", b"//", b"\\", b"%00", b"?",
    b".gateway/", b"localhost:8080", b"http://", b"%c0%af", b"%ef%bc%8f", b"%0d%0a", b"@",
)  # fmt: skip
_ADDRESSES = (
    b"127.0.0.3",
    b"10.1.2.3",
    b"::ffff:",
    b", ",
    b"\n",
    b"[",
    b"]",
    b"%eth0",
    b"0x7f",
    b":80",
)
_FIELDS = (
    b"X-Original-URL: http://localhost/x", b"X-Forwarded-Method: GET", b"X-Forwarded-Host: localhost",
    b"X-Forwarded-Uri: /x", b"\n", b"X-Original-Method: GET",
)  # fmt: skip

TARGETS = {
    "requests": Target(wire.requests, lambda: _files("valid", "invalid"), 2048, _HTTP),
    "chunks": Target(wire.chunks, _bodies, 1024, _HTTP),
    "answers": Target(wire.answers, lambda: _files("answers"), 2048, _HTTP),
    "proxy": Target(wire.proxy, _proxy, 256, (b"PROXY TCP4 ", b"PROXY TCP6 ", b"\r\n", b"\x21\x11")),
    "settings": Target(rest.settings, _settings, 2048, (b"[[route]]", b'path = "/"', b"[", b"]", b"{", b'"5m"')),
    "paths": Target(rest.paths, _targets, 256, _PATHS),
    "addresses": Target(
        rest.addresses, _lines(b"192.0.2.1, 10.0.0.1", b"::ffff:10.0.0.1", b"a\nb"), 256, _ADDRESSES
    ),
    "cookies": Target(
        rest.cookies, _lines(b"gateway=a; b=c", b"=gateway=a", b'gateway="a;b"'), 256,
        (b"gateway=", b"gateway-form=", b";", b"=", b" "),
    ),
    "ways_back": Target(
        rest.ways_back, _lines(b"/hr/?a=b", b"//evil", b"http://localhost:8080/x", b"/%2f%2fevil"), 256, _PATHS
    ),
    "questions": Target(rest.questions, _lines(b"\n".join(_FIELDS), *_FIELDS), 512, _FIELDS),
}  # fmt: skip
