"""On which line of gateway.toml each key stands: a scanner of TOML 1.0 that trusts its input.

tomllib has the only say on what is valid and what it means, but keeps no positions, and neither
does a maintained library for Python. This scanner is run on text that tomllib has accepted, so it
only has to tell keys, strings and brackets apart. Imports nothing of ours.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Final

KeyPath = tuple[str | int, ...]
"""Names of keys and, for an element of an array, its index counted from 0."""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BLANK: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'  # a closing run may hold two quotes of the text
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR: Final = re.compile(r"[^,\]}#\n]+")  # a date may hold a blank


class Lines:
    """The line of each key path. Immutable."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Mapping[KeyPath, int]) -> None:
        self._lines: Final = lines

    def of(self, path: KeyPath) -> int:
        """Return the line of `path`, else of the nearest table around it; 1 for the file."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def find(self, path: KeyPath) -> int | None:
        """Return the line of `path` itself; None when the file does not hold it."""
        return self._lines.get(path)


def render(path: KeyPath) -> str:
    """Return a path as people read it, elements counted from 1: `route[2].second_factor`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            name = part if _BARE.fullmatch(part) else json.dumps(part)
            text += f".{name}" if text else name
    return text


def scan(text: str) -> Lines:
    """Return the lines of all keys, tables and array elements of a valid TOML document.

    `text` has bare LF line ends. The answer for text that tomllib refuses is undefined.
    """
    scanner = _Scanner(text)
    scanner.document()
    return Lines(scanner.lines)


class _Scanner:
    """One pass over the text. `at` is the offset, `line` the line it is on."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._line = 1
        self._tables: dict[KeyPath, int] = {}  # array of tables -> index of its last element

    def document(self) -> None:
        table: KeyPath = ()
        self._take(_BLANK)
        while self._at < len(self._text):
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._take(_BLANK)

    def _header(self) -> KeyPath:
        line = self._line
        is_array = self._text.startswith("[[", self._at)
        self._skip(2 if is_array else 1)
        *around, name = self._key()
        self._skip(2 if is_array else 1)
        path = (*self._resolved(tuple(around)), name)
        if is_array:
            self.lines.setdefault(path, line)
            index = self._tables[path] = self._tables.get(path, -1) + 1
            path = (*path, index)
        self._note(path, line)
        self.lines[path] = line
        return path

    def _resolved(self, names: KeyPath) -> KeyPath:
        """Return the path that a header means: the last element of each array of tables."""
        path: KeyPath = ()
        for name in names:
            path = (*path, name)
            if path in self._tables:
                path = (*path, self._tables[path])
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line
        path = (*table, *self._key())
        self._note(path, line)
        self._skip(1)  # =
        self._take(_BLANK)
        self._value(path)

    def _key(self) -> KeyPath:
        names: list[str] = []
        while True:
            self._take(_BLANK)
            if self._peek() in {'"', "'"}:
                names.append(tomllib.loads(f"key = {self._take(_STRING)}")["key"])
            else:
                names.append(self._take(_BARE))
            self._take(_BLANK)
            if self._peek() != ".":
                return tuple(names)
            self._skip(1)

    def _value(self, path: KeyPath) -> None:
        match self._peek():
            case "[":
                self._elements(path, "]")
            case "{":
                self._elements(path, "}")
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_SCALAR)

    def _elements(self, path: KeyPath, end: str) -> None:
        """Walk an array or an inline table up to its closing bracket."""
        self._skip(1)
        self._take(_BLANK)
        index = 0
        while self._peek() != end:
            if end == "}":
                self._pair(path)
            else:
                self._note((*path, index), self._line)
                self._value((*path, index))
                index += 1
            self._take(_BLANK)
            if self._peek() == ",":
                self._skip(1)
                self._take(_BLANK)
        self._skip(1)

    def _note(self, path: KeyPath, line: int) -> None:
        for size in range(1, len(path) + 1):
            self.lines.setdefault(path[:size], line)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, count: int) -> None:
        self._at += count

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"the scanner lost its way on line {self._line}")
        self._at = found.end()
        self._line += found[0].count("\n")
        return found[0]
