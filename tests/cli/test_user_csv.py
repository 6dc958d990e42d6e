from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.model import Person
from gateway.cli import user_csv
from gateway.cli.user_csv import LONGEST_LINE, Row, bounded_lines, read_sheet

PHC = "$argon2id$v=19$m=8,t=1,p=1$b2xkc2FsdG9sZHNhbHQ$b2xkdGFnb2xkdGFn"
HEADER = "user,name,email,mobile,groups,enabled,password,password_hash\n"


def accept(_password: str, _person: Person | None) -> list[str]:
    return []


def faults(*lines: str) -> list[tuple[int, str]]:
    return read_sheet([f"{line}\n" for line in lines], accept).faults


def test_every_column() -> None:
    sheet = read_sheet(
        [
            HEADER,
            "Anna,Anna Åkesson,a@b.se,070-174 06 05,hr; guards ;,yes,Sommar2026,\n",
            "\n",
            f'bo,"Berg, Bo",,,,nej,,"{PHC}"\n',
            " , \n",
            "disa,Disa,,,,,,\n",
        ],
        accept,
    )
    assert sheet.faults == []
    anna = Person("anna", "Anna Åkesson", "a@b.se", "+46701740605", ("hr", "guards"), enabled=True)
    assert sheet.rows == [
        Row(2, anna, "Sommar2026", None),
        Row(4, Person("bo", "Berg, Bo", "", None, (), enabled=False), None, PHC),
        Row(6, Person("disa", "Disa", "", None, (), enabled=True), None, None),
    ]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("user,name", {"name"}),
        ("NAME, User ,mobile", {"name", "mobile"}),
        ("user,name,password", {"name", "password_hash"}),
        ("user,name,password_hash,groups", {"name", "groups", "password_hash"}),
    ],
)
def test_what_the_file_speaks_of(header: str, columns: set[str]) -> None:
    sheet = read_sheet([header], accept)
    assert (sheet.faults, sheet.replace) == ([], columns)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("name", ["no column 'user'"]),
        ("user,name,phone,fax", ["unknown column 'phone'", "unknown column 'fax'"]),
        ("user,name,name", ["'name' stands there twice"]),
        ("user;name;email", ["separated by ';'"]),
        ("anna,Anna Andersson", ["no column 'user'", "no column 'name'"]),
    ],
)
def test_what_is_wrong_with_a_header(header: str, words: list[str]) -> None:
    found = faults(header, "x,y")
    assert all(any(word in text for _, text in found) for word in words)
    assert {line for line, _ in found} == {1}


@pytest.mark.parametrize("lines", [[], ["", " , "]])
def test_an_empty_file(lines: list[str]) -> None:
    assert "empty" in faults(*lines)[0][1]


def test_every_fault_is_told_with_the_line_it_begins_on() -> None:
    found = faults(
        "user,name,email,mobile,enabled,password,password_hash",
        "a b,,x,08-12345678,perhaps,a\0b,plain",
        '"multi',
        'line",Bo,,,,,',
        "cecilia,Cecilia",
        "anna,Anna,,,,,",
        "disa,Disa \udce5,,,,,",
        "ANNA,Anna,,,,,",
    )
    words = [
        (2, "user name"),
        (2, "the name is empty"),
        (2, "e-mail"),
        (2, "landline"),
        (2, "enabled is yes or no"),
        (2, "one of them"),
        (2, "NUL"),
        (2, "PHC"),
        (3, "user name"),
        (5, "2 cells, but 7 columns"),
        (7, "not UTF-8"),
        (8, "anna stands in line 6 already"),
    ]
    assert len(found) == len(words)
    for line, word in words:
        assert any(at == line and word in text for at, text in found), (line, word)


def test_a_password_is_never_quoted_back() -> None:
    told = str(
        faults(
            "user,name,password,password_hash", "a,A,Canary\0x,", "b,B,,Canary", "c,C,Canary,Canary"
        )
    )
    assert "Canary" not in told


@pytest.mark.parametrize("broken", ['anna,"Anna', 'anna,"Anna"x', 'anna,"' + "x" * 200_000 + '"'])
def test_what_is_no_csv(broken: str) -> None:
    found = faults("user,name", "bo,Bo", broken)
    assert [line for line, _ in found] == [3]
    assert "not CSV" in found[0][1]


@given(st.lists(st.text(st.characters(codec=None, exclude_categories=()), max_size=40), max_size=8))
def test_any_file_is_rows_or_faults(lines: list[str]) -> None:
    for header in ([], [HEADER]):
        sheet = read_sheet([*header, *lines], accept)
        assert sheet.faults or len(sheet.rows) <= len(lines)


def test_a_row_that_is_wrong_keeps_its_name_all_the_same() -> None:
    found = faults("user,name,mobile", "anna,Anna,12", "anna,Anna,")
    assert [line for line, _ in found] == [2, 3]
    assert "stands in line 2 already" in found[1][1]


def test_too_many_rows_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_csv, "MOST_ROWS", 3)
    rows = [f"u{n},U" for n in range(5)]
    assert faults("user,name", *rows[:3]) == []
    found = faults("user,name", *rows)
    assert [line for line, _ in found] == [5]
    assert "more than 3 users" in found[0][1]


def test_a_line_without_end_is_not_held_whole() -> None:
    text = io.StringIO("user,name\nanna,Anna\n" + "x" * (3 * LONGEST_LINE))
    sheet = read_sheet(bounded_lines(text), accept)
    assert sheet.faults == [(3, f"this is not CSV: a line of more than {LONGEST_LINE} characters")]
    assert text.tell() < 2 * LONGEST_LINE
