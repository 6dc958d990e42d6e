"""How one value, one table and the whole file are read: every error is kept, none ends the reading.

A parser is a function from a `Value` to what it means; it raises `Refused` with the words for what
to write, and carries the shape of what it accepts (`Shaped`). A `Table` hands values to parsers,
falls back to the default after an error, and reports keys that nobody asked for; what it is asked
for is what the JSON Schema is made of. Imports settings' own words only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from gateway.settings.files import digest_of
from gateway.settings.positions import KeyPath, Lines, render
from gateway.settings.problems import Problem, choice_of, closest, show
from gateway.settings.shapes import TABLE, Fragment, listing

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Refused(Exception):
    """A value was refused. Whoever raises a bare one has told the problems already."""

    def __init__(self, problem: Problem | None = None) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Asked:
    """One question for a key of the table at `path`. `shape` is that of the value.

    `default` is None for a key without one, which is `needed`, and for one that is off. `key` is
    the pattern of further names where the table's keys are not known (`is_pattern`).
    """

    path: KeyPath
    key: str
    shape: Fragment
    default: object = None
    needed: bool = False
    is_pattern: bool = False


@dataclass(slots=True)
class Reading:
    """One reading of one file: what it may look at, and the problems so far.

    Relative paths are relative to `base`; `environ` holds the environment's variables. `files` are
    those that the file names and that are read, each with its digest. `asked` collects what is
    asked for, where somebody wants to know.
    """

    base: Path
    environ: Mapping[str, str]
    lines: Lines
    problems: list[Problem] = field(default_factory=list)
    files: dict[Path, str] = field(default_factory=dict)
    asked: list[Asked] | None = None

    def tell(self, path: KeyPath, found: str, expected: str) -> None:
        """Keep a problem at `path`."""
        self.problems.append(Problem(self.lines.of(path), render(path), found, expected))

    def note(self, path: Path) -> None:
        """Keep the digest of a file or directory. To be called before it is read.

        Then a change between the two only means that it is read once more.
        """
        self.files[path] = digest_of(path)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the file, and where it stands."""

    reading: Reading
    path: KeyPath
    raw: object

    def refusal(self, expected: str, found: str | None = None) -> Refused:
        """Return the exception to raise; a secret value gives its own `found`."""
        shown = show(self.raw) if found is None else found
        line = self.reading.lines.of(self.path)
        return Refused(Problem(line, render(self.path), shown, expected))

    def elements(self, expected: str) -> list[Value]:
        """Return the elements of a list. Raises Refused for anything else."""
        if not isinstance(self.raw, list):
            raise self.refusal(expected)
        return [Value(self.reading, (*self.path, index), raw) for index, raw in enumerate(self.raw)]

    def entries(self, expected: str) -> dict[str, Value]:
        """Return the entries of a table. Raises Refused for anything else."""
        if not isinstance(self.raw, dict):
            raise self.refusal(expected)
        return {
            str(key): Value(self.reading, (*self.path, str(key)), raw)
            for key, raw in self.raw.items()
        }

    def table(self) -> Table:
        """Return the table that this value is; an empty one, with a problem told, if it is none."""
        try:
            entries = self.entries(f"a table, as [{render(self.path)}]")
        except Refused as refused:
            self.keep(refused)
            return Table(self.reading, self.path, {}, broken=True)
        return Table(self.reading, self.path, entries)

    def keep(self, refused: Refused) -> None:
        """Keep the problem of a parser that gave up."""
        if refused.problem is not None:
            self.reading.problems.append(refused.problem)


@dataclass(frozen=True, slots=True)
class Shaped(Generic[T_co]):
    """A parser, and the JSON Schema of what it accepts (a part of what the schema lets through)."""

    shape: Fragment
    parse: Callable[[Value], T_co]

    def __call__(self, value: Value) -> T_co:
        """Return what a value means. Raises Refused."""
        return self.parse(value)


def shaped(shape: Fragment) -> Callable[[Callable[[Value], T]], Shaped[T]]:
    """Give a parser its shape."""
    return lambda parse: Shaped(shape, parse)


