"""gateway.toml as tomllib reads it, with the line of each key. Imports settings' own words only."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.settings.positions import Lines, scan
from gateway.settings.problems import Problem, SettingsError, printable

MAX_FILE: Final = 1024 * 1024
"""Bytes of gateway.toml that are read; more is a mistake."""

_REPEATED: Final = (" twice", "overwrite a value")
_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")


@dataclass(frozen=True, slots=True)
class Document:
    """The file's values as plain dicts and lists; `digest` is the SHA-256 of its bytes, in hex."""

    values: dict[str, object]
    lines: Lines
    digest: str


def read_document(path: Path) -> Document:
    """Read a TOML 1.0 file. Raises SettingsError, with line and column, when it is none."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise _whole_file(path, f"{reason}: {path}", "the path of a readable file") from None
    if len(content) > MAX_FILE:
        raise _whole_file(path, "a file above 1 MiB", "a shorter one")
    text = _decoded(path, content)
    try:
        values = tomllib.loads(text)
        lines = scan(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path.name, [_syntax(str(error), text)]) from None
    except (RecursionError, ValueError):  # thousands of brackets, or of digits
        found = "values nested or numbers written too deep to read"
        raise _whole_file(path, found, "plainer values") from None
    return Document(values, lines, hashlib.sha256(content).hexdigest())


def _decoded(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = Problem(line, "", "bytes that are not UTF-8", "the file in UTF-8")
        raise SettingsError(path.name, [problem]) from None
    return text.replace("\r\n", "\n")


def _syntax(message: str, text: str) -> Problem:
    """Put tomllib's words into ours; the column is part of what was found."""
    where = _WHERE.search(message)
    words = printable(message[: where.start()] if where else message)
    if where is None or where[1] is None:
        line = text.count("\n") + (not text.endswith("\n"))
        return Problem(line, "", f"at the end of the file: {words}", "valid TOML (toml.io)")
    line, column = int(where[1]), int(where[2])
    source = printable(text.split("\n")[line - 1].strip()[:60])
    hint = 'valid TOML (toml.io): text stands in quotes, as key = "value"'
    if words.endswith(_REPEATED):
        hint = "each key and each table once"
    # The line itself may hold a secret: only its key is shown.
    key = source.partition("=")[0].strip() if "=" in source else ""
    after = f" after {key}" if key else ""
    return Problem(line, "", f"at column {column}{after}: {words}", hint)


def _whole_file(path: Path, found: str, expected: str) -> SettingsError:
    return SettingsError(path.name, [Problem(0, "", printable(found), expected)])
