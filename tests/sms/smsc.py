"""An SMSC on loopback, written from the specification (SMPP 3.4) and not from the library.

It takes what ESMEs submit, answers as told, and sends receipts.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from dataclasses import dataclass, field
from typing import NamedTuple, Self

BINDS, SUBMIT, DELIVER, UNBIND, ENQUIRE = (1, 2, 9), 0x4, 0x5, 0x6, 0x15
RESPONSE = 0x80000000
_GOODBYE_S = 1.0


class Submitted(NamedTuple):
    """A submit_sm; `source` and `to` are type of number, numbering plan and address."""

    source: tuple[int, int, str]
    to: tuple[int, int, str]
    esm_class: int
    registered: int
    coding: int
    message: bytes


@dataclass
class Smsc:
    """`status` answers every submit_sm, `silent` none; `password` is what a bind must give."""

    password: str = "pw"
    status: int = 0
    silent: bool = False
    tls: ssl.SSLContext | None = None
    port: int = 0
    submitted: list[Submitted] = field(default_factory=list)
    commands: list[int] = field(default_factory=list)
    bound: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _is_over: bool = False
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, ssl=self.tls
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close the port and every connection; what was taken has been answered, no more is taken.

        An abort would end connections that have something unread with a reset, and a reset takes
        answers along that the other end has not read yet.
        """
        if self._server is not None:
            self._server.close()
        self._is_over = True
        for writer in self.writers:
            if writer.can_write_eof() and not writer.is_closing():
                writer.write_eof()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GOODBYE_S)
        self.drop()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def drop(self) -> None:
        """Close every connection without a word."""
        self.bound.clear()
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    def name_for(self, to: str) -> str:
        """Return what the newest message to a number (E.164) is called."""
        places = [n for n, one in enumerate(self.submitted, start=1) if f"+{one.to[2]}" == to]
        return f"id{places[-1]}"

    def receipt(self, name: str, state: bytes, tlvs: bytes = b"", to: int = 0) -> None:
        """Send a delivery receipt with a text, or with optional parameters alone."""
        text = b"" if tlvs else b"id:%s sub:001 dlvrd:001 stat:%s err:000" % (name.encode(), state)
        body = b"\0\x01\x0146701234567\0\x05\0Portal\0\x04\0\0\0\0\0\0\0\0" + bytes([len(text)])
        self._write(self.writers[to], DELIVER, 0, 77, body + text + tlvs)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                length, command, _, sequence = struct.unpack(">4I", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                if self._is_over:
                    continue
                self.commands.append(command)
                if command in BINDS:
                    right = body.split(b"\0")[1].decode() == self.password
                    self._write(writer, command | RESPONSE, 0 if right else 0x0E, sequence, b"T\0")
                    if right:
                        self.bound.set()
                elif command == SUBMIT:
                    self.submitted.append(_submitted(body))
                    name = b"" if self.status else b"id%d\0" % len(self.submitted)
                    if not self.silent:
                        self._write(writer, SUBMIT | RESPONSE, self.status, sequence, name)
                elif command in {UNBIND, ENQUIRE}:
                    self._write(writer, command | RESPONSE, 0, sequence, b"")
        writer.close()

    @staticmethod
    def _write(writer: asyncio.StreamWriter, *head: int | bytes) -> None:
        *numbers, body = head
        assert isinstance(body, bytes)
        writer.write(struct.pack(">4I", 16 + len(body), *numbers) + body)


def _submitted(body: bytes) -> Submitted:
    """Read the fields of section 4.4.1, in their order."""
    _, rest = body.split(b"\0", 1)
    source, rest = _address(rest)
    to, rest = _address(rest)
    esm_class, rest = rest[0], rest[3:]
    _, _, rest = rest.split(b"\0", 2)  # schedule_delivery_time, validity_period
    registered, _, coding, _, length = rest[:5]
    return Submitted(source, to, esm_class, registered, coding, rest[5 : 5 + length])


def _address(octets: bytes) -> tuple[tuple[int, int, str], bytes]:
    address, rest = octets[2:].split(b"\0", 1)
    return (octets[0], octets[1], address.decode()), rest
