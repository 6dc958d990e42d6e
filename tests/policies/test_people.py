from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from policies.people import MOST_GROUPS, email_fault, groups_fault, name_fault


@pytest.mark.parametrize(
    "name", ["Anna Andersson", "Åsa Öberg-Ek", "李小龍", "Bo", "D'Arcy", "x" * 200]
)
def test_names_of_people(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("x" * 201, "longer"),
        ("Anna\nX-Remote-User: root", "control"),
        ("Anna\x1b[2J", "control"),
        ("Anna\u202e", "control"),
        ("Anna\udcff", "control"),
        ("Anna\u2028", "control"),
    ],
)
def test_what_is_no_name(name: str, fault: str) -> None:
    assert fault in (name_fault(name) or "")


@pytest.mark.parametrize(
    "email", ["", "anna@securitas.se", "a.b+c@x", '"a@b"@c.se', "åsa@exempel.se"]
)
def test_addresses(email: str) -> None:
    assert email_fault(email) is None


@pytest.mark.parametrize(
    "email",
    ["anna", "@x.se", "anna@", "anna @x.se", "anna@x.se\r\nBcc: all@x.se", "a@" + "x" * 253],
)
def test_what_is_no_address(email: str) -> None:
    assert email_fault(email) is not None


@pytest.mark.parametrize("groups", [(), ("hr",), ("hr", "Väktare_Nord", "cn=x")])
def test_groups(groups: tuple[str, ...]) -> None:
    assert groups_fault(groups) is None


@pytest.mark.parametrize(
    "group", ["", "hr,admin", "hr;admin", "hr admin", "hr\n", "hr\u200b", "x" * 65]
)
def test_what_is_no_group(group: str) -> None:
    assert groups_fault(("ok", group)) is not None


def test_too_many_groups() -> None:
    assert groups_fault(tuple(f"g{n}" for n in range(MOST_GROUPS + 1))) is not None


@pytest.mark.parametrize(
    ("judge", "value", "told"),
    [
        (name_fault, " ", "the name is empty"),
        (name_fault, "a\n", "the name holds a control character"),
        (name_fault, "a" * 201, "the name is longer than 200 characters"),
        (name_fault, "a" * 200, None),
        (name_fault, "李\u00a0小龍", None),  # no-break spaces are no control characters
        (email_fault, "x" * 81, repr("x" * 80) + " is not an e-mail address"),
        (email_fault, "a@b c", "the e-mail address holds a space or a control character"),
        (email_fault, "a\0@b", "the e-mail address holds a space or a control character"),
        (email_fault, "a@" + "b" * 252, None),
        (email_fault, "a@" + "b" * 253, repr("a@" + "b" * 78) + " is not an e-mail address"),
        (email_fault, '"a@b"@', repr('"a@b"@') + " is not an e-mail address"),
        (email_fault, "@b@c", None),
        (groups_fault, ("",), "a group has 1 to 64 characters"),
        (groups_fault, ("g",) * MOST_GROUPS, None),
        (groups_fault, ("g",) * (MOST_GROUPS + 1), f"more than {MOST_GROUPS} groups"),
        (groups_fault, ("g" * 64, "ä"), None),
        (groups_fault, ("g" * 65,), "a group has 1 to 64 characters"),
    ],
)
def test_in_these_words(judge: Callable[[Any], str | None], value: Any, told: str | None) -> None:
    assert judge(value) == told
