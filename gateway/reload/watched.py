"""Which directories tell of a change to a file, however it is saved.

A file is told of by its directory: editors write in place or put another file in its place, and a
symbolic link anywhere on the way may be pointed elsewhere (Kubernetes swaps `..data`). So each
link on the way counts as an entry of the directory it lies in. Reads links, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

_MOST_LINKS: Final = 40


def telling(files: Iterable[Path], busy: Path) -> frozenset[Path]:
    """Return the directories, each there, that change when one of `files` does.

    What lies under `busy` (the state directory, which is written all the time) is left out.
    """
    entries = {entry for file in files for entry in _entries(file)}
    quiet = {entry.parent for entry in entries if not entry.is_relative_to(busy)}
    return frozenset(place for place in map(_existing, quiet) if place is not None)


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
