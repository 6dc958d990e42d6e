from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.mobiles import (
    HOME,
    Example,
    Mobile,
    NotMobile,
    NotMobileReason,
    example,
    is_e164,
    is_region,
    masked,
    normalise,
    region_of,
    spoken,
)

ANNA = Mobile("+46701234567")


@pytest.mark.parametrize(
    "text",
    [
        "0701234567",
        "070-123 45 67",
        "070 123 45 67",
        " 070-1234567 ",
        "+46701234567",
        "+46 70 123 45 67",
        "+46 (0)70 123 45 67",
        "0046701234567",
        "00 46 70-123 45 67",
        "070.123.45.67",
        "070–123 45 67",
        "070\u2011123\u00a045\u00a067",
        "０７０１２３４５６７",
        "(070) 123 45 67",
        "0701234567" + " " * 30,  # as long as a text may be
    ],
)
def test_the_ways_people_write_one_number(text: str) -> None:
    assert normalise(text) == ANNA


@pytest.mark.parametrize("last", range(605, 700))
def test_numbers_reserved_for_fiction_pass(last: int) -> None:
    assert normalise(f"0701740{last}") == Mobile(f"+46701740{last}")


@pytest.mark.parametrize("prefix", ["070", "072", "073", "076", "079"])
def test_every_swedish_mobile_prefix_passes(prefix: str) -> None:
    assert normalise(f"{prefix}0000000") == Mobile(f"+46{prefix[1:]}0000000")


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("+47 412 34 567", "SE", "+4741234567"),
        ("+358 40 1234567", "SE", "+358401234567"),
        ("+45 20 12 34 56", "SE", "+4520123456"),
        ("+1 201 555 0123", "SE", "+12015550123"),  # a plan without mobile prefixes
        ("07911 123456", "GB", "+447911123456"),
        ("412 34 567", "NO", "+4741234567"),
    ],
)
def test_other_countries(text: str, region: str, e164: str) -> None:
    assert normalise(text, region) == Mobile(e164)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", NotMobileReason.EMPTY),
        (" \u00a0 ", NotMobileReason.EMPTY),
        ("anna", NotMobileReason.NOT_A_NUMBER),
        ("call 0701234567", NotMobileReason.NOT_A_NUMBER),
        ("0701234567 ext 4", NotMobileReason.NOT_A_NUMBER),
        ("0701234567;ext=4", NotMobileReason.NOT_A_NUMBER),
        ("tel:+46701234567", NotMobileReason.NOT_A_NUMBER),
        ("070-FLOWERS", NotMobileReason.NOT_A_NUMBER),
        ("++46701234567", NotMobileReason.NOT_A_NUMBER),
        ("0701234567+", NotMobileReason.NOT_A_NUMBER),
        ("0701234567\n0701234568", NotMobileReason.NOT_A_NUMBER),
        ("0701234567\0", NotMobileReason.NOT_A_NUMBER),
        ("0701234567, 0701234568", NotMobileReason.NOT_A_NUMBER),
        ("٠٧٠١٢٣٤٥٦٧", NotMobileReason.NOT_A_NUMBER),
        ("()", NotMobileReason.NOT_A_NUMBER),
        ("+999 123 456 789", NotMobileReason.UNKNOWN_COUNTRY),
        ("112", NotMobileReason.TOO_SHORT),
        ("070 12", NotMobileReason.TOO_SHORT),
        ("0046", NotMobileReason.TOO_SHORT),
        ("0701234567890123", NotMobileReason.TOO_LONG),
        ("0" * 41, NotMobileReason.TOO_LONG),
        ("07012345678", NotMobileReason.NOT_IN_USE),
        ("0741234567", NotMobileReason.NOT_IN_USE),
        ("08-123 456 78", NotMobileReason.LANDLINE),
        ("+44 20 1234 5678", NotMobileReason.LANDLINE),
        ("0771-123456", NotMobileReason.OTHER_SERVICE),
        ("0900-1234567", NotMobileReason.OTHER_SERVICE),
        ("020-123456", NotMobileReason.OTHER_SERVICE),
        ("+8816 1234 5678", NotMobileReason.OTHER_SERVICE),
        ("+883 5100 1234 5678", NotMobileReason.OTHER_SERVICE),
    ],
)
def test_what_is_refused_and_why(text: str, reason: NotMobileReason) -> None:
    assert normalise(text) == NotMobile(reason)


@given(st.text(max_size=60))
def test_any_text_gets_an_answer_and_an_accepted_number_is_its_own_normal_form(text: str) -> None:
    judged = normalise(text)
    if isinstance(judged, Mobile):
        assert judged.e164[0] == "+"
        assert judged.e164[1:].isascii()
        assert judged.e164[1:].isdigit()
        assert len(judged.e164) <= 16
        assert normalise(judged.e164) == judged


@given(st.integers(0, 9_999_999))
def test_a_mask_shows_two_digits_and_nothing_else(number: int) -> None:
    e164 = f"+4670{number:07}"
    assert masked(e164) == f"•••• {e164[-2:]}"


def test_the_form_people_say() -> None:
    assert spoken("+46701234567") == "070-123 45 67"
    assert spoken("+4741234567") == "+47 41 23 45 67"
    assert spoken("+4741234567", "NO") == "41 23 45 67"


def test_the_swedish_example_is_the_one_of_the_instructions() -> None:
    assert example("SE") == Example("0701234567", "+46701234567")


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_an_example_is_a_mobile_number_of_its_region(region: str) -> None:
    if not is_region(region):
        with pytest.raises(ValueError, match=region):
            example(region)
        return
    shown = example(region)
    assert normalise(shown.national, region) == Mobile(shown.e164)
    assert normalise(shown.e164, HOME) == Mobile(shown.e164)


@pytest.mark.parametrize("text", ["", "se", "SWE", "XX", "001", "Sverige"])
def test_what_is_no_region(text: str) -> None:
    assert not is_region(text)


@pytest.mark.parametrize(
    ("e164", "region"),
    [
        ("+46701234567", "SE"),
        ("+4791234567", "NO"),
        ("+12025550123", "US"),
        ("+999", ""),
        ("", ""),
        ("0701234567", ""),
        ("anna", ""),
    ],
)
def test_the_region_of_a_number(e164: str, region: str) -> None:
    assert region_of(e164) == region


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("+46701234567", True),
        ("+4670123456\n", False),
        ("46701234567", False),
        ("+46 701234567", False),
        ("+46701234567;x", False),
        ("+", False),
        ("", False),
        ("+٤٦٧٠١٢٣٤٥٦٧", False),
    ],
)
def test_the_form_of_e164(text: str, is_one: bool) -> None:
    assert is_e164(text) is is_one


@pytest.mark.parametrize("text", ["070123456X", "X0701234567", "07012345x7"])
def test_letters_are_no_digits(text: str) -> None:
    assert normalise(text) == NotMobile(NotMobileReason.NOT_A_NUMBER)


@pytest.mark.parametrize("e164", ["+12001234567", "+999000000", "46701234567"])
def test_a_number_of_no_region(e164: str) -> None:
    assert region_of(e164) == ""
