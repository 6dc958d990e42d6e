"""The lines of audit files, rotated and packed ones too, read one by one: memory stays bounded."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from gateway.operate.audit_chain import Chain

LONGEST: Final = 64 * 1024
"""Bytes of a line; ours are far shorter, and what is longer is none of ours."""

_ROTATED: Final = re.compile(r"[.-][0-9A-Za-z_:.-]+")
_OTHER_PACKERS: Final = (".bz2", ".xz", ".zst", ".Z")


class AuditUnreadable(Exception):
    """A file cannot be read, or not to its end; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its newline, if it has one: the last one may be on its way."""

    number: int
    raw: bytes

    @property
    def is_whole(self) -> bool:
        """Whether the line has its end."""
        return self.raw.endswith(b"\n")

    def fields(self) -> dict[str, object] | None:
        """Return what the line says, or None when it is no JSON object."""
        try:
            found = json.loads(self.raw)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file, packed with gzip when its name ends in .gz.

    Raises AuditUnreadable; a line that is too long is yielded cut, without its newline.
    """
    number = 0
    try:
        with _opened(path) as file:
            while raw := file.readline(LONGEST):
                number += 1
                yield Line(number, raw)
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(LONGEST)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        where = f"{path.name}, after line {number}" if number else path.name
        raise AuditUnreadable(f"{where}: {why.lower()}") from None


def files_of(audit: Path) -> Sequence[Path]:
    """Return the audit and what `logrotate` has made of it beside it, in no order.

    A file that is just being packed stands there twice and is returned once. Raises
    AuditUnreadable for one that is packed with anything but gzip.
    """
    found: dict[str, Path] = {}
    try:
        names = sorted(audit.parent.iterdir()) if audit.parent.exists() else []
    except OSError as error:
        raise AuditUnreadable(f"{audit.parent}: {(error.strerror or '').lower()}") from None
    for path in names:
        rest = path.name.removeprefix(audit.name)
        if path.name != audit.name and not (rest != path.name and _ROTATED.fullmatch(rest)):
            continue
        if path.suffix in _OTHER_PACKERS:
            raise AuditUnreadable(f"{path.name}: unpack it first; only gzip is read as it is")
        found.setdefault(path.name.removesuffix(".gz"), path)
    return list(found.values())


def in_order(paths: Sequence[Path], chain: Chain) -> Sequence[Path]:
    """Return files in the order in which they were written, by the number of their first line.

    Empty ones are left out; one whose first line is not of the chain comes first, to be told of.
    Raises AuditUnreadable.
    """
    numbered: list[tuple[int, str, Path]] = []
    for path in paths:
        first = next(read_lines(path), None)
        if first is not None:
            opened = chain.open(first.raw.rstrip(b"\n"))
            numbered.append((opened.seq if opened is not None else 0, path.name, path))
    return [path for _, _, path in sorted(numbered)]


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")
