"""What gateway.toml's own comments say about its keys and tables: one truth for file and schema.

A comment belongs to the key or header right below it. `# key = value` is a key that is off.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_HEADER: Final = re.compile(r"\[\[?([a-z_.]+)\]\]?")
_KEY: Final = re.compile(r"(# )?([a-z_]+) = (.+)")
_FILE: Final = Path(__file__).parents[2] / "gateway.toml"

Name = tuple[str, ...]
"""The path of a table or key, without the indices of arrays."""


@dataclass(frozen=True, slots=True)
class Comments:
    """Sentences by path, and the values of keys that are off, as examples."""

    sentences: dict[Name, str] = field(default_factory=dict)
    examples: dict[Name, Any] = field(default_factory=dict)


def our_comments() -> Comments:
    """Return those of the gateway.toml of the clone that we run from; none outside of a clone."""
    return read_comments(_FILE.read_text("utf-8")) if _FILE.is_file() else Comments()


def read_comments(text: str) -> Comments:
    """Return what the comments of a gateway.toml say; the first mention of a key counts."""
    comments = Comments()
    table: Name = ()
    above: list[str] = []
    for line in text.splitlines():
        if header := _HEADER.fullmatch(line):
            table = tuple(header[1].split("."))
            comments.sentences.setdefault(table, " ".join(above))
        elif key := _KEY.fullmatch(line):
            name = (*table, key[2])
            comments.sentences.setdefault(name, " ".join(above))
            if key[1]:
                comments.examples.setdefault(name, _value(key[3]))
        elif line.startswith("# "):
            above.append(line.removeprefix("# "))
            continue
        above = []
    return comments


def _value(source: str) -> Any:
    return tomllib.loads(f"value = {source}")["value"]
