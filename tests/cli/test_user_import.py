from __future__ import annotations

from pathlib import Path

import pytest

from gateway.directory.passwords import cost_of
from tests.cli.support import Shell
from tests.directory.support import CHEAP

PHC = "$argon2id$v=19$m=8,t=1,p=1$b2xkc2FsdG9sZHNhbHQ$b2xkdGFnb2xkdGFn"


def sheet(shell: Shell, *lines: str, encoding: str = "utf-8") -> str:
    file = shell.base / "people.csv"
    file.write_bytes("\r\n".join(lines).encode(encoding))
    return str(file)


def test_users_are_added_with_passwords_and_hashes(shell: Shell) -> None:
    file = sheet(
        shell,
        "user,name,mobile,groups,password,password_hash",
        "anna,Anna Åkesson,0701740605,hr;it,Kvx7Torp2,",
        f'bo,Bo,,,,"{PHC}"',
    )
    assert shell.done("import", file) == "Added: 2, updated: 0.\n"
    assert shell.shown("anna")["mobile"] == "+46701740605"
    assert shell.shown("anna")["groups"] == ["hr", "it"]
    made, given = shell.stored("password_hash")
    assert cost_of(str(made)) == CHEAP
    assert given == PHC


def test_many_passwords_are_all_hashed(shell: Shell) -> None:
    people = [f"user{n:03},Name {n},Kvx{n:04}Torp" for n in range(200)]
    shell.done("import", sheet(shell, "user,name,password", *people))
    hashes = shell.stored("password_hash")
    assert len(set(hashes)) == 200
    assert {cost_of(str(phc)) for phc in hashes} == {CHEAP}


def test_a_byte_order_mark_is_fine(shell: Shell) -> None:
    file = sheet(shell, "user,name", "anna,Anna", encoding="utf-8-sig")
    assert "Added: 1," in shell.done("import", file)


def test_every_fault_is_told_with_file_and_line_and_nothing_is_written(shell: Shell) -> None:
    file = sheet(
        shell, "user,name,mobile", "anna,Anna,", "b o,Bo,12", "cecilia,Cecilia,08-12345678"
    )
    said = shell.refused("import", file)
    for words in (f"{file}:3: ", f"{file}:4: ", "user name", "landline", "Errors: 3"):
        assert words in said
    assert not shell.database.exists()


def test_a_file_in_another_encoding_is_told_by_line(shell: Shell) -> None:
    file = sheet(shell, "user,name", "anna,Anna", "bo,Bo Åkesson", encoding="latin-1")
    said = shell.refused("import", file)
    assert f"{file}:3: this line is not UTF-8" in said


def test_users_that_exist_keep_everybody_out_without_update(shell: Shell) -> None:
    shell.add("bo")
    file = sheet(shell, "user,name", "anna,Anna", "BO,Other")
    said = shell.refused("import", file)
    assert f"{file}:3: bo exists already" in said
    assert "--update" in said
    assert "no user" in shell.refused("show", "anna")
    assert shell.shown("bo")["name"] == "Anna Andersson"


def test_update_replaces_the_columns_of_the_file_only(shell: Shell) -> None:
    shell.add("anna", "--mobile", "0701740605", "--email", "a@b.se", "--group", "hr")
    before = shell.stored("password_hash")
    file = sheet(shell, "user,name,email,password", "anna,Anna Berg,,", "bo,Bo,b@b.se,Kvx7Torp2")
    assert shell.done("import", file, "--update") == "Added: 1, updated: 1.\n"
    anna = shell.shown("anna")
    assert (anna["name"], anna["email"], anna["mobile"]) == ("Anna Berg", None, "+46701740605")
    assert anna["groups"] == ["hr"]
    assert shell.stored("password_hash")[0] == before[0]
    assert shell.ended == []


def test_update_ends_the_sessions_that_it_must(shell: Shell) -> None:
    for name in ("anna", "bo", "cecilia"):
        shell.add(name, "--group", "hr")
    file = sheet(
        shell,
        "user,name,enabled,groups,password",
        "anna,Anna,no,hr,",
        "bo,Bo,yes,hr;it,",
        "cecilia,Cecilia,yes,hr,Kvx7Torp3",
    )
    shell.done("import", file, "--update")
    assert shell.ended == ["anna", "cecilia"]


def test_missing_passwords_are_warned_of(shell: Shell) -> None:
    file = sheet(shell, "user,name,password", "anna,Anna,Kvx7Torp2", "bo,Bo,")
    result = shell.run("import", file)
    assert result.exit_code == 0
    assert "portvakt user set-password bo" in result.stderr


def test_passwords_that_break_the_rules_are_told_by_line_and_nothing_is_written(
    shell: Shell,
) -> None:
    file = sheet(
        shell,
        "user,name,password",
        "anna,Anna Berg,Kvx7Torp2",
        "bo,Bo Ek,Sommar2026",
        "disa,Disa Ljung,xljung7",
        "b o,Bo,Som26",
    )
    said = shell.refused("import", file)
    for words in (
        f"{file}:3: the password: it is made of ordinary Swedish words",
        f"{file}:4: the password: it has no upper-case letter",
        f"{file}:4: the password: it holds the user's name",
        f"{file}:5: the password: it has fewer than 7 characters",
        "Errors: 6",
    ):
        assert words in said
    assert "Sommar" not in said
    assert not shell.database.exists()


@pytest.mark.parametrize("file", ["missing.csv", "."])
def test_a_file_that_is_none_is_a_usage_error(shell: Shell, file: str) -> None:
    shell.refused("import", str(Path(shell.base, file)), code=2)
