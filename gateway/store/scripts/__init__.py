"""The Lua scripts of the store, as package data: one atomic step each."""

from __future__ import annotations

from importlib.resources import files


def names() -> list[str]:
    """Return the names of all scripts, sorted."""
    entries = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(".lua") for name in entries if name.endswith(".lua"))


def text(name: str) -> str:
    """Return the source of a script: Redis knows it by the SHA1 of these bytes."""
    return files(__name__).joinpath(f"{name}.lua").read_text(encoding="utf-8")
