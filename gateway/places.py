"""Where the gateway keeps what is its own: private directories, sockets, the server's secret."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

_LONGEST_SOCKET: Final = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
_SECRET_BYTES: Final = 32


def private_directory(path: Path) -> Path:
    """Return `path` as a directory that only its owner may enter, made when missing."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def socket_directory(state_dir: Path) -> Path:
    """Return a private directory for unix sockets; elsewhere when `state_dir` is too long."""
    place = state_dir / "run"
    if len(os.fsencode(place / "pages-4194304.sock")) <= _LONGEST_SOCKET:
        return private_directory(place)
    return Path(tempfile.mkdtemp(prefix="portvakt-"))


def pages_socket(state_dir: Path) -> Path:
    """Return where this process serves its pages; what dead workers left there is removed."""
    directory = socket_directory(state_dir)
    for left in directory.glob("pages-*.sock"):
        pid = left.stem.removeprefix("pages-")
        if not pid.isdecimal() or not _runs(int(pid)):
            left.unlink(missing_ok=True)
    own = directory / f"pages-{os.getpid()}.sock"
    own.unlink(missing_ok=True)
    return own


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def make_secret(path: Path) -> str:
    """Return the secret in the file at `path`, made (0600) when there is none yet."""
    if not path.parent.exists():
        private_directory(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())
    return secret
