"""Tables of spellings in `tests/security/spellings/`, and a way to send a row as the bytes it stands for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

TABLES = Path(__file__).parent / "spellings"
PATIENCE_S = 20


@dataclass(frozen=True)
class Row:
    """One row: what must become of it, and its bytes with {port} still to be filled in."""

    number: int
    fate: str
    text: str

    def raw(self, port: int) -> bytes:
        """Return the bytes that the row stands for."""
        text = self.text.encode("latin-1").decode("unicode_escape")
        return text.replace("{port}", str(port)).encode("latin-1")


def rows(table: str) -> list[Row]:
    """Return the rows of a table; lines that begin with # and empty ones are for readers."""
    lines = (TABLES / f"{table}.txt").read_text("ascii").splitlines()
    parts = [line.partition("\t") for line in lines if line and not line.startswith("#")]
    return [Row(number, fate, text) for number, (fate, _, text) in enumerate(parts)]


@dataclass(frozen=True)
class Answer:
    """All that a client is told."""

    status: int
    raw: bytes

    @property
    def location(self) -> str:
        for line in self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n"):
            if line.lower().startswith("location:"):
                return line.partition(":")[2].strip()
        return ""


async def ask(port: int, source: str, data: bytes) -> Answer:
    """Send bytes from an address; read until the gateway closes."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        try:
            writer.write(data)
            raw = await reader.read()
        finally:
            writer.close()
    return Answer(int(raw[9:12]), raw)


def head(target: bytes, *lines: bytes) -> bytes:
    """Return a request head that asks for the connection's end; empty lines are left out."""
    first = b"GET " + target + b" HTTP/1.1"
    return b"\r\n".join((first, *(line for line in lines if line), b"Connection: close", b"", b""))
