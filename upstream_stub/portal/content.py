"""What the portal tells its employees, read once from content.toml beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class News:
    """One item of news; `body` holds its paragraphs."""

    slug: str
    kind: str
    day: str
    title: str
    lead: str
    body: list[str]


@dataclass(frozen=True, slots=True)
class Document:
    """One line of the document list."""

    title: str
    kind: str
    version: str
    size: str


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of a week; `day` is 0 for Monday."""

    day: int
    hours: str
    place: str
    role: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One frequently asked question; `link` is an address and its words, or empty."""

    question: str
    answer: str
    link: tuple[str, ...] = ()


_CONTENT: Final[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)
NEWS: Final = tuple(News(**item) for item in _CONTENT["news"])
DOCUMENTS: Final = tuple(Document(**item) for item in _CONTENT["documents"])
SHIFTS: Final = tuple(Shift(**item) for item in _CONTENT["shifts"])
ANSWERS: Final = tuple(Answer(**item) for item in _CONTENT["answers"])
KINDS: Final[tuple[str, ...]] = tuple(_CONTENT["kinds"])
SUBJECTS: Final[tuple[str, ...]] = tuple(_CONTENT["subjects"])
DAYS: Final[tuple[str, ...]] = tuple(_CONTENT["days"])
MONTHS: Final[tuple[str, ...]] = tuple(_CONTENT["months"])
