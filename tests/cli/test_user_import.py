from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.cli import passwords
from gateway.directory.importing import Importer
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
    assert shell.stored("user_name") == []


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


def test_users_that_exist_are_told_with_the_other_errors_each_once_in_order(shell: Shell) -> None:
    shell.add("bo")
    shell.add("disa")
    file = sheet(shell, "user,name,mobile", "bo,Bo,12", "c c,C,", "disa,Disa,", "bo,Bo,")
    assert shell.refused("import", file) == (
        f"Error: {file}:2: bo exists already (to overwrite: --update)\n"
        f"{file}:2: mobile '12': the number is too short\n"
        f"{file}:3: 'c c' cannot be a user name: letters, digits and . _ - @, at most 64\n"
        f"{file}:4: disa exists already (to overwrite: --update)\n"
        f"{file}:5: bo stands in line 2 already\n"
        "Nothing was imported. Errors: 5.\n"
    )
    assert "exists" not in shell.refused("import", file, "--update")


def test_nobody_new_is_named_like_the_address_of_somebody_else(shell: Shell) -> None:
    first = sheet(shell, "user,name,email", "cia,Cia,Eva@Example.se", "dan@a.se,Dan,dan@a.se")
    shell.done("import", first)
    file = sheet(
        shell, "user,name,email",
        "bo,Bo,FIA@example.se", "fia@example.se,Fia,", "eva@example.se,Eva,", "gus@a.se,Gus,gus@a.se",
    )  # fmt: skip
    said = shell.refused("import", file)
    assert f"{file}:3: fia@example.se is the address in mail of bo" in said
    assert f"{file}:4: eva@example.se is the address in mail of cia" in said
    assert "Errors: 2" in said
    assert shell.stored("user_name") == ["cia", "dan@a.se"]
    # Those who are there already keep their names, and an address that is given up is free.
    again = sheet(
        shell, "user,name,email", "cia,Cia,", "dan@a.se,Dan,x@a.se", "eva@example.se,Eva,"
    )
    assert shell.done("import", "--update", again) == "Added: 1, updated: 2.\n"


def test_a_password_is_judged_by_the_address_that_an_update_leaves(shell: Shell) -> None:
    shell.done("import", sheet(shell, "user,name,email", "cia,Cia Ek,lundkvist@example.se"))
    file = sheet(shell, "user,name,password", "cia,Cia Ek,Lundkvist7Qx")
    assert f"{file}:2: the password: " in shell.refused("import", "--update", file)


def test_whoever_is_no_terminal_is_told_every_error(shell: Shell) -> None:
    said = shell.refused("import", sheet(shell, "user,name", *(f"a {n},A" for n in range(300))))
    assert said.count("cannot be a user name") == 300


def test_errors_are_told_though_the_directory_is_away(shell: Shell) -> None:
    shell.database.parent.mkdir()
    shell.database.mkdir()
    said = shell.refused("import", sheet(shell, "user,name", "a b,A", "anna,Anna"))
    assert "people.csv:2: 'a b' cannot be a user name" in said
    assert "not known: the directory is away" in said
    assert "does not answer" in shell.refused("import", sheet(shell, "user,name", "anna,A"))


def test_somebody_else_who_adds_the_same_user_meanwhile_is_told_too(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    existing, asked = Importer.existing, []

    async def too_early(self: Importer, keys: Sequence[str]) -> frozenset[str]:
        asked.append(keys)
        return frozenset() if len(asked) == 1 else await existing(self, keys)

    shell.add("bo")
    monkeypatch.setattr(Importer, "existing", too_early)
    file = sheet(shell, "user,name", "anna,Anna", "bo,Bo")
    assert f"{file}:3: bo exists already" in shell.refused("import", file)
    assert shell.stored("user_name") == ["bo"]


def test_the_rules_are_read_for_passwords_in_clear_only(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(passwords, "read_rules")
    assert "Added: 1," in shell.done("import", sheet(shell, "user,name,password", "anna,Anna,"))


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
    rows = ("anna,Anna,,Kvx7Torp2", "bo,Bo,,", "disa,Disa,0701740605,")
    file = sheet(shell, "user,name,mobile,password", *rows)
    result = shell.run("import", file)
    assert result.exit_code == 0
    assert "without a password, who cannot log on yet: 2." in result.stderr
    assert '"Reset or change password"' in result.stderr
    assert "others (1): portvakt user set-password bo" in result.stderr


def test_without_resets_every_missing_password_is_for_operators(shell: Shell) -> None:
    shell.config.write_text(shell.config.read_text() + "[self_service]\nreset = false\n")
    result = shell.run("import", sheet(shell, "user,name,mobile", "disa,Disa,0701740605"))
    assert "Reset" not in result.stderr
    assert "others (1): portvakt user set-password disa" in result.stderr


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
    assert shell.stored("user_name") == []


@pytest.mark.parametrize("file", ["missing.csv", "."])
def test_a_file_that_is_none_is_a_usage_error(shell: Shell, file: str) -> None:
    shell.refused("import", str(Path(shell.base, file)), code=2)
