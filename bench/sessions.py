"""Sessions written straight into a gateway's Redis, sealed as the gateway seals them.

Nobody logs on for them, so twenty thousand take a second.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from redis import Redis

from bench.processes import process, wait_until
from gateway.auth.live import dump
from gateway.auth.model import SessionRecord
from gateway.auth.sealing import Sealer, key_name
from gateway.auth.session_labels import SessionLabel, seal_label, user_index
from gateway.store.embedded import reached
from gateway.store.redis_server import find_server
from gateway.system import SystemEntropy

_PREFIX = "portvakt:"
_LIFETIME_MS = 3_600_000
_BATCH = 1000
_FILLED = 5000
_FILL = """
for number = tonumber(ARGV[1]), tonumber(ARGV[2]) - 1 do
  local name = redis.sha1hex(number) .. string.sub(redis.sha1hex(number .. 'x'), 1, 24)
  redis.call('HSET', KEYS[1] .. name, 'record', ARGV[3], 'seen', ARGV[4], 'index', name,
    'label', ARGV[5])
  redis.call('PEXPIRE', KEYS[1] .. name, ARGV[6])
end
"""


def write(state_dir: Path, groups: tuple[str, ...], count: int) -> Sequence[str]:
    """Write so many sessions, each of another person; return their tokens."""
    sealer = _sealer(state_dir)
    tokens = [sealer.new_token() for _ in range(count)]
    with reached(state_dir) as url, Redis.from_url(url, protocol=2) as redis:
        for start in range(0, count, _BATCH):
            pipe = redis.pipeline(transaction=False)
            for number, token in enumerate(tokens[start : start + _BATCH], start):
                key = key_name(token.encode())
                fields = _fields(sealer, token, f"person{number}", groups)
                pipe.hset(f"{_PREFIX}session:{key}", mapping=fields)
                pipe.pexpire(f"{_PREFIX}session:{key}", _LIFETIME_MS)
            pipe.execute()
    return tokens


def fill(url: str, count: int) -> None:
    """Let so many sessions of nobody lie in a Redis: as large as others, but none can be opened."""
    sealer = Sealer(bytes(32), SystemEntropy())
    fields = _fields(sealer, sealer.new_token(), "nobody", ("staff",))
    with Redis.from_url(url, protocol=2) as redis:
        script = redis.register_script(_FILL)
        for start in range(0, count, _FILLED):
            end = min(count, start + _FILLED)
            args = [start, end, fields["record"], fields["seen"], fields["label"], _LIFETIME_MS]
            script(keys=[f"{_PREFIX}session:"], args=args)


@contextlib.contextmanager
def store(place: Path) -> Iterator[str]:
    """Run a Redis that keeps nothing on the disk; yield its URL."""
    place.mkdir()
    socket = place / "redis.sock"
    command = [str(find_server()), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    with process(command, place / "redis.log"):
        wait_until(socket.exists)
        yield f"unix://{socket}"


def _sealer(state_dir: Path) -> Sealer:
    return Sealer((state_dir / "secret.key").read_text().strip().encode(), SystemEntropy())


def _fields(
    sealer: Sealer, token: str, user: str, groups: tuple[str, ...]
) -> dict[str, str | bytes]:
    now = time.time()  # noqa: TID251 - a bench needs no Clock
    record = SessionRecord(
        user, user.title(), f"{user}@example.com", groups, ("pwd",), "corporate", now
    )
    label = SessionLabel(user, now, "corporate", "127.0.0.1", ("pwd",), "")
    return {
        "record": sealer.seal("session", token.encode(), dump(record)),
        "seen": repr(now),
        "index": f"{_PREFIX}sessions-of:{user_index(sealer, user)}",
        "label": seal_label(sealer, key_name(token.encode()), label),
    }
