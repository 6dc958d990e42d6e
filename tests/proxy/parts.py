"""A plan and heads for tests of the front door's pure parts."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.auth.live import LiveSession
from gateway.auth.model import SessionRecord
from gateway.proxy.plan import Plan, compile_plan
from gateway.proxy.tally import Tally
from gateway.settings.parse import read_settings
from gateway.settings.snapshot import compile_snapshot
from gateway.wire.request import HeadReader, RequestHead
from tests.proxy.house import INTRODUCTIONS, REPLIES, TOML

HOST = b"Host: localhost:8080\r\n"


def plan(changes: dict[str, str] | None = None) -> Plan:
    """Return the plan of the house's gateway.toml with some texts replaced."""
    text = TOML
    for old, new in (changes or {}).items():
        assert old in text
        text = text.replace(old, new)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "gateway.toml"
        path.write_text(text)
        snapshot = compile_snapshot(read_settings(path, {}))
        return compile_plan(snapshot, REPLIES, {}, INTRODUCTIONS, Tally())


def request(
    fields: bytes = b"", line: bytes = b"GET / HTTP/1.1", host: bytes = HOST
) -> RequestHead:
    """Return a parsed head."""
    return HeadReader(128, 16384).read(line + b"\r\n" + host + fields + b"\r\n")


def live(user: str = "anna", groups: tuple[str, ...] = ("hr", "x,y")) -> LiveSession:
    record = SessionRecord(
        user=user,
        name="Anna Öberg",
        email="",
        groups=groups,
        factors=("pwd", "otp"),
        network="internet",
        created=0.0,
    )
    return LiveSession(b"token", "key", record, 0.0)
