"""Which directories tell of a change to a file, however it is saved, and which of their entries.

A file is told of by its directory: editors write in place or put another file in its place, and a
symbolic link anywhere on the way may be pointed elsewhere (Kubernetes swaps `..data`). So each
link on the way counts as an entry of the directory it lies in. Reads links, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MOST_LINKS: Final = 40


@dataclass(frozen=True, slots=True)
class Watched:
    """Directories that exist, and the paths of entries in them that matter."""

    directories: frozenset[str]
    entries: frozenset[str]

    def concerns(self, _change: object, path: str) -> bool:
        """Return whether a change that was told of may be one of ours; a watch filter."""
        return path in self.entries or path in self.directories


def watched(files: Iterable[Path], busy: Path) -> Watched:
    """Return where changes to `files` are told.

    Directories under `busy` (the state directory, which is written all the time) are left out.
    """
    entries: set[Path] = set()
    for file in files:
        entries.update(_entries(file))
    quiet = {entry.parent for entry in entries if not entry.is_relative_to(busy)}
    directories = {place for place in map(_existing, quiet) if place is not None}
    return Watched(frozenset(map(str, directories)), frozenset(map(str, entries)))


def _entries(file: Path) -> Iterable[Path]:
    """Yield the file and every link on the way to it, each in a directory that is no link."""
    left, here, links = list(file.parts[1:]), Path(file.anchor), 0
    while left:
        name = left.pop(0)
        here = here.parent if name == ".." else here / name
        target = _target(here)
        if target is None:
            continue
        yield here
        links += 1
        if links > _MOST_LINKS:
            return
        here = Path(target.anchor) if target.is_absolute() else here.parent
        left[:0] = target.parts[1:] if target.is_absolute() else target.parts
    yield here


def _target(path: Path) -> Path | None:
    try:
        return path.readlink()
    except OSError:  # no link, or nothing at all
        return None


def _existing(directory: Path) -> Path | None:
    """Return the directory, or the nearest one above it that is there."""
    return next((place for place in (directory, *directory.parents) if place.is_dir()), None)
