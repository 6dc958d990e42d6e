"""The corpus of answers: what an upstream sends, and what a client may be given of it.

`NAME.http` holds the upstream's bytes, `NAME.toml` says:

    source          which section, incident or class it is from
    status, body    what the client reads; `whole = false` when it must see that the answer is cut off
    reused          whether another request may ever be sent on the upstream's connection
    method, lines, sends, upgrade    the request; `early`: the upstream answers without its body
    then            what the upstream does next: "open" (waits), "close", "plant" (answers nobody)
    interim         the interim answers that the client reads
    says, absent    what stands in the bytes that the client reads, and what must not
    closes          whether the client's connection ends
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.wire.recorder import Recorder

ANSWERS = Path(__file__).parent / "corpus" / "answers"
LONGEST_DRIP = 1024
PLANTED = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


@dataclass(frozen=True)
class AnswerCase:
    """One file of the corpus."""

    path: Path

    def __str__(self) -> str:
        return self.path.stem

    @cached_property
    def raw(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def says(self) -> dict:
        """What the .toml says."""
        return tomllib.loads(self.path.with_suffix(".toml").read_text("utf-8"))

    @property
    def method(self) -> str:
        return self.says.get("method", "GET")

    @property
    def body(self) -> bytes:
        return self.says.get("body", "").encode("latin-1")

    @property
    def whole(self) -> bool:
        return self.says.get("whole", True)

    @property
    def closes(self) -> bool:
        return self.says.get("closes", False) or self.says["status"] == 502 or not self.whole

    def request(self, way: str) -> bytes:
        """Return the request that is answered so."""
        upgrade = self.says.get("upgrade")
        lines = [
            f"{self.method} /answers/{way}/{self.path.stem} HTTP/1.1",
            "Host: localhost:8080",
            *([f"Upgrade: {upgrade}", "Connection: Upgrade"] if upgrade else []),
            *(["Origin: http://localhost:8080"] if upgrade else []),
            *self.says.get("lines", []),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.says.get("sends", "")).encode()


CASES = [AnswerCase(path) for path in sorted(ANSWERS.glob("*.http"))]
_BY_NAME = {case.path.stem: case for case in CASES}


@dataclass
class Fate:
    """What became of the upstream's connection behind an answer."""

    came: int = 0
    again: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    read: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Liar(Recorder):
    """Answers `/answers/WAY/NAME` with the bytes of that file, everything else with 200."""

    fates: dict[str, Fate] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.tasks.add(asyncio.current_task())
        behind: Fate | None = None
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                while (seen := await self.head(reader)) is not None:
                    if behind is not None:
                        behind.again = True
                    found = re.fullmatch(r"/answers/(\w+)/([\w.-]+)", seen.target)
                    case = _BY_NAME[found[2]] if found else None
                    if case is None or not case.says.get("early"):
                        await self.body(reader, seen)
                    if case is None:
                        await self.answer(seen, writer)
                        continue
                    behind = self.fates.setdefault(seen.target, Fate())
                    behind.came += 1
                    if await self._lie(case, found[1], behind, writer):
                        return
                    if case.says.get("early"):  # whatever comes is the body, or its end
                        rest = await reader.read()
                        assert rest in {b"", b"some", b"4\r\nsome\r\n"}, rest
                        return
        except Exception as error:  # noqa: BLE001 - whatever it is, the run must hear of it
            self.faults.append(repr(error))
        finally:
            if behind is not None:
                behind.closed.set()
            writer.close()

    async def _lie(
        self, case: AnswerCase, way: str, fate: Fate, writer: asyncio.StreamWriter
    ) -> bool:
        """Send the answer; True when the connection is closed then."""
        begun = max(0, len(case.raw) - LONGEST_DRIP) if way == "bytes" else len(case.raw)
        writer.write(case.raw[:begun])
        for at in range(begun, len(case.raw)):  # of a long one the end drips
            writer.write(case.raw[at : at + 1])
            await asyncio.sleep(0)
        if case.says.get("then") == "plant":
            await fate.read.wait()
            writer.write(PLANTED)
        return case.says.get("then") == "close"
