from __future__ import annotations

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
