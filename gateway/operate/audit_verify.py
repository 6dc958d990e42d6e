"""Is the audit as it was written? Finds the first line that is not, and what is missing.

A whole audit begins with line 1, or behind lines whose expiry the chain itself records
(`audit.expired`), goes on without a gap over all files, and reaches the position kept beside it.
Bounded memory: one line at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.operate.audit_chain import START, Chain, ChainLine, Position
from gateway.operate.audit_lines import Line, read_lines

EXPIRED: Final = "audit.expired"
"""The event that tells which lines were taken away because of their age."""

_THROUGH: Final = re.compile(r"through line ([1-9][0-9]{0,17})")


class Broken(Exception):
    """The chain does not hold; the text says where first, and how."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found whole: lines `first` to `last.seq`; `expired` were taken away before."""

    first: int
    last: Position
    expired: int

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return self.last.seq - self.first + 1 if self.first else 0


def through_line(seq: int) -> str:
    """Return how the chain words that all lines up to `seq` have expired."""
    return f"through line {seq}"


def verify_part(paths: Iterable[Path], chain: Chain) -> Verified:
    """Read files in their order; raise Broken for the first line that does not follow.

    Says nothing about what came before them and after. Raises AuditUnreadable.
    """
    reading = _Reading(chain)
    for path in paths:
        reading.file(path)
    return Verified(reading.first, reading.last, reading.expired)


def verify_whole(
    paths: Iterable[Path], chain: Chain, kept: Position | None, expected: Position | None = None
) -> Verified:
    """Like `verify_part`, and nothing may be missing before or after. Raises Broken.

    `kept` is the position as it was before the files were opened: lines may be added meanwhile.
    `expected` is one that somebody wrote down elsewhere: whoever puts an older audit and its
    position back in their places is found out by it.
    """
    known = tuple(position for position in (kept, expected) if position is not None)
    reading = _Reading(chain, known)
    for path in paths:
        reading.file(path)
    found = Verified(reading.first, reading.last, reading.expired)
    if found.first > found.expired + 1:
        missing = _lines(found.expired + 1, found.first - 1)
        raise Broken(
            f"{missing} missing before the first: deleted, or taken away because of their age "
            "without a word (portvakt audit expire)"
        )
    if kept is None and found.lines:
        raise Broken("the audit's position, in state_dir, is missing or not of this key")
    if found.last.seq < reading.reach:
        raise Broken(f"{_lines(found.last.seq + 1, reading.reach)} missing at the end")
    return found


class _Reading:
    """The chain as far as it was read."""

    def __init__(self, chain: Chain, known: Sequence[Position] = ()) -> None:
        self._chain: Final = chain
        self._known: Final = {position.seq: position.mac for position in known}
        self.reach: Final = max(self._known, default=0)
        self.first = 0
        self.last = START
        self.expired = 0

    def file(self, path: Path) -> None:
        """Go on with one more file."""
        for line in read_lines(path):
            if not line.is_whole and self.last.seq >= self.reach > 0:
                return  # it is being written just now
            self._line(f"{path.name}:{line.number}", line)

    def _line(self, where: str, line: Line) -> None:
        found = self._chain.open(line.raw.removesuffix(b"\n"))
        if found is None:
            raise Broken(f"{where}: this line was changed, or is none of this chain and key")
        if self.first == 0:
            self.first = found.seq
        else:
            self._follows(where, found)
        if self._known.get(found.seq, found.mac) != found.mac:
            raise Broken(f"{where}: line {found.seq} is not the one that was written there")
        self.last = found.position
        if b'"event": "audit.expired"' in line.raw:
            self._expiry(line)

    def _follows(self, where: str, found: ChainLine) -> None:
        due = self.last.seq + 1
        if found.seq > due:
            raise Broken(f"{where}: {_lines(due, found.seq - 1)} missing before this one")
        if found.seq < due:
            again = "the chain starts anew here" if found.seq == 1 else f"line {due} was due"
            raise Broken(f"{where}: line {found.seq} stands here, but {again}")
        if found.prev != self.last.mac:
            raise Broken(f"{where}: line {found.seq} does not follow from the line before")

    def _expiry(self, line: Line) -> None:
        fields = line.fields() or {}
        told = _THROUGH.fullmatch(str(fields.get("reason")))
        if fields.get("event") == EXPIRED and told is not None:
            self.expired = max(self.expired, int(told[1]))


def _lines(first: int, last: int) -> str:
    return f"line {first} is" if first == last else f"lines {first} to {last} are"
