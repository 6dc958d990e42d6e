"""Secrets: literal, from the environment (NAME, or the file in NAME_FILE), or from a file.

None is ever shown in a problem.

The key of `[secrets]` is held to ASVS 5.0 11.2.3 (at least 128 bits; here 32 characters) and may
be missing in the state directory, where the first start makes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.settings.model import Secret
from gateway.settings.reading import Shaped, Value, shaped
from gateway.settings.shapes import SECRET
from gateway.settings.values import file_path, text, why

FORMS: Final = 'a secret: text in quotes, { env = "NAME" } or { file = "path" }'
MIN_KEY: Final = 32
"""Characters of the key under `[secrets]`."""

_MAX_FILE: Final = 64 * 1024
_MIN_DISTINCT: Final = 8
_EXAMPLES: Final = (
    "changeme", "change-me", "change_me", "example", "secret", "password", "passw0rd", "your-key",
    "your_key", "yourkey", "replace", "insert", "default", "placeholder", "0123456789abcdef",
    "1234567890", "abcdefghijkl", "portvakt",
)  # fmt: skip


@shaped(SECRET)
def secret(value: Value) -> Secret:
    """Read a secret that must be there. Raises Refused without showing it."""
    if isinstance(value.raw, str):
        return Secret(_whole(value, value.raw), is_literal=True)
    if not isinstance(value.raw, dict):
        raise value.refusal(FORMS, "something that is neither text nor a table")
    entries = value.entries(FORMS)
    if set(entries) == {"env"}:
        return _of_environment(entries["env"])
    if set(entries) == {"file"}:
        return _of_file(entries["file"], file_path(entries["file"]))
    raise value.refusal(FORMS, f"a table of {len(entries)} keys")


def key_secret(state_dir: Path) -> Shaped[tuple[Secret, Path | None]]:
    """Read the key of `[secrets]` and the file it lives in.

    A file that is missing under `state_dir` gives an empty Secret: the first start makes it.
    """

    @shaped(SECRET)
    def parse(value: Value) -> tuple[Secret, Path | None]:
        file = _file_of(value)
        if file is not None:
            value.reading.note(file)
        if file is not None and is_missing(file) and _is_under(file, state_dir):
            return Secret(""), file
        key = secret(value)
        _judge_key(value, key.reveal())
        return key, file

    return parse


def is_missing(path: Path) -> bool:
    """Return whether nothing is at `path`; False when it cannot be seen, and reading tells why."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _is_under(path: Path, directory: Path) -> bool:
    """Return whether `path` lies in `directory`, links and dots resolved."""
    try:
        return path.resolve().is_relative_to(directory.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False


def _judge_key(value: Value, key: str) -> None:
    make_one = "a random one, as `openssl rand -hex 32` makes"
    if len(key) < MIN_KEY:
        found = f"a key of {len(key)} characters"
        raise value.refusal(f"at least {MIN_KEY} characters: {make_one}", found)
    folded = key.casefold()
    if len(set(key)) < _MIN_DISTINCT or any(word in folded for word in _EXAMPLES):
        raise value.refusal(make_one, "a key that looks like an example")


def _file_of(value: Value) -> Path | None:
    raw = value.raw
    if not isinstance(raw, dict) or set(raw) != {"file"}:
        return None
    return file_path(value.entries(FORMS)["file"])


def _of_environment(value: Value) -> Secret:
    """Read a variable, or the file that NAME_FILE names: containers are given secrets that way."""
    name, environ = text(value), value.reading.environ
    found, file = environ.get(name), environ.get(name + "_FILE")
    if found is not None and file is not None:
        raise value.refusal(f"{name} or {name}_FILE in the environment", "both are set")
    if file is not None:
        return _of_file(value, value.reading.base / file)
    if found is None:
        raise value.refusal(
            f"the name of a variable that is set ({name} is not, nor {name}_FILE for a file)"
        )
    return Secret(_whole(value, found))


def _of_file(value: Value, path: Path) -> Secret:
    value.reading.note(path)
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE + 1)
        if len(content) > _MAX_FILE:
            raise value.refusal("a file of at most 64 KiB", f"a longer one: {path}")
        plain = content.decode().removesuffix("\n").removesuffix("\r")
        return Secret(_whole(value, plain), file=path)
    except OSError as error:
        raise value.refusal("the path of a readable file", why(path, error)) from None
    except UnicodeDecodeError:
        raise value.refusal("a file of UTF-8 text", f"other bytes: {path}") from None


def _whole(value: Value, found: str) -> str:
    if not found.strip():
        raise value.refusal("a secret that is not empty", "an empty secret")
    if not found.isprintable():
        raise value.refusal("a secret on one line", "line ends or control characters in a secret")
    return found
