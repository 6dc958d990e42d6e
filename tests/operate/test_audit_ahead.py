"""gateway/operate/audit_ahead.py: a copy that was made while lines came is whole once restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.operate.audit_verify import Broken, verify_whole
from tests.operate.audits import CHAIN, Place

MANY = [f"user{number}" for number in range(90)]
"""More lines than any other repair looks at."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An audit whose position was copied after three lines, and the file after ninety more."""
    place = Place(tmp_path)
    place.write("anna", "bo", "cecilia")
    copied = place.position.read_bytes()
    place.write(*MANY)
    place.position.write_bytes(copied)
    return place


def whole(place: Place) -> int:
    return verify_whole([place.path], CHAIN, place.kept()).last.seq


def test_the_chain_goes_on_after_the_last_line(place: Place, caplog) -> None:
    assert place.kept().seq == 3
    place.write("dan")
    assert (place.kept().seq, whole(place)) == (94, 94)
    assert "to line 93: all whole" in caplog.text


def test_half_a_line_at_the_end_of_the_copy_goes(place: Place) -> None:
    place.path.write_bytes(place.path.read_bytes()[:-20])
    place.write("dan")
    assert (place.kept().seq, whole(place)) == (93, 93)


def test_a_file_that_begins_after_the_position(place: Place) -> None:
    """It was rotated between the two copies."""
    old = place.path.with_suffix(".jsonl.1")
    lines = place.lines()
    old.write_bytes(b"".join(lines[:3]))
    place.path.write_bytes(b"".join(lines[3:]))
    place.write("dan")
    assert verify_whole([old, place.path], CHAIN, place.kept()).last.seq == 94


@pytest.mark.parametrize("spoilt", ["changed", "taken out", "swapped", "foreign"])
def test_what_does_not_follow_is_not_gone_by(place: Place, spoilt: str, caplog) -> None:
    lines = place.lines()
    match spoilt:
        case "changed":
            lines[50] = lines[50].replace(b"user", b"resu")
        case "taken out":
            del lines[50]
        case "swapped":
            lines[50:52] = lines[51:49:-1]
        case _:
            lines.append(b'{"seq": 94}\n')
    place.path.write_bytes(b"".join(lines))
    place.write("dan")
    assert "it was changed" in caplog.text
    with pytest.raises(Broken):
        whole(place)
