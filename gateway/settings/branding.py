"""The table `[branding]` and the directory that it names: names, texts, logo, icon and style.

Every file of the directory is read when gateway.toml is, and judged with it, so that a look is as
good as its settings. What is missing stays as it is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from gateway.settings.model import BrandFile, Branding, OwnLook
from gateway.settings.own_texts import read_own_texts
from gateway.settings.pictures import png_faults, svg_faults
from gateway.settings.po import Fault
from gateway.settings.problems import Problem, printable
from gateway.settings.reading import Reading, Table, Value, shaped
from gateway.settings.shapes import TEXT, matching
from gateway.settings.sheets import sheet_faults
from gateway.settings.values import file_path, one_of, text, why
from gateway.texts.catalog import OwnText
from policies.languages import LANGUAGES

LARGEST: Final = {".po": 512 * 1024, ".svg": 256 * 1024, ".png": 512 * 1024, ".css": 128 * 1024}
"""Bytes of each kind of file."""

LOGOS: Final = ("logo.svg", "logo.png")
ICONS: Final = ("favicon.svg", "favicon.png")
STYLE: Final = "style.css"
TEXTS: Final = {f"{language}.po": language for language in LANGUAGES}
NAMES: Final = (*LOGOS, *ICONS, STYLE, *TEXTS)
"""What a directory may hold; anything else is left alone."""

OUR_PICTURES: Final = ("arches.svg", "mark.svg")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FOR_PEOPLE: Final = (".md", ".txt", ".mo", ".pot", "~")


def read_branding(file: Table) -> Branding:
    """Read `[branding]`."""
    usual = Branding()
    with file.table("branding").closing() as table:
        return Branding(
            organisation=table.read("organisation", usual.organisation, text),
            portal=table.read("portal", usual.portal, text),
            support_email=table.read("support_email", usual.support_email, _mail),
            content_email=table.read("content_email", usual.content_email, _mail),
            default_language=table.read(
                "default_language", usual.default_language, one_of(*LANGUAGES)
            ),
            own=table.read("directory", usual.own, _own_look),
        )


@shaped(matching(_MAIL.pattern))
def _mail(value: Value) -> str:
    found = text(value)
    if _MAIL.fullmatch(found) is None:
        raise value.refusal('an e-mail address, as "support@example.se"')
    return found


@shaped(TEXT)
def _own_look(value: Value) -> OwnLook:
    """Read a directory and all that is ours in it; faults stand under their file and line."""
    directory = file_path(value)
    for name in NAMES:  # also one that is not there yet
        value.reading.note(directory / name)
    try:
        there = sorted(place.name for place in directory.iterdir())
    except OSError as error:
        value.reading.note(directory)
        expected = "the path of a directory that can be read"
        raise value.refusal(expected, why(directory, error)) from None
    for either in (LOGOS, ICONS):
        if set(either) <= set(there):
            raise value.refusal(f"{either[0]} or {either[1]}", f"both in {printable(text(value))}")
    reader = _Reader(value.reading, directory, text(value))
    files = [reader.file(name) for name in NAMES if name in there and name not in TEXTS]
    texts = [reader.texts(name) for name in TEXTS if name in there]
    return OwnLook(
        directory=directory,
        files=tuple(one for one in files if one is not None),
        texts=tuple(one for listed in texts for one in listed),
        unread=tuple(name for name in there if _seems_meant(name)),
    )


def _seems_meant(name: str) -> bool:
    """Whether somebody may wonder why a file shows nowhere."""
    return name not in NAMES and not name.startswith(".") and not name.endswith(_FOR_PEOPLE)


class _Reader:
    """Reads the files of one directory; `shown` is its path as gateway.toml has it."""

    def __init__(self, reading: Reading, directory: Path, shown: str) -> None:
        self._reading = reading
        self._directory = directory
        self._shown = shown

    def file(self, name: str) -> BrandFile | None:
        """Return a picture or a style sheet; None when it is faulty."""
        content = self._content(name)
        if content is None:
            return None
        return None if self._tell(name, self._faults(name, content)) else BrandFile(name, content)

    def texts(self, name: str) -> list[OwnText]:
        """Return the texts of a catalog that are right."""
        content = self._content(name)
        written = None if content is None else self._decoded(name, content)
        if written is None:
            return []
        texts, faults = read_own_texts(TEXTS[name], written)
        self._tell(name, faults)
        return texts

    def _faults(self, name: str, content: bytes) -> list[Fault]:
        if name.endswith(".png"):
            return png_faults(content)
        written = self._decoded(name, content)
        if written is None:
            return []
        if name.endswith(".svg"):
            return svg_faults(written)
        pictures = (*OUR_PICTURES, *LOGOS, *ICONS)
        there = [one for one in pictures if one in OUR_PICTURES or (self._directory / one).exists()]
        return sheet_faults(written, there.__contains__, f"one of: {', '.join(there)}")

    def _content(self, name: str) -> bytes | None:
        place = self._directory / name
        most = LARGEST[place.suffix]
        try:
            if not place.is_file():  # opening a pipe would wait for its other end
                self._tell(name, [Fault(0, "no regular file", "a file, or nothing by this name")])
                return None
            with place.open("rb") as file:
                content = file.read(most + 1)
        except OSError as error:
            self._tell(name, [Fault(0, why(place, error), "a file that can be read")])
            return None
        if len(content) > most:
            self._tell(name, [Fault(0, "a longer file", f"at most {most // 1024} KiB")])
            return None
        return content

    def _decoded(self, name: str, content: bytes) -> str | None:
        try:
            return content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self._tell(name, [Fault(line, "bytes that are not UTF-8", "the file in UTF-8")])
            return None

    def _tell(self, name: str, faults: list[Fault]) -> bool:
        file = printable(f"{self._shown.rstrip('/')}/{name}")
        for fault in faults:
            found, expected = printable(fault.found), printable(fault.expected)
            self._reading.problems.append(Problem(fault.line, "", found, expected, file))
        return bool(faults)
