"""All that `gateway/wire` makes of a client's bytes, without a connection: requests, then what ends it.

The order of steps is the one of the front door (`gateway/proxy/client.py`): cut a head, read it, take
its body, go on with what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.proxy.inbox import Inbox
from gateway.wire.chunked import ChunkedBody
from gateway.wire.errors import BadMessage
from gateway.wire.request import HeadReader, RequestHead
from gateway.wire.response import ResponseHead

MAX_FIELDS, MAX_URL, MAX_HEAD = 128, 16 * 1024, 64 * 1024


def told(head: RequestHead | ResponseHead) -> dict:
    """Return everything that a head says, as Python or compiled."""
    names = (name for name in dir(head) if not name.startswith("_") and name != "shared")
    return {name: said for name in names if not callable(said := getattr(head, name))}


@dataclass
class Read:
    """One request that was read, as far as it went."""

    head: RequestHead
    body: bytes = b""
    complete: bool = False


@dataclass
class Outcome:
    """The requests in order; the refusal that ended them, if one did; whether the end is near."""

    requests: list[Read] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    ended: bool = False

    def told(self) -> tuple:
        """Return all of it as values that can be compared.

        How much of a body was taken before it went wrong depends on how it came, and on nothing else.
        """
        requests = [
            (
                told(one.head),
                one.body if one.complete or self.refusal is None else b"",
                one.complete,
            )
            for one in self.requests
        ]
        return self.refusal, self.ended, requests


class Conversation:
    """What one client sends; feed bytes as they come."""

    def __init__(self, reader: HeadReader | None = None) -> None:
        self.outcome = Outcome()
        self._inbox = Inbox()
        self._reader = reader or HeadReader(MAX_FIELDS, MAX_URL)
        self._left = 0
        self._chunks: ChunkedBody | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes, until a refusal or the end of the connection."""
        outcome = self.outcome
        if outcome.refusal is not None or outcome.ended:
            return
        self._inbox.add(data)
        try:
            while self._step():
                pass
        except BadMessage as error:
            outcome.refusal = error.status, error.why

    def _step(self) -> bool:
        """Take one head or some body; False when more bytes are needed."""
        under_way = self.outcome.requests and not self.outcome.requests[-1].complete
        if self.outcome.ended or not self._inbox:
            return False
        return self._take_body(self.outcome.requests[-1]) if under_way else self._take_head()

    def _take_head(self) -> bool:
        raw = self._inbox.cut_head(MAX_HEAD, MAX_URL)
        if raw is None:
            return False
        head = self._reader.read(raw)
        read = Read(head, complete=not head.has_body)
        self.outcome.requests.append(read)
        self._chunks = ChunkedBody() if head.chunked else None
        self._left = head.length or 0
        self._end(read)
        return True

    def _take_body(self, read: Read) -> bool:
        data = self._inbox.take()
        if self._chunks is None:
            piece, rest = data[: self._left], data[self._left :]
            self._left -= len(piece)
            read.complete = self._left == 0
        else:
            piece = b"".join(self._chunks.feed(data))
            read.complete = self._chunks.done
            rest = self._chunks.rest if read.complete else b""
        read.body += piece
        if rest:
            self._inbox.add(rest)
        self._end(read)
        return bool(rest)

    def _end(self, read: Read) -> None:
        """Nothing is read behind a request that ends the connection."""
        if read.complete and (not read.head.keep_alive or read.head.odd_body):
            self.outcome.ended = True


def conversation(pieces: list[bytes], reader: HeadReader | None = None) -> Outcome:
    """Return what becomes of these bytes."""
    talk = Conversation(reader)
    for piece in pieces:
        talk.feed(piece)
    return talk.outcome
