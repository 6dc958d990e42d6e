"""Which keys gateway.toml may hold: learnt by watching the readers, which are the only truth.

The readers run over documents that grow until they ask nothing new: each table that they want is
put there empty. Where a table has a `kind`, they run once for each. Reads no file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.settings.parse import read_tables
from gateway.settings.positions import KeyPath, Lines
from gateway.settings.reading import Asked, Reading, Value
from gateway.settings.shapes import TABLE, listing

BASE: Final = Path("/dev/null")
"""Where the documents pretend to lie: a place in which no file can be."""

KIND: Final = "kind"
"""The key that decides which others a table has."""

_Document = dict[str, Any]


@dataclass(slots=True)
class Questions:
    """The questions for one table. `kinds` holds them by the table's kind, "" without one."""

    kinds: dict[str, dict[str, Asked]] = field(default_factory=dict)

    def keys(self) -> dict[str, list[Asked]]:
        """Return what was asked about each key, in the order of the first question."""
        found: dict[str, list[Asked]] = {}
        for asked in self.kinds.values():
            for key, question in asked.items():
                found.setdefault(key, []).append(question)
        return found


def ask_readers() -> dict[tuple[str, ...], Questions]:
    """Return the questions for each table, by its path without the indices of arrays."""
    options = _options(_rounds({}))
    found: dict[tuple[str, ...], Questions] = {}
    for turn in range(max(map(len, options.values()), default=1)):
        kinds = {name: every[turn % len(every)] for name, every in options.items()}
        for asked in _rounds(kinds):
            name = names_of(asked.path)
            table = found.setdefault(name, Questions())
            table.kinds.setdefault(kinds.get(name, ""), {}).setdefault(asked.key, asked)
    return found


def names_of(path: KeyPath) -> tuple[str, ...]:
    """Return a path without the indices of arrays."""
    return tuple(part for part in path if isinstance(part, str))


def _options(questions: list[Asked]) -> dict[tuple[str, ...], list[str]]:
    """Return the kinds of each table that has some."""
    return {names_of(asked.path): asked.shape["enum"] for asked in questions if asked.key == KIND}


def _rounds(kinds: dict[tuple[str, ...], str]) -> list[Asked]:
    """Return what is asked about a document that holds every table, each of its kind."""
    document: _Document = {}
    asked: list[Asked] = []
    has_grown = True
    while has_grown:
        asked = _ask(document)
        grown = [_grow(document, question, kinds) for question in asked]
        has_grown = any(grown)
    return asked


def _ask(document: _Document) -> list[Asked]:
    asked: list[Asked] = []
    reading = Reading(BASE, {}, Lines({}), asked=asked)
    with Value(reading, (), document).table().closing() as file:
        read_tables(file, "", None)
    return asked


def _grow(document: _Document, asked: Asked, kinds: dict[tuple[str, ...], str]) -> bool:
    """Put an empty table where one was asked for; return whether there was none."""
    around: Any = document
    for part in asked.path:
        around = around[part]
    if asked.key in around or asked.shape not in (TABLE, listing(TABLE)):
        return False
    kind = kinds.get((*names_of(asked.path), asked.key))
    table = {} if kind is None else {KIND: kind}
    around[asked.key] = table if asked.shape == TABLE else [table]
    return True
