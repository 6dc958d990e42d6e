from __future__ import annotations

import pytest

from gateway.auth.model import Person
from gateway.cli.person_fields import Fault, Written, mobile, person, user_name


def test_what_is_written_is_trimmed_and_normalised() -> None:
    faults: list[str] = []
    written = Written(
        " ANNA ", " Anna Andersson ", " a@b.se ", "070-174 06 05", ["hr", " it", "hr"]
    )
    assert person(written, faults) == Person(
        "anna", "Anna Andersson", "a@b.se", "+46701740605", ("hr", "it"), enabled=True
    )
    assert faults == []


def test_every_fault_is_kept() -> None:
    faults: list[str] = ["an earlier one"]
    assert person(Written("", "", "x", "x", [""]), faults) is None
    assert len(faults) == 6


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_number_is_no_number(blank: str) -> None:
    assert mobile(blank, "SE") is None


def test_a_fault_quotes_what_was_written_but_not_at_length_or_raw() -> None:
    with pytest.raises(Fault) as raised:
        user_name("\x1b[2J" + "x" * 10_000)
    assert "\x1b" not in str(raised.value)
    assert len(str(raised.value)) < 200


def test_a_number_without_a_country_code_belongs_to_the_region() -> None:
    assert mobile("412 34 567", "NO") == "+4741234567"
    written = Written("ola", "Ola Nordmann", mobile="412 34 567", region="NO")
    assert getattr(person(written, []), "mobile", None) == "+4741234567"
