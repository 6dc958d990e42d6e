"""The cases of the corpus: bytes of a client, and the one right reading of them.

A case is `NAME.http` beside `NAME.toml`. In `valid/` every request must be understood, in `invalid/`
the last one must be refused. The .toml says:

    source      which section, incident or class it is from
    status, why of `invalid/` only: the refusal
    head        what the first head says, by the names of RequestHead's slots
    request     what an upstream must see, in order: method, target, host, body; `complete = false` for
                one whose body goes wrong on the way. Without any: the file's first line, or nothing.
    closes      whether the connection ends after the last answer; a refusal always ends it
    continues   whether "100 Continue" is said
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
BODY = b"hello"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"


@dataclass(frozen=True)
class Reading:
    """One request as an upstream sees it."""

    method: str
    target: str
    host: str
    body: bytes
    complete: bool = True


@dataclass(frozen=True)
class Case:
    """One file of the corpus."""

    path: Path

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @cached_property
    def says(self) -> dict:
        """What the .toml says."""
        return tomllib.loads(self.path.with_suffix(".toml").read_text("utf-8"))

    @property
    def is_valid(self) -> bool:
        return self.path.parent.name == "valid"

    @cached_property
    def raw(self) -> bytes:
        """The file's own bytes."""
        return self.path.read_bytes()

    @cached_property
    def _announced(self) -> tuple[bytes, bytes]:
        """The body of a file that holds a head only: as it is sent, and as it is read."""
        head = self.says.get("head", {})
        if "request" in self.says or not self.raw.endswith(b"\r\n\r\n") or not self.is_valid:
            return b"", b""
        if head.get("chunked"):
            return CHUNKS, BODY
        body = (BODY * (head.get("length", 0) // 5 + 1))[: head.get("length", 0)]
        return body, body

    @cached_property
    def bytes_sent(self) -> bytes:
        """The file's bytes, and the body that its head announces."""
        return self.raw + self._announced[0]

    @cached_property
    def readings(self) -> list[Reading]:
        """What an upstream must see."""
        if "request" not in self.says:
            if not self.is_valid:
                return []
            method, target, _ = self.raw.decode("latin-1").lstrip("\r\n").split("\r\n")[0].split()
            target = self.says.get("head", {}).get("target", target)
            return [Reading(method, target, self._host, self._announced[1])]
        return [
            Reading(
                one["method"], one["target"], one.get("host", self._host),
                one.get("body", "").encode("latin-1"), one.get("complete", True),
            )
            for one in self.says["request"]
        ]  # fmt: skip

    @cached_property
    def _host(self) -> str:
        for line in self.raw.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "host":
                return value.strip()
        return "localhost:8080"

    @cached_property
    def statuses(self) -> list[int]:
        """The answers that a client gets from a gateway whose upstream says 200 to everything."""
        complete = [200 for one in self.readings if one.complete]
        return complete if self.is_valid else [*complete, self.says["status"]]

    @property
    def closes(self) -> bool:
        """Whether the connection ends after the last answer."""
        head = self.says.get("head", {})
        odd = head.get("keep_alive") is False or head.get("odd_body") is True
        return not self.is_valid or bool(self.says.get("closes", odd))

    @property
    def continues(self) -> bool:
        """Whether the client is told to go on before the answer."""
        return bool(self.says.get("continues", self.says.get("head", {}).get("expects", False)))


def agree(seen: list[Reading], expected: list[Reading]) -> bool:
    """Whether an upstream saw what it should; of a body that went wrong it may see the good part."""
    return len(seen) == len(expected) and all(
        one == other
        or (
            not one.complete
            and other.body.startswith(one.body)
            and dataclasses.replace(other, body=one.body) == one
        )
        for one, other in zip(seen, expected, strict=True)
    )


VALID = [Case(path) for path in sorted((CORPUS / "valid").glob("*.http"))]
INVALID = [Case(path) for path in sorted((CORPUS / "invalid").glob("*.http"))]
CASES = [*VALID, *INVALID]
