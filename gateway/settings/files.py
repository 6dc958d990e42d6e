"""What was in the files that gateway.toml names: a digest each, so that a change of one is seen.

Imports nothing of ours.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex, "" for what is no file that can be read.

    A directory counts as the files in it, by name, size and time.
    """
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            return _digest_of_directory(path)
        if not stat.S_ISREG(kind):  # a pipe would be waited for, and read empty
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _digest_of_directory(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        status = file.lstat()
        line = f"{file.relative_to(path)}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}"
        digest.update(line.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()
