"""gateway/operate/audit_file.py: a line an event, whoever writes, whatever is in it."""

from __future__ import annotations

import errno
import json
import logging
import multiprocessing
import os
from pathlib import Path

import pytest

from gateway.auth.ports import Unavailable
from gateway.operate.audit_verify import verify_whole
from tests.operate.audits import CHAIN, OTHER, Place, event

FIELDS = ["time", "event", "user", "client", "network", "route", "outcome", "reason", "ref"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def whole(place: Place) -> int:
    """Return the number of the last line of an audit in which nothing is missing."""
    found = sorted(place.path.parent.glob("audit.jsonl*"), key=lambda path: path.stat().st_mtime_ns)
    return verify_whole(found, CHAIN, place.kept()).last.seq


def test_a_line_holds_every_field(place: Place) -> None:
    audit = place.open()
    audit.write(event(user="anna", reason="why", ref="r1", request_id="r1", route="/hr/"))
    audit.close()
    line = json.loads(place.path.read_text())
    assert list(line) == [*FIELDS, "request_id", "seq", "prev", "mac"]
    assert line["time"] == "2026-11-22T15:12:23.250Z"
    assert (line["user"], line["route"], line["ref"]) == ("anna", "/hr/", "r1")


@pytest.mark.parametrize("hostile", ["a\nb", "a\r\n{}", "\x1b[2J", "\u2028", "å", '"}', "\x00"])
def test_no_value_begins_a_line_of_its_own(place: Place, hostile: str) -> None:
    place.write(hostile, "next")
    raw = place.path.read_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == 2
    assert not any(byte < 0x20 for byte in raw.replace(b"\n", b""))
    assert json.loads(raw.splitlines()[0])["user"] == hostile
    assert whole(place) == 2


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    place = Place(tmp_path / "in")
    place.open().close()
    assert place.path.stat().st_mode & 0o777 == 0o600


def test_the_chain_goes_on_after_a_restart(place: Place) -> None:
    place.write("anna", "bo")
    place.write("cia")
    assert whole(place) == 3


def _write_many(place: Place, name: str) -> None:
    audit = place.open()
    for count in range(200):
        if count == 100 and name == "a":
            place.path.rename(place.path.with_name("audit.jsonl.1"))
        audit.write(event(user=name * 50))
    os._exit(0)


def test_one_chain_of_several_processes_over_a_rotation(place: Place) -> None:
    place.open().close()
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_write_many, args=(place, name)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    files = [place.path.with_name("audit.jsonl.1"), place.path]
    found = verify_whole(files, CHAIN, place.kept())
    assert (found.first, found.last.seq) == (1, 400)
    users = [json.loads(line)["user"] for path in files for line in path.read_text().splitlines()]
    assert sorted(users) == ["a" * 50] * 200 + ["b" * 50] * 200


def test_a_file_that_was_moved_away_is_let_go(place: Place) -> None:
    audit = place.open()
    audit.write(event(user="before"))
    place.path.rename(place.path.with_name("audit.jsonl.1"))
    audit.reopen()
    assert place.path.read_bytes() == b""
    audit.write(event(user="after"))
    audit.close()
    assert json.loads(place.path.read_text())["user"] == "after"
    assert whole(place) == 2


def test_a_directory_that_is_gone_is_told_and_may_come_back(place: Place, tmp_path: Path) -> None:
    inner = Place(tmp_path / "logs")
    inner.position = place.position
    audit = inner.open()
    inner.path.unlink()
    inner.path.parent.rmdir()
    audit.reopen()
    with pytest.raises(Unavailable):
        audit.write(event())
    inner.path.parent.mkdir()
    audit.write(event())
    audit.close()
    assert len(inner.lines()) == 2


class TestWriterThatDied:
    """Between the line and the position, or in the middle of a line: nothing is wrong."""

    def test_a_line_that_came_before_its_position(self, place: Place) -> None:
        place.write("anna")
        position = place.position.read_bytes()
        place.write("bo")
        place.position.write_bytes(position)
        place.write("cia")
        assert whole(place) == 3

    @pytest.mark.parametrize("kept", [1, 40, -1])
    def test_half_a_line_was_never_promised(self, place: Place, kept: int) -> None:
        place.write("anna")
        position = place.position.read_bytes()
        place.write("bo")
        first, second = place.lines()
        place.path.write_bytes(first + second[:kept])
        place.position.write_bytes(position)
        place.write("cia")
        assert whole(place) == 2
        assert [json.loads(line)["user"] for line in place.lines()] == ["anna", "cia"]


class TestSpoiltWhileItStood:
    """The audit goes on, and the break stays to be found."""

    def broken(self, place: Place, caplog: pytest.LogCaptureFixture) -> str:
        with caplog.at_level(logging.ERROR, "portvakt.audit"):
            place.write("later")
        assert json.loads(place.lines()[-1])["user"] == "later"
        with pytest.raises(Exception, match=r"audit\.jsonl"):
            whole(place)
        return caplog.text

    def test_its_end_was_cut_off(self, place: Place, caplog) -> None:
        place.write("anna", "bo")
        place.path.write_bytes(place.lines()[0])
        assert "does not end with its line 2" in self.broken(place, caplog)

    def test_something_was_added(self, place: Place, caplog) -> None:
        place.write("anna")
        place.path.write_bytes(place.lines()[0] + b'{"event": "made up"}\n')
        assert "does not end with its line 1" in self.broken(place, caplog)

    def test_the_position_was_taken_away(self, place: Place, caplog) -> None:
        place.write("anna", "bo")
        place.position.unlink()
        assert "its chain starts anew" in self.broken(place, caplog)

    def test_another_key_writes(self, place: Place, caplog) -> None:
        place.write("anna", chain=OTHER)
        assert "its chain starts anew" in self.broken(place, caplog)


class TestFullDisk:
    def test_what_cannot_be_kept_is_told(self, place: Place, caplog) -> None:
        place.path = Path("/dev/full")
        audit = place.open()
        for _ in range(3):
            with pytest.raises(Unavailable, match="audit file"):
                audit.write(event())
        assert audit.failures == 3
        assert audit.trouble() == "no space left on device"
        with pytest.raises(Unavailable):
            audit.ready()
        audit.close()
        assert caplog.text.count("nobody can log on") == 1, "a flood is one line"

    def test_half_a_line_is_taken_back_and_the_loss_is_told(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        audit = place.open()
        audit.write(event(user="anna"))
        write = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:70]))
        for _ in range(2):
            with pytest.raises(Unavailable):
                audit.write(event(user="bo"))
        assert len(place.lines()) == 1
        monkeypatch.undo()
        assert audit.trouble() is None
        audit.ready()
        audit.write(event(user="cia"))
        audit.close()
        assert [(line["event"], line["reason"]) for line in map(json.loads, place.lines())] == [
            ("logon.password", ""),
            ("audit.resumed", "2 events lost"),
            ("logon.password", ""),
        ]
        assert whole(place) == 3

    def test_a_position_that_cannot_be_written_takes_its_line_back(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        audit = place.open()
        audit.write(event())

        def full(*_: object) -> int:
            raise OSError(errno.EIO, "input/output error")

        monkeypatch.setattr(os, "pwrite", full)
        with pytest.raises(Unavailable):
            audit.write(event())
        monkeypatch.undo()
        assert len(place.lines()) == 1
        audit.write(event())
        audit.close()
        assert whole(place) == 3

    def test_no_room_is_told_before_anything_is_lost(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        audit = place.open()
        none = os.statvfs_result((4096, 4096, 100, 0, 0, 9, 9, 9, 0, 255))
        monkeypatch.setattr(os, "fstatvfs", lambda _: none)
        assert audit.trouble() == "no space left on device"
        audit.close()
