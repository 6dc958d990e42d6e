"""gateway/auth/identity.py: who is logged on, in fields that no value can break."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.identity import IdentityFields
from gateway.auth.model import SessionRecord

ALL = (
    ("X-Remote-User", "{user}"),
    ("X-Remote-Name", "{name}"),
    ("X-Remote-Email", "{email}"),
    ("X-Remote-Groups", "{groups}"),
)


def who(user="anna", name="Anna", email="a@b.se", groups=("staff",)) -> SessionRecord:
    return SessionRecord(user, name, email, tuple(groups), ("pwd",), "corporate", 0.0)


def fields(record: SessionRecord, templates=ALL) -> dict[str, str]:
    lines = IdentityFields(templates).lines(record).decode("ascii")
    assert lines.endswith("\r\n")
    return dict(line.split(": ", 1) for line in lines[:-2].split("\r\n"))


def test_plain_values_stand_as_they_are():
    assert fields(who(groups=("staff", "hr"))) == {
        "X-Remote-User": "anna",
        "X-Remote-Name": "Anna",
        "X-Remote-Email": "a@b.se",
        "X-Remote-Groups": "staff,hr",
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna Åkesson", "Anna %C3%85kesson"),
        ("100%", "100%25"),
        ("a\r\nX-Remote-User: root", "a%0D%0AX-Remote-User: root"),
        ("\x00\x7f", "%00%7F"),
        ("日本", "%E6%97%A5%E6%9C%AC"),
        ("\ud800", "?"),
    ],
)
def test_other_values_are_percent_encoded(name, shown):
    assert fields(who(name=name))["X-Remote-Name"] == shown


def test_a_comma_in_a_group_is_no_second_group():
    assert fields(who(groups=("a,b", "c")))["X-Remote-Groups"] == "a%2Cb,c"


def test_a_template_may_hold_more_than_the_value():
    templates = (("Authorization-User", "user={user};mail={email}"),)
    assert fields(who(), templates) == {"Authorization-User": "user=anna;mail=a@b.se"}


@given(st.text(), st.text(), st.lists(st.text(), max_size=4))
def test_any_text_is_one_line_and_reads_back(user, name, groups):
    record = who(user=user, name=name, groups=tuple(groups))
    lines = IdentityFields(ALL).lines(record)
    assert lines.isascii()
    assert lines.count(b"\r\n") == lines.count(b"\n") == lines.count(b"\r") == len(ALL)
    whole = name.encode("utf-8", "replace").decode()
    assert unquote(fields(record)["X-Remote-Name"]) == whole.strip(" ")
