"""Parsers of plain values: text, numbers, choices, lists, durations, sizes, rates, paths.

Each takes a `Value`, raises `Refused` with the words for what to write, and carries its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gateway.settings import shapes, units
from gateway.settings.model import Rate
from gateway.settings.problems import choice_of, printable
from gateway.settings.reading import Refused, Shaped, Value, shaped

T = TypeVar("T")


class _Ordered(Protocol):
    def __le__(self, other: Any, /) -> bool: ...


O = TypeVar("O", bound=_Ordered)  # noqa: E741 - a type's name


@shaped(shapes.FLAG)
def flag(value: Value) -> bool:
    """Read true or false."""
    if not isinstance(value.raw, bool):
        raise value.refusal("true or false")
    return value.raw


@shaped(shapes.TEXT)
def text(value: Value) -> str:
    """Read one line of text that is not empty."""
    if not isinstance(value.raw, str):
        raise value.refusal("text in quotes")
    if not value.raw.strip() or not value.raw.isprintable():
        raise value.refusal("one line of text that is not empty")
    return value.raw


def one_of(*options: str) -> Shaped[str]:
    """Read one of a few words."""

    @shaped(shapes.words(options))
    def parse(value: Value) -> str:
        if value.raw not in options:
            raise value.refusal(choice_of(value.raw, options))
        return str(value.raw)

    return parse


def name_of(options: Sequence[str]) -> Shaped[str]:
    """Read one of the names that stand elsewhere in the file; the schema cannot know them."""
    return Shaped(shapes.TEXT, one_of(*options))


def whole(least: int, most: int) -> Shaped[int]:
    """Read a whole number without a unit."""

    @shaped(shapes.number(least, most))
    def parse(value: Value) -> int:
        number = value.raw
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise value.refusal(f"a whole number from {least} to {most}")
        return number

    return parse


@shaped(shapes.SHARE)
def share(value: Value) -> float:
    """Read a part of a whole, from 0 to 1."""
    number = value.raw
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number <= 1:
        raise value.refusal("a part of a whole from 0 to 1, as 0.01")
    return float(number)


@shaped(shapes.DURATION)
def duration(value: Value) -> timedelta:
    """Read "1h30m"."""
    return _with_unit(value, units.parse_duration, units.DURATION)


@shaped(shapes.SIZE)
def size(value: Value) -> int:
    """Read "64KiB" as bytes."""
    return _with_unit(value, units.parse_size, units.SIZE)


@shaped(shapes.RATE)
def rate(value: Value) -> Rate:
    """Read "5/5m"."""
    return _with_unit(value, units.parse_rate, units.RATE)


def between(parse: Shaped[O], least: O, most: O, words: str) -> Shaped[O]:
    """Read with `parse` and refuse what is out of bounds; `words` say the bounds."""

    @shaped(shapes.saying(parse.shape, f"{words[0].upper()}{words[1:]}."))
    def bounded(value: Value) -> O:
        read = parse(value)
        if not least <= read <= most:
            raise value.refusal(words)
        return read

    return bounded


def lasting(shortest: str, longest: str) -> Shaped[timedelta]:
    """Read a duration within bounds that are written as the file writes them."""
    least, most = units.parse_duration(shortest), units.parse_duration(longest)
    return between(duration, least, most, f'a duration from "{shortest}" to "{longest}"')


def sized(smallest: str, largest: str) -> Shaped[int]:
    """Read a size within bounds that are written as the file writes them."""
    least, most = units.parse_size(smallest), units.parse_size(largest)
    return between(size, least, most, f'a size from "{smallest}" to "{largest}"')


def list_of(parse: Shaped[T], expected: str) -> Shaped[tuple[T, ...]]:
    """Read a list; every element that is refused is told."""

    @shaped(shapes.listing(parse.shape))
    def parse_all(value: Value) -> tuple[T, ...]:
        read: list[T] = []
        elements = value.elements(expected)
        for element in elements:
            try:
                read.append(parse(element))
            except Refused as refused:
                value.keep(refused)
        if len(read) < len(elements):
            raise Refused
        return tuple(read)

    return parse_all


@shaped(shapes.TEXT)
def file_path(value: Value) -> Path:
    """Read a path; a relative one is relative to the directory of gateway.toml."""
    written = text(value)
    return value.reading.base / Path(written)


@shaped(shapes.TEXT)
def existing_file(value: Value) -> Path:
    """Read the path of a file that can be read."""
    path = file_path(value)
    value.reading.note(path)
    try:
        path.open("rb").close()
    except OSError as error:
        raise value.refusal("the path of a readable file", why(path, error)) from None
    return path


def why(path: Path, error: OSError) -> str:
    """Return what is wrong with a file, and which file was meant."""
    return f"{(error.strerror or type(error).__name__).lower()}: {printable(str(path))}"


def worded(value: Value, parse: Callable[[str], T]) -> T:
    """Parse a text with a function whose ValueError says what to write."""
    written = text(value)
    try:
        return parse(written)
    except ValueError as error:
        raise value.refusal(str(error)) from None


def _with_unit(value: Value, parse: Callable[[str], T], expected: str) -> T:
    if not isinstance(value.raw, str):
        raise value.refusal(expected)
    return worded(value, parse)
