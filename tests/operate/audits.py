"""Audits to write, spoil and look at."""

from __future__ import annotations

from pathlib import Path

from gateway.auth.ports import AuditEvent
from gateway.operate.audit_chain import Chain
from gateway.operate.audit_file import AuditFile
from gateway.operate.audit_position import read_position

CHAIN = Chain(b"k" * 32)
OTHER = Chain(b"o" * 32)


class Clock:
    def now(self) -> float:
        return 1_795_360_343.25


def event(**more: str) -> AuditEvent:
    return AuditEvent("logon.password", "192.0.2.7", "internet", "rejected", **more)


class Place:
    """A directory with an audit in it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "audit.jsonl"
        self.position = directory / "state" / "audit-position"

    def open(self, chain: Chain = CHAIN) -> AuditFile:
        return AuditFile(self.path, self.position, chain, Clock())

    def write(self, *users: str, chain: Chain = CHAIN) -> None:
        audit = self.open(chain)
        for user in users:
            audit.write(event(user=user))
        audit.close()

    def lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines(keepends=True)

    def kept(self):
        return read_position(self.position, CHAIN)
