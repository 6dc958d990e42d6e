from __future__ import annotations

import asyncio
import json

import pytest

from gateway.cli import passwords
from gateway.directory.passwords import PasswordHasher, cost_of
from gateway.password_rules import WordsMissing
from tests.cli.support import CONFIG, PASSWORD, Shell
from tests.directory.support import CHEAP, cheap_hasher


def test_add_and_show(shell: Shell) -> None:
    said = shell.add(
        "Anna", "--email", "anna@example.se", "--mobile", "070-174 06 05",
        "--group", "hr", "--group", "guards",
    )  # fmt: skip
    assert said == "anna is added.\n"
    shown = shell.shown("ANNA")
    assert shown.pop("created") == shown.pop("changed")
    assert shown == {
        "user": "anna",
        "name": "Anna Andersson",
        "email": "anna@example.se",
        "mobile": "+46701740605",
        "groups": ["hr", "guards"],
        "enabled": True,
        "has_password": True,
        "messages": [],
    }
    text = shell.done("show", "anna")
    assert "messages  none to this number" in text
    assert "mobile    070-174 06 05 (+46701740605)\n" in text
    assert "groups    hr, guards\n" in text


def test_add_without_a_number_says_what_follows(shell: Shell) -> None:
    assert "portvakt user set-mobile anna NUMBER" in shell.add("anna")


def test_add_tells_every_fault_at_once(shell: Shell) -> None:
    said = shell.refused(
        "add", "an na", "--name", "\x1b[2J", "--email", "anna", "--mobile", "08-12345678",
        "--group", "a,b", "--password-stdin", stdin=f"{PASSWORD}\n",
    )  # fmt: skip
    for words in ("user name", "control character", "e-mail", "landline", "comma"):
        assert words in said
    assert "\x1b" not in said
    assert not shell.database.exists()


def test_a_name_in_use_is_refused_in_any_spelling(shell: Shell) -> None:
    shell.add("anna")
    said = shell.refused(
        "add", "ＡＮＮＡ", "--name", "Other", "--password-stdin", stdin=f"{PASSWORD}\n"
    )
    assert "portvakt user show anna" in said
    assert shell.shown("anna")["name"] == "Anna Andersson"


@pytest.mark.parametrize("command", [["add", "anna", "--name", "Anna"], ["set-password", "anna"]])
def test_without_a_terminal_a_password_comes_from_stdin_or_not_at_all(
    shell: Shell, command: list[str]
) -> None:
    assert "--password-stdin" in shell.refused(*command, stdin=f"{PASSWORD}\n", code=2)


def test_at_a_terminal_a_password_is_asked_for_twice_and_not_shown(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_is_terminal", lambda: True)
    result = shell.run(
        "add", "anna", "--name", "Anna",
        stdin=f"{PASSWORD}\n{PASSWORD}3\n{PASSWORD}\n{PASSWORD}\n",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "do not match" in result.stderr
    assert PASSWORD not in result.output


@pytest.mark.parametrize(
    ("password", "words"),
    [("", "empty"), ("\n", "empty"), ("a\0b\n", "NUL"), ("x" * 1025 + "\n", "1024")],
)
def test_what_cannot_be_a_password(shell: Shell, password: str, words: str) -> None:
    shell.add("anna")
    assert words in shell.refused("set-password", "anna", "--password-stdin", stdin=password)


ANNAS = ["user's name", "user name", "ordinary Swedish words"]


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Kvx72", ["fewer than 7"]),
        ("sommarvä", ["upper-case", "digit", "allowed are A-Z a-z 0-9"]),
        ("Anna1234", ANNAS),
        ("4ndersson1", ["upper-case", "user's name"]),
        ("Securitas7", ["organisation"]),
        ("Qwerty123", ["often guessed"]),
    ],
)
def test_operators_too_are_held_to_the_rules(shell: Shell, password: str, words: list[str]) -> None:
    shell.add("anna")
    (before,) = shell.stored("password_hash")
    new = ["add", "anna2", "--name", "Anna Andersson", "--password-stdin"]
    for command in (["set-password", "ANNA", "--password-stdin"], new):
        said = shell.refused(*command, stdin=f"{password}\n")
        for reason in words:
            assert reason in said
        assert password not in said
    assert shell.stored("password_hash") == [before]
    assert shell.ended == []