class Table:
    """One table of the file. Leave it through `closing`, which reports the keys nobody read."""

    def __init__(
        self, reading: Reading, path: KeyPath, values: dict[str, Value], *, broken: bool = False
    ) -> None:
        self.reading = reading
        self.path = path
        self._values = values
        self._broken = broken
        self._known: list[str] = []
        self._later: set[str] = set()

    @property
    def line(self) -> int:
        """The line of the table's header."""
        return self.reading.lines.of(self.path)

    def has(self, key: str) -> bool:
        """Return whether the file says anything for `key`."""
        return key in self._values

    def says(self, key: str) -> object:
        """Return what the file says for `key`, unread; None when it says nothing."""
        value = self._values.get(key)
        return value.raw if value else None

    def names(self) -> tuple[str, ...]:
        """Return the keys that the file gives, in their order."""
        return tuple(self._values)

    def read(self, key: str, default: T, parse: Shaped[T]) -> T:
        """Return what `key` says; the default when it is missing, or refused with a problem."""
        self._ask(key, parse.shape, default)
        return self._read(key, default, parse)

    def _read(self, key: str, default: T, parse: Shaped[T]) -> T:
        self._known.append(key)
        value = self._values.get(key)
        if value is None:
            return default
        try:
            return parse(value)
        except Refused as refused:
            value.keep(refused)
            return default

    def need(self, key: str, stand_in: T, parse: Shaped[T], example: str) -> T:
        """Read a key without a default; a missing one is a problem, and `stand_in` comes back."""
        self._ask(key, parse.shape, needed=True)
        if key not in self._values and not self._broken:
            self.tell(key, "nothing", f"{key} = {example}")
        return self._read(key, stand_in, parse)

    def read_others(self, names: str, default: T, parse: Shaped[T]) -> dict[str, T]:
        """Read every key that was not asked for yet, in their order; `names` is their pattern.

        What does not match is read like the others: the caller tells what is wrong with a name.
        """
        self._ask(names, parse.shape, is_pattern=True)
        others = [key for key in self._values if key not in self._known]
        return {key: self._read(key, default, parse) for key in others}

    def table(self, key: str, default: object = None) -> Table:
        """Return a table of this one, empty when it is missing; `default` is what that means."""
        self._ask(key, TABLE, default)
        self._known.append(key)
        value = self._values.get(key)
        return value.table() if value else Table(self.reading, (*self.path, key), {})

    def tables(self, key: str, *, needed: bool = False) -> list[Table]:
        """Return the tables of an array of tables (`[[key]]`), none when it is missing."""
        self._ask(key, listing(TABLE), needed=needed)
        self._known.append(key)
        value = self._values.get(key)
        if value is None:
            return []
        try:
            return [element.table() for element in value.elements(f"tables, each as [[{key}]]")]
        except Refused as refused:
            value.keep(refused)
            return []

    def _ask(
        self,
        key: str,
        shape: Fragment,
        default: object = None,
        *,
        needed: bool = False,
        is_pattern: bool = False,
    ) -> None:
        if self.reading.asked is not None:
            self.reading.asked.append(Asked(self.path, key, shape, default, needed, is_pattern))

    def forget(self) -> None:
        """Report no unknown keys here: what the table means is not known."""
        self._known.extend(self._values)

    def later(self, *keys: str) -> None:
        """Name the keys that a later version will read."""
        self._later.update(keys)

    def tell(self, key: str, found: str, expected: str) -> None:
        """Keep a problem at `key` of this table."""
        self.reading.tell((*self.path, key), found, expected)

    @contextmanager
    def closing(self) -> Iterator[Table]:
        """Read inside; at the end every key that was not asked for is a problem."""
        yield self
        for key in self._values:
            if key in self._later:
                self.tell(key, "a key that is not available yet in this version", "nothing here")
            elif key not in self._known:
                meant = closest(key, self._known)
                known = show(meant) if meant else choice_of(None, self._known)
                self.tell(key, "an unknown key", known)
