"""gateway/operate/audit_file.py: a line an event, whoever writes, whatever is in it."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from gateway.auth.ports import AuditEvent, Unavailable
from gateway.operate.audit_file import AuditFile

FIELDS = ["time", "event", "user", "client", "network", "route", "outcome", "reason", "ref"]


class Clock:
    def now(self) -> float:
        return 1_795_360_343.25


def event(**more: str) -> AuditEvent:
    return AuditEvent("logon.password", "192.0.2.7", "internet", "rejected", **more)


def test_a_line_holds_every_field(tmp_path: Path) -> None:
    audit = AuditFile(tmp_path / "audit.jsonl", Clock())
    audit.write(event(user="anna", reason="why", ref="r1", request_id="r1", route="/hr/"))
    audit.close()
    line = json.loads((tmp_path / "audit.jsonl").read_text())
    assert list(line) == [*FIELDS, "request_id"]
    assert line["time"] == "2026-11-22T15:12:23.250Z"
    assert (line["user"], line["route"], line["ref"]) == ("anna", "/hr/", "r1")


@pytest.mark.parametrize("hostile", ["a\nb", "a\r\n{}", "\x1b[2J", "\u2028", "å", '"}', "\x00"])
def test_no_value_begins_a_line_of_its_own(tmp_path: Path, hostile: str) -> None:
    audit = AuditFile(tmp_path / "audit.jsonl", Clock())
    audit.write(event(user=hostile))
    audit.write(event(user="next"))
    audit.close()
    raw = (tmp_path / "audit.jsonl").read_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == 2
    assert not any(byte < 0x20 for byte in raw.replace(b"\n", b""))
    assert json.loads(raw.splitlines()[0])["user"] == hostile


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    AuditFile(tmp_path / "in" / "audit.jsonl", Clock()).close()
    assert (tmp_path / "in" / "audit.jsonl").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_kept_is_told() -> None:
    audit = AuditFile(Path("/dev/full"), Clock())
    with pytest.raises(Unavailable, match="audit file"):
        audit.write(event())
    audit.close()


def _write_many(path: Path, name: str) -> None:
    audit = AuditFile(path, Clock())
    for _ in range(200):
        audit.write(event(user=name * 50))
    os._exit(0)


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_write_many, args=(path, name)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    users = [json.loads(line)["user"] for line in path.read_text().splitlines()]
    assert sorted(users) == ["a" * 50] * 200 + ["b" * 50] * 200
