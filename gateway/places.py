"""Where the gateway keeps what is its own: private directories, sockets, the server's secret."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

_LONGEST_SOCKET: Final = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
_SECRET_BYTES: Final = 32


def private_directory(path: Path) -> Path:
    """Return `path` as a directory that only its owner may enter, made when missing.

    Raises OSError, also for a directory that others share (owned by another, or sticky as /tmp):
    closing that one would shut them out.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.stat()
    if status.st_uid != os.geteuid() or status.st_mode & stat.S_ISVTX:
        raise PermissionError(errno.EPERM, "it is shared with others", str(path))
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


def make_private(place: str) -> None:
    """Let nobody but the owner open what is at `place`."""
    Path(place).chmod(0o600)


def remove(place: str) -> None:
    """Remove a file, if it is there."""
    Path(place).unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # One that has ended and that nobody has waited for yet (Linux tells) runs no more.
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2]
        return state.split()[0] != "Z"
    return True


def replace_file(path: Path, data: bytes) -> os.stat_result:
    """Put a file (0600) in place, whole or not at all, and return what it is on the disk."""
    descriptor, made = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            if os.geteuid() == 0:  # an operator's root must not shut the gateway's user out
                owner = path.parent.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            status = os.fstat(descriptor)
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
    return status


def make_secret(path: Path) -> str:
    """Return the secret in the file at `path`, made (0600) when there is none yet.

    Whole or not at all: of several who make it at once, all return the first one's.
    """
    if not path.parent.exists():
        private_directory(path.parent)
    if not path.exists():
        descriptor, made = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # 0600
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(_SECRET_BYTES) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(made, path)
        finally:
            Path(made).unlink()
    return path.read_text("ascii").strip()
