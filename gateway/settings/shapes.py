"""JSON Schema fragments (2020-12) of the plain values of gateway.toml. Pure; imports units only.

A fragment accepts all that its parser accepts, and as little else as JSON Schema can say; bounds
that it cannot say stand in the `description`, for whoever edits the file. Patterns are ECMA-262.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from gateway.settings import units

Fragment = dict[str, Any]
"""A JSON Schema, or a part of one."""

FLAG: Final[Fragment] = {"type": "boolean"}
TEXT: Final[Fragment] = {"type": "string", "pattern": r"\S"}
DURATION: Final[Fragment] = {"type": "string", "pattern": units.DURATION_PATTERN}
SIZE: Final[Fragment] = {"type": "string", "pattern": units.SIZE_PATTERN}
RATE: Final[Fragment] = {"type": "string", "pattern": units.RATE_PATTERN}
TABLE: Final[Fragment] = {"type": "object"}
"""A table whose parser reads its keys one by one: the schema learns them by watching."""

SHARE: Final[Fragment] = {"type": "number", "minimum": 0, "maximum": 1}

SECRET: Final[Fragment] = {
    "anyOf": [
        TEXT,
        *(
            {
                "type": "object",
                "properties": {form: TEXT},
                "required": [form],
                "additionalProperties": False,
            }
            for form in ("env", "file")
        ),
    ]
}
"""Text, or where it is: `{ env = "NAME" }` or `{ file = "path" }`."""


def number(least: int, most: int) -> Fragment:
    """Return the shape of a whole number."""
    return {"type": "integer", "minimum": least, "maximum": most}


def words(options: Iterable[str]) -> Fragment:
    """Return the shape of one of a few words."""
    return {"enum": list(options)}


def matching(pattern: str) -> Fragment:
    """Return the shape of a text; `pattern` is for the whole of it, and the same in ECMA-262."""
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def listing(element: Fragment, *, least: int = 0, unique: bool = False) -> Fragment:
    """Return the shape of a list."""
    shape: Fragment = {"type": "array", "items": element}
    if least:
        shape["minItems"] = least
    if unique:
        shape["uniqueItems"] = True
    return shape


def entries(value: Fragment, names: str = "") -> Fragment:
    """Return the shape of a table of free keys; `names` is their pattern, "" for any."""
    shape: Fragment = {"type": "object", "additionalProperties": value}
    if names:
        shape["propertyNames"] = {"pattern": f"^(?:{names})$"}
    return shape


def either(*shapes: Fragment) -> Fragment:
    """Return the shape of what has one of several."""
    return {"anyOf": list(shapes)}


def saying(shape: Fragment, words: str) -> Fragment:
    """Return a shape with what it cannot say in words."""
    return {**shape, "description": words}
