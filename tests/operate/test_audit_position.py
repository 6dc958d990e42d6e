"""gateway/operate/audit_position.py: where the chain ends is kept, sealed, and one writer's."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.operate import audit_position
from gateway.operate.audit_chain import Position
from gateway.operate.audit_position import PositionFile, read_position
from tests.operate.audits import CHAIN, OTHER

HERE = Position(812, "ab" * 16)


@pytest.fixture
def file(tmp_path: Path):
    opened = PositionFile(tmp_path / "in" / "position", CHAIN)
    yield opened
    opened.close()


def test_it_is_read_as_it_was_written(file: PositionFile, tmp_path: Path) -> None:
    path = tmp_path / "in" / "position"
    assert file.read() is None
    file.write(HERE)
    size = path.stat().st_size
    file.write(Position(10**17, "cd" * 16))
    assert path.stat().st_size == size, "it needs no room on a full disk"
    file.write(HERE)
    assert file.read() == read_position(path, CHAIN) == HERE
    assert path.stat().st_mode & 0o777 == 0o600


def test_nobody_without_the_key_makes_one_up(file: PositionFile, tmp_path: Path) -> None:
    path = tmp_path / "in" / "position"
    file.write(HERE)
    record = path.read_bytes()
    assert read_position(path, OTHER) is None
    for changed in (record.replace(b"812", b"811"), record[:-1], b"", record + b"x"):
        path.write_bytes(changed)
        assert file.read() is None


def test_none_is_none(tmp_path: Path) -> None:
    assert read_position(tmp_path / "nowhere", CHAIN) is None


def test_a_writer_that_never_lets_go_is_an_error_and_no_hang(
    file: PositionFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_position, "_PAUSE_S", 0.0)
    other = PositionFile(tmp_path / "in" / "position", CHAIN)
    with other.locked(), pytest.raises(TimeoutError), file.locked():
        pass
    with file.locked():
        pass
    other.close()