def test_the_rules_are_those_of_gateway_toml(shell: Shell) -> None:
    shell.add("anna")
    with shell.config.open("a") as file:
        file.write("[password]\nmin_length = 4\nrequire = []\nforbid = []\n")
    shell.done("set-password", "anna", "--password-stdin", stdin="anna\n")
    shell.refused("set-password", "anna", "--password-stdin", stdin="ann\n")


def test_missing_words_are_no_way_round_the_rules(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_settings: object) -> None:
        raise WordsMissing("the Swedish words cannot be read")

    monkeypatch.setattr(passwords, "compile_password_rules", missing)
    said = shell.refused("add", "anna", "--name", "Anna", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert "the Swedish words cannot be read" in said


def test_a_password_is_kept_whole_as_an_argon2id_hash(shell: Shell) -> None:
    shell.add("anna")
    with shell.config.open("a") as file:
        file.write("[password]\nallowed = '*'\n")
    shell.done("set-password", "anna", "--password-stdin", stdin="  Kvx Torp 2  \r\n")
    (phc,) = shell.stored("password_hash")
    assert cost_of(str(phc)) == CHEAP
    assert verify("  Kvx Torp 2  ", str(phc))
    assert not verify("Kvx Torp 2", str(phc))


def test_list_masks_numbers(shell: Shell) -> None:
    assert "portvakt user add" in shell.done("list")
    assert json.loads(shell.done("list", "--json")) == []
    shell.add("bo", "--mobile", "0701740699")
    shell.add("anna", "--group", "hr")
    shell.done("disable", "bo")
    header, anna, bo = shell.done("list").splitlines()
    assert header.split() == ["USER", "STATE", "MOBILE", "NAME", "GROUPS"]
    assert anna.split() == ["anna", "enabled", "-", "Anna", "Andersson", "hr"]
    assert bo.split() == ["bo", "disabled", "••••", "99", "Anna", "Andersson", "-"]
    listed = json.loads(shell.done("list", "--json"))
    assert [(one["user"], one["mobile"], one["enabled"]) for one in listed] == [
        ("anna", None, True),
        ("bo", "•••• 99", False),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["show", "cecilia"],
        ["remove", "cecilia", "--yes"],
        ["enable", "cecilia"],
        ["disable", "cecilia"],
        ["set-password", "cecilia", "--password-stdin"],
        ["set-mobile", "cecilia", "0701740605"],
        ["set-mobile", "cecilia", "--none"],
        ["set-groups", "cecilia", "hr"],
    ],
)
def test_nobody_is_a_no_with_the_way_on(shell: Shell, words: list[str]) -> None:
    said = shell.refused(*words, stdin=f"{PASSWORD}\n")
    assert "There is no user cecilia" in said
    assert "portvakt user list" in said
    assert shell.ended == []


def test_a_name_that_cannot_be_is_quoted_harmlessly(shell: Shell) -> None:
    assert r"'\u202eanna'" in shell.refused("show", "\u202eanna")


def test_remove_asks(shell: Shell) -> None:
    shell.add("anna")
    assert shell.run("remove", "anna", stdin="n\n").exit_code == 1
    assert shell.run("remove", "anna", stdin="").exit_code == 1
    assert shell.shown("anna")["user"] == "anna"
    assert shell.done("remove", "anna", stdin="y\n") == "anna is removed. The sessions are ended.\n"
    assert "no user" in shell.refused("show", "anna")


def test_disable_and_enable(shell: Shell) -> None:
    shell.add("anna")
    shell.done("disable", "ANNA")
    assert shell.shown("anna")["enabled"] is False
    shell.done("enable", "anna")
    assert shell.shown("anna")["enabled"] is True


