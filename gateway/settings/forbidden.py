"""The file of further forbidden passwords: UTF-8 text, one password a line.

Empty lines are skipped; there are no comments, since a password may begin with any sign.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.settings.reading import Value, shaped
from gateway.settings.shapes import TEXT
from gateway.settings.values import file_path, why
from policies.passwords import normal

MOST: Final = 64 * 1024 * 1024
"""Bytes of the file; a longer one belongs into a service of its own."""


def read_forbidden(path: Path) -> frozenset[str]:
    """Return the passwords of a file, as `policies.passwords.normal` spells them.

    Raises OSError, or ValueError for a file that is too long or not UTF-8.
    """
    with path.open("rb") as file:
        content = file.read(MOST + 1)
    if len(content) > MOST:
        raise ValueError(f"a file of at most {MOST // 1024 // 1024} MiB")
    lines = content.decode("utf-8-sig").split("\n")
    return frozenset(normal(line.removesuffix("\r")) for line in lines) - {""}


@shaped(TEXT)
def forbidden_file(value: Value) -> Path:
    """Read the path of such a file, and the file, so that a bad one is found now."""
    path = file_path(value)
    value.reading.note(path)
    try:
        read_forbidden(path)
    except OSError as error:
        raise value.refusal("the path of a readable file", why(path, error)) from None
    except UnicodeDecodeError:
        raise value.refusal("a file of UTF-8 text", f"other bytes: {path}") from None
    except ValueError as error:
        raise value.refusal(str(error), f"a longer one: {path}") from None
    return path
