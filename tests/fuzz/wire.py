"""What any bytes must come to in `gateway/wire`: events or the named error, the same under any split.

Each function takes the fuzzer's bytes and raises AssertionError for what must not be; any exception
but BadMessage is a finding too.
"""

from __future__ import annotations

import ipaddress
from types import SimpleNamespace

import httptools

from gateway.proxy.upstream import UpstreamConnection
from gateway.wire import proxy_header
from gateway.wire.chunked import END, ChunkedBody, encode
from gateway.wire.errors import BadMessage
from gateway.wire.request import HeadReader, RequestHead
from gateway.wire.response import AnswerReader, ResponseHead
from tests.wire.reading import MAX_FIELDS, MAX_URL, conversation, told

STATUSES = frozenset({400, 405, 413, 414, 417, 431, 501, 505})
CONTROLS = bytes({*range(0x20), 0x7F} - {0x09})
_warm = HeadReader(MAX_FIELDS, MAX_URL)


def pieces(data: bytes) -> list[bytes]:
    """Cut bytes in a way that they decide themselves, so that a finding is found again."""
    size = 1 + (sum(data[:64]) + len(data)) % 9
    return [data[at : at + size] for at in range(0, len(data), size)]


def requests(data: bytes) -> None:
    """Any bytes of a client."""
    whole = conversation([data])
    assert conversation(pieces(data)).told() == whole.told()
    assert conversation([data], _warm).told() == whole.told()
    if whole.refusal is not None:
        assert whole.refusal[0] in STATUSES
    for one in whole.requests:
        _check_head(one.head)
    if whole.requests and whole.requests[0].complete:
        _parser_agrees(data, whole.requests[0].head, whole.requests[0].body)


def _check_head(head: RequestHead) -> None:
    """A head that was understood can be written anew and is read as the same one."""
    for name, value in head.fields:
        assert name
        assert not (name + value).translate(None, bytes(set(range(256)) - set(CONTROLS)))
        assert value == value.strip(b" \t")
    assert head.target.startswith(b"/")
    assert not set(head.target) & {*range(0x21), 0x7F, *b"#"}
    assert head.chunked == (head.length is None)
    assert not (head.upgrade and head.has_body)
    lines = b"".join(b"%b: %b\r\n" % field for field in head.fields)
    raw = b"%b %b HTTP/1.%d\r\n%b\r\n" % (head.method, head.target, head.minor, lines)
    assert told(HeadReader(MAX_FIELDS, MAX_URL).read(raw)) == told(head)


class _Message:
    """What llhttp makes of a message."""

    def __init__(self) -> None:
        self.body = b""
        self.done = False

    def on_body(self, data: bytes) -> None:
        if not self.done:
            self.body += data

    def on_message_complete(self) -> None:
        self.done = True


def _parser_agrees(data: bytes, head: RequestHead, body: bytes) -> None:
    """Another reader of the same bytes finds the same body: no second meaning is let in."""
    if head.upgrade or b"upgrade" in head.named:
        return  # it stops at the head there, as it should not
    message = _Message()
    try:
        httptools.HttpRequestParser(message).feed_data(data)
    except httptools.HttpParserUpgrade:
        pass  # of a request behind the first
    except httptools.HttpParserError:
        if not message.done:  # stricter than we are (framing fields in trailers), as it may be
            return
    assert message.body == body


def chunks(data: bytes) -> None:
    """Any bytes of a chunked body."""

    def read(parts: list[bytes]) -> tuple:
        body, out = ChunkedBody(), b""
        try:
            for part in parts:
                if body.done:
                    return True, out, b"", tuple(body.trailers)
                out += b"".join(body.feed(part))
        except BadMessage as error:
            assert error.status in {400, 431}
            return error.status, error.why
        return body.done, out, b"", tuple(body.trailers)

    whole = read([data])
    assert read(pieces(data)) == whole
    if whole[0] is True:
        written = (encode(whole[1]) if whole[1] else b"") + END
        assert read([written])[:2] == (True, whole[1])
        message = _Message()
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        try:
            httptools.HttpRequestParser(message).feed_data(head + data)
        except httptools.HttpParserUpgrade:
            pass  # of a request behind the body
        except httptools.HttpParserError:
            if not message.done:
                return
        assert message.body == whole[1]


class _Transport:
    """Takes writes, and remembers whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def set_write_buffer_limits(self, high: int) -> None: ...
    def write(self, data: bytes) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class _Asker:
    """Writes down what an upstream connection tells; also the pool that it belongs to."""

    def __init__(self, method: bytes) -> None:
        self.method = method
        self.heads: list[dict] = []
        self.body = b""
        self.end: object = None
        self.ticker = SimpleNamespace(now=0.0)
        self.answers = AnswerReader()

    def answer_head(self, head: ResponseHead) -> None:
        assert self.end is None
        for name, value in head.fields:
            assert not (name + value).translate(None, bytes(set(range(256)) - set(CONTROLS)))
        if not head.is_interim:
            assert (head.length is not None) + head.chunked + head.until_close == 1
        self.heads.append(told(head))

    def answer_data(self, parts: list[bytes]) -> None:
        assert self.end is None
        self.body += b"".join(parts)

    def answer_pause(self) -> None: ...

    def answer_end(self, trailers: list) -> None:
        assert self.end is None
        self.end = tuple(trailers)

    def answer_failed(self, why: str, *, answered: bool) -> None:
        assert self.end is None
        assert answered
        self.end = why
        self.body = b""  # how much of it came before it went wrong depends on the split alone

    def idle(self, connection: UpstreamConnection) -> None: ...
    def babbled(self, connection: UpstreamConnection) -> None: ...
    def gone(self, connection: UpstreamConnection) -> None: ...


def _heard(parts: list[bytes], method: bytes) -> tuple:
    asker, transport = _Asker(method), _Transport()
    connection = UpstreamConnection(asker, None, 1.0, 1.0)
    connection.connection_made(transport)
    connection.begin(asker, b"", body_follows=False)
    for part in parts:
        if transport.closed:
            break
        connection.data_received(part)
    return asker.heads, asker.body, asker.end, transport.closed


def answers(data: bytes) -> None:
    """Any bytes of an upstream."""
    for method in (b"GET", b"HEAD"):
        whole = _heard([data], method)
        split = _heard(pieces(data), method)
        if isinstance(whole[2], str):  # interim heads before a bad one are told or not
            assert isinstance(split[2], str)
        else:
            assert split == whole


def proxy(data: bytes) -> None:
    """Any bytes before the first request of a connection."""
    first, rest = data[: proxy_header.FIRST], data[proxy_header.FIRST :]
    if len(first) < proxy_header.FIRST:
        return
    try:
        if proxy_header.is_v2(first):
            more = proxy_header.V2_HEAD - proxy_header.FIRST
            head, rest = first + rest[:more], rest[more:]
            if len(head) < proxy_header.V2_HEAD:
                return
            size = proxy_header.v2_rest(head)
            assert size <= 4096
            if len(rest) < size:
                return
            address = proxy_header.read_v2(head, rest[:size])
        elif proxy_header.is_v1(first):
            end = data.find(b"\r\n")
            if end < 0 or end + 2 > proxy_header.V1_LONGEST:
                return
            address = proxy_header.read_v1(data[: end + 2])
        else:
            return
    except BadMessage as error:
        assert error.status == 400
        return
    if address is not None:
        assert str(ipaddress.ip_address(address)) == address