def test_set_mobile(shell: Shell) -> None:
    shell.add("anna")
    assert "070-174 06 99" in shell.done("set-mobile", "anna", "0046 70 174 06 99")
    assert shell.shown("anna")["mobile"] == "+46701740699"
    assert "landline" in shell.refused("set-mobile", "anna", "08-12345678")
    assert shell.shown("anna")["mobile"] == "+46701740699"
    shell.done("set-mobile", "anna", "--none")
    assert shell.shown("anna")["mobile"] is None


@pytest.mark.parametrize("words", [[], ["0701740605", "--none"], [""]])
def test_set_mobile_wants_a_number_or_none(shell: Shell, words: list[str]) -> None:
    shell.add("anna", "--mobile", "0701740605")
    shell.refused("set-mobile", "anna", *words, code=2)
    assert shell.shown("anna")["mobile"] == "+46701740605"


def test_set_groups(shell: Shell) -> None:
    shell.add("anna", "--group", "hr")
    shell.done("set-groups", "anna", "väktare", "hr", "hr")
    assert shell.shown("anna")["groups"] == ["väktare", "hr"]
    assert "comma" in shell.refused("set-groups", "anna", "a,b")
    assert "no group" in shell.done("set-groups", "anna")
    assert shell.shown("anna")["groups"] == []


def test_which_commands_end_sessions(shell: Shell) -> None:
    shell.add("anna", "--group", "hr")
    for words in (
        ["set-mobile", "anna", "--none"],
        ["set-groups", "anna", "hr", "it"],
        ["enable", "anna"],
    ):
        shell.done(*words)
    assert shell.ended == []
    shell.done("set-password", "Anna", "--password-stdin", stdin="Kvx7Torp3\n")
    shell.done("set-groups", "anna", "it")
    shell.done("disable", "anna")
    shell.done("remove", "anna", "--yes")
    assert shell.ended == ["anna"] * 4


def test_sessions_that_cannot_be_ended_are_said_and_the_change_stands(shell: Shell) -> None:
    shell.add("anna")
    shell.store_is_down = True
    said = shell.refused("disable", "anna")
    assert "open sessions of anna go on" in said
    assert shell.shown("anna")["enabled"] is False


def test_nothing_is_claimed_of_sessions_where_none_can_be_ended(shell: Shell) -> None:
    shell.add("anna")
    result = shell.run("disable", "anna", ends_sessions=False)
    assert result.stdout == "anna can no longer log on.\n"


def test_a_broken_configuration_is_told_by_line(shell: Shell) -> None:
    shell.config.write_text(CONFIG + "colour = 1\n")
    said = shell.refused("list")
    assert "gateway.toml:9" in said
    assert "colour" in said
    shell.config.unlink()
    assert "gateway.toml" in shell.refused("list")


def test_a_broken_directory_is_told_in_words(shell: Shell) -> None:
    shell.database.parent.mkdir()
    shell.database.write_bytes(b"no database " * 1000)
    assert "not an SQLite database" in shell.refused("list")


@pytest.mark.parametrize("words", [["add"], ["add", "anna"], ["show"], ["nonsense"], ["list", "x"]])
def test_usage(shell: Shell, words: list[str]) -> None:
    shell.refused(*words, code=2)


def verify(password: str, phc: str) -> bool:
    async def check() -> bool:
        hasher: PasswordHasher = cheap_hasher()
        try:
            return await hasher.verify(password, phc)
        finally:
            hasher.close()

    return asyncio.run(check())


def test_numbers_are_read_and_shown_as_in_the_region(shell: Shell) -> None:
    shell.config.write_text(shell.config.read_text() + '\n[self_service]\nregion = "NO"\n')
    shell.add("anna", "--mobile", "412 34 567")
    assert shell.shown("anna")["mobile"] == "+4741234567"
    assert "41 23 45 67 (+4741234567)" in shell.done("show", "anna")
    assert "41 23 45 68 (+4741234568)" in shell.done("set-mobile", "anna", "412 34 568")
    listed = shell.base / "people.csv"
    listed.write_text("user,name,mobile\nola,Ola Nordmann,412 34 569\n")
    shell.done("import", str(listed))
    assert shell.shown("ola")["mobile"] == "+4741234569"
