"""gateway/operate/audit_verify.py: whatever was done to the audit, the first broken line is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.auth.ports import AuditEvent
from gateway.operate.audit_chain import START, Position
from gateway.operate.audit_verify import (
    EXPIRED,
    Broken,
    Verified,
    through_line,
    verify_part,
    verify_whole,
)
from tests.operate.audits import CHAIN, OTHER, Place

USERS = [f"user{number}" for number in range(1, 9)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    written = Place(tmp_path)
    written.write(*USERS)
    return written


def fault(place: Place, lines: list[bytes]) -> str:
    place.path.write_bytes(b"".join(lines))
    with pytest.raises(Broken) as broken:
        verify_whole([place.path], CHAIN, place.kept())
    return str(broken.value)


def test_a_whole_audit(place: Place) -> None:
    kept = place.kept()
    assert kept is not None
    assert verify_whole([place.path], CHAIN, kept) == Verified(1, kept, 0)
    assert Verified(1, kept, 0).lines == kept.seq == 8


def test_an_audit_that_never_began(tmp_path: Path) -> None:
    assert verify_whole([], CHAIN, None) == Verified(0, START, 0)
    assert Verified(0, START, 0).lines == 0


def test_an_edited_line(place: Place) -> None:
    lines = place.lines()
    lines[4] = lines[4].replace(b"rejected", b"right")
    assert fault(place, lines) == (
        "audit.jsonl:5: this line was changed, or is none of this chain and key"
    )


@pytest.mark.parametrize("space", [b" ", b"\r"])
def test_not_even_a_blank_is_added(place: Place, space: bytes) -> None:
    lines = place.lines()
    lines[2] = lines[2].removesuffix(b"\n") + space + b"\n"
    assert fault(place, lines).startswith("audit.jsonl:3: this line was changed")


def test_deleted_lines(place: Place) -> None:
    lines = place.lines()
    assert fault(place, lines[:3] + lines[5:]) == (
        "audit.jsonl:4: lines 4 to 5 are missing before this one"
    )
    assert fault(place, lines[2:]).startswith("lines 1 to 2 are missing before the first")


def test_a_tail_that_was_cut_off(place: Place) -> None:
    lines = place.lines()
    assert fault(place, lines[:6]) == "lines 7 to 8 are missing at the end"
    assert fault(place, lines[:7]) == "line 8 is missing at the end"
    assert fault(place, []) == "lines 1 to 8 are missing at the end"
    assert fault(place, [*lines[:7], lines[7][:-20]]).startswith("audit.jsonl:8: this line was")


def test_a_line_that_is_being_written_is_no_break(place: Place) -> None:
    place.path.write_bytes(b"".join(place.lines()) + b'{"time": "2026')
    assert verify_whole([place.path], CHAIN, place.kept()).last.seq == 8


def test_swapped_and_repeated_lines(place: Place) -> None:
    lines = place.lines()
    swapped = [*lines[:2], lines[3], lines[2], *lines[4:]]
    assert fault(place, swapped) == "audit.jsonl:3: line 3 is missing before this one"
    assert fault(place, [*lines[:3], lines[1], *lines[3:]]) == (
        "audit.jsonl:4: line 2 stands here, but line 4 was due"
    )
    assert fault(place, [*lines, lines[0]]) == (
        "audit.jsonl:9: line 1 stands here, but the chain starts anew here"
    )


def test_lines_of_another_key(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    other.write("made", "up", chain=OTHER)
    lines = place.lines()
    assert fault(place, [*lines[:1], other.lines()[1], *lines[2:]]).startswith("audit.jsonl:2")


def test_lines_of_another_chain_of_the_same_key(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    other.write(*(["else"] * 8))
    lines, others = place.lines(), other.lines()
    assert fault(place, [*lines[:3], *others[3:]]) == (
        "audit.jsonl:4: line 4 does not follow from the line before"
    )
    assert fault(place, others) == "audit.jsonl:8: line 8 is not the one that was written there"


def test_a_position_that_is_gone(place: Place) -> None:
    with pytest.raises(Broken, match="position"):
        verify_whole([place.path], CHAIN, None)


def test_an_older_audit_that_was_put_back_with_its_position(place: Place) -> None:
    audit, position = place.path.read_bytes(), place.position.read_bytes()
    place.write("later")
    mark = place.kept()
    place.path.write_bytes(audit)
    place.position.write_bytes(position)
    assert verify_whole([place.path], CHAIN, place.kept()).last.seq == 8
    with pytest.raises(Broken, match="line 9 is missing at the end"):
        verify_whole([place.path], CHAIN, place.kept(), mark)
    place.write("something else")
    with pytest.raises(Broken, match="line 9 is not the one that was written there"):
        verify_whole([place.path], CHAIN, place.kept(), mark)


def rotated(place: Place, name: str) -> Path:
    return place.path.rename(place.path.with_name(name))


def test_several_files_are_one_chain(place: Place) -> None:
    first = rotated(place, "audit.jsonl.2")
    place.write("x", "y")
    second = rotated(place, "audit.jsonl.1")
    place.write("z")
    assert verify_whole([first, second, place.path], CHAIN, place.kept()).last.seq == 11
    with pytest.raises(Broken, match=r"audit\.jsonl:1: lines 9 to 10 are missing before"):
        verify_whole([first, place.path], CHAIN, place.kept())
    with pytest.raises(Broken, match="lines 1 to 8 are missing before the first"):
        verify_whole([second, place.path], CHAIN, place.kept())
    part = verify_part([second], CHAIN)
    assert (part.first, part.last.seq, part.lines) == (9, 10, 2)


def test_files_that_expired_by_the_chains_own_word(place: Place) -> None:
    rotated(place, "audit.jsonl.2").unlink()
    place.write("x")
    audit = place.open()
    audit.write(AuditEvent(EXPIRED, "", "operator", "expired", reason=through_line(8)))
    audit.close()
    found = verify_whole([place.path], CHAIN, place.kept())
    assert (found.first, found.last.seq, found.expired) == (9, 10, 8)
    place.path.write_bytes(place.lines()[1])
    with pytest.raises(Broken, match="line 9 is missing before the first"):
        verify_whole([place.path], CHAIN, place.kept())


def test_nobody_words_an_expiry_by_their_user_name(place: Place) -> None:
    rotated(place, "audit.jsonl.2").unlink()
    place.write('"event": "audit.expired"', through_line(8))
    with pytest.raises(Broken, match="missing before the first"):
        verify_whole([place.path], CHAIN, place.kept())


CHANGES = st.sampled_from(["delete", "swap", "repeat", "flip", "cut"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_no_change_goes_unseen(place: Place, data: st.DataObject) -> None:
    kept = place.kept()
    lines = place.lines()
    spoilt = list(lines)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(spoilt) - 2)))
        match data.draw(CHANGES):
            case "delete":
                del spoilt[at : at + data.draw(st.integers(1, 3))]
            case "swap":
                spoilt[at : at + 2] = reversed(spoilt[at : at + 2])
            case "repeat":
                spoilt[at:at] = spoilt[at : at + 1]
            case "cut":
                spoilt = spoilt[: data.draw(st.integers(0, 7))]
            case "flip" if spoilt:
                byte = data.draw(st.integers(0, len(spoilt[at]) - 1))
                changed = bytearray(spoilt[at])
                changed[byte] ^= 1 << data.draw(st.integers(0, 7))
                spoilt[at] = bytes(changed)
    copy = place.path.with_name("copy")
    copy.write_bytes(b"".join(spoilt))
    if spoilt == lines:
        assert verify_whole([copy], CHAIN, kept).last == kept
    else:
        with pytest.raises(Broken):
            verify_whole([copy], CHAIN, kept)


def test_a_mark_before_what_is_there_says_nothing(place: Place) -> None:
    assert verify_whole([place.path], CHAIN, place.kept(), Position(0, "x" * 32)).lines == 8
