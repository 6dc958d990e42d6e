"""What is wrong in gateway.toml or in a file that it names, in words for the person who edits it.

Imports nothing of ours.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SHOWN: Final = 60
"""Characters of a wrong value that are shown."""

_HUGE: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where it stands, what is there, and what to write there instead.

    `line` counts from 1 (0: the file as a whole). `key` is the path of the key, tables of an array
    counted from 1 (`route[2].second_factor`); "" is the file. A secret value is never in `found`.
    `file` is another file than gateway.toml, as gateway.toml names it. A warning that `is_hint` is
    about good custom rather than danger.
    """

    line: int
    key: str
    found: str
    expected: str
    file: str = ""
    is_hint: bool = False

    def sentence(self) -> str:
        """Return the finding without its line."""
        where = f"{self.key}: " if self.key else ""
        return f"{where}found {self.found}; write {self.expected}"


class SettingsError(Exception):
    """gateway.toml cannot be used. `problems` holds every error, by file and line.

    `files` are those that it names and that were read, with their digests, as far as it was read.
    """

    def __init__(
        self, file: str, problems: Iterable[Problem], files: Mapping[Path, str] | None = None
    ) -> None:
        self.file: Final = file
        self.problems: Final = tuple(
            sorted(problems, key=lambda problem: (problem.file, problem.line))
        )
        self.files: Final = files or {}
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return each problem on a line of its own, with where it stands."""
        return list(map(self._line, self.problems))

    def _line(self, problem: Problem) -> str:
        file = problem.file or self.file
        where = f"{file}:{problem.line}" if problem.line else file
        return f"{where}: {problem.sentence()}"


def show(value: object) -> str:
    """Return a value of the file as a person would write it, short and safe for a terminal."""
    match value:
        case str():
            cut = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
            return printable(json.dumps(cut, ensure_ascii=False))
        case int() if abs(value) >= _HUGE:
            return "a huge number"
        case bool() | int() | float():
            return json.dumps(value)
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return "a date or time"


def printable(text: str) -> str:
    """Return `text` with every character that could move a terminal's cursor escaped."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def closest(found: str, options: Iterable[str]) -> str | None:
    """Return the option that `found` most likely misspells, or None."""
    by_fold = {option.casefold().replace("-", "_"): option for option in options}
    near = difflib.get_close_matches(found.casefold().replace("-", "_"), by_fold, n=1, cutoff=0.6)
    return by_fold[near[0]] if near else None


def choice_of(found: object, options: Sequence[str]) -> str:
    """Return the words for "one of these", a likely misspelling's meaning first."""
    meant = closest(found, options) if isinstance(found, str) else None
    listed = ", ".join(show(option) for option in options if option != meant)
    if meant is None:
        return f"one of: {listed}" if len(options) > 1 else listed
    return f"{show(meant)} (did you mean that?), else {listed}" if listed else show(meant)
