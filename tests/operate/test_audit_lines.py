"""gateway/operate/audit_lines.py: the audit and its rotated files, line by line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from gateway.operate.audit_lines import LONGEST, AuditUnreadable, files_of, in_order, read_lines
from tests.operate.audits import CHAIN, Place


def test_lines_of_plain_and_packed_files(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a", tmp_path / "a.gz"
    plain.write_bytes(b"one\ntwo\nthr")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path in (plain, packed):
        lines = list(read_lines(path))
        assert [(line.number, line.raw) for line in lines] == [
            (1, b"one\n"),
            (2, b"two\n"),
            (3, b"thr"),
        ]
        assert [line.is_whole for line in lines] == [True, True, False]


def test_a_line_without_end_takes_no_more_memory_than_one_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * (5 * LONGEST + 3) + b"\nnext\n")
    long, after = read_lines(path)
    assert len(long.raw) == LONGEST
    assert not long.is_whole
    assert (after.number, after.raw) == (2, b"next\n")


@pytest.mark.parametrize(
    "spoilt",
    [b"no gzip", gzip.compress(b"one\n" * 99, mtime=0)[:-9], b"\x1f\x8b\x08"],
    ids=["not packed", "cut off", "no more than a head"],
)
def test_a_packed_file_that_cannot_be_read_is_told(tmp_path: Path, spoilt: bytes) -> None:
    path = tmp_path / "audit.jsonl.1.gz"
    path.write_bytes(spoilt)
    with pytest.raises(AuditUnreadable, match=r"audit\.jsonl\.1\.gz"):
        list(read_lines(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(AuditUnreadable, match="no such file"):
        list(read_lines(tmp_path / "gone"))


@pytest.mark.parametrize(
    ("line", "said"), [(b'{"a": 1}', {"a": 1}), (b"[]", None), (b"{", None), (b"\xff", None)]
)
def test_what_a_line_says(tmp_path: Path, line: bytes, said: object) -> None:
    (tmp_path / "a").write_bytes(line)
    assert next(read_lines(tmp_path / "a")).fields() == said


def test_the_audit_and_what_logrotate_made_of_it(tmp_path: Path) -> None:
    ours = ["audit.jsonl", "audit.jsonl.1", "audit.jsonl-20261122.gz", "audit.jsonl.2.gz"]
    others = ["audit.jsonl~", "audit.jsonlx", "other", "audit.jsonl.2026 11", "xaudit.jsonl"]
    for name in [*ours, *others, "audit.jsonl.1.gz"]:
        (tmp_path / name).touch()
    found = files_of(tmp_path / "audit.jsonl")
    assert sorted(path.name for path in found) == sorted(ours), "being packed: once"
    assert files_of(tmp_path / "none" / "audit.jsonl") == []


def test_what_is_packed_otherwise_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl.1.xz").touch()
    with pytest.raises(AuditUnreadable, match="unpack it first"):
        files_of(tmp_path / "audit.jsonl")


def test_order_is_that_of_the_lines_whatever_the_names(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for name in ("z", "m", "a"):
        place.write("anna", "bo")
        place.path.rename(tmp_path / name)
    place.write("cia")
    (tmp_path / "empty").touch()
    paths = [place.path, *(tmp_path / name for name in ("a", "empty", "m", "z"))]
    assert [path.name for path in in_order(paths, CHAIN)] == ["z", "m", "a", "audit.jsonl"]
