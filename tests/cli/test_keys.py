"""gateway/cli/keys.py: what ops see of the signing keys, and how they rotate them."""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from click.testing import CliRunner, Result

from gateway.auth.key_ring import PUBLISHED_S, new_ring
from gateway.auth.ports import Unavailable
from gateway.auth.sealing import Sealer
from gateway.cli.configuration import read_config
from gateway.cli.keys import keys
from gateway.cli.output import No
from gateway.cli.run import open_keys
from gateway.operate.audit_file import AuditFile
from gateway.operate.key_file import KeyFile
from gateway.settings.model import Secret
from gateway.system import SystemClock, SystemEntropy
from tests.cli.support import CONFIG

SECRET = "b1946ac92492d2347c6235b4d2611184"


class Shell:
    def __init__(self, base: Path) -> None:
        self.config = base / "gateway.toml"
        self.config.write_text(f'{CONFIG}\n[secrets]\nkey = "{SECRET}"\n')
        self.state = base / "var"

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(keys, words, obj={"config": self.config})

    def file(self) -> KeyFile:
        self.state.mkdir(exist_ok=True)
        return KeyFile(self.state, Sealer(SECRET.encode(), SystemEntropy()), SystemClock())

    def made(self, seconds_ago: float) -> list[str]:
        made = SystemClock().now() - seconds_ago
        ring = self.file().change(lambda _: new_ring(made))
        return [ring.current.kid, ring.next.kid]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def roles(shell: Shell) -> dict[str, str]:
    return {row["kid"]: row["role"] for row in json.loads(shell.run("list", "--json").stdout)}


def test_before_the_first_start_there_are_none(shell: Shell) -> None:
    assert "when it starts" in shell.run("list").stdout
    assert json.loads(shell.run("list", "--json").stdout) == []
    refused = shell.run("rotate")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert not shell.state.exists()


def test_the_list_says_what_each_does(shell: Shell) -> None:
    current, following = shell.made(seconds_ago=4000)
    assert roles(shell) == {current: "signs", following: "next"}
    lines = shell.run("list").stdout.splitlines()
    assert lines[0].startswith(f"signs    {current}  since 20")
    assert lines[1].startswith(f"next     {following}  made 20")


def test_a_rotation_lets_the_next_key_sign(shell: Shell) -> None:
    current, following = shell.made(seconds_ago=4000)
    done = shell.run("rotate")
    assert (done.exit_code, following in done.stdout) == (0, True)
    found = roles(shell)
    assert (found[following], found[current]) == ("signs", "retired")
    assert len(found) == 3
    assert "published until 20" in shell.run("list").stdout


def test_the_audit_says_who_rotated_to_which_key(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, following = shell.made(seconds_ago=4000)
    monkeypatch.delenv("SUDO_USER", raising=False)
    shell.run("rotate")
    monkeypatch.setenv("SUDO_USER", "olle")
    shell.run("rotate", "--compromised")
    (newest,) = [kid for kid, role in roles(shell).items() if role == "signs"]
    text = (shell.state / "audit.jsonl").read_text()
    assert [
        (line["event"], line["network"], line["outcome"], line["user"], line["reason"])
        for line in map(json.loads, text.splitlines())
    ] == [
        ("keys.rotated", "operator", "rotated", pwd.getpwuid(os.getuid()).pw_name, following),
        ("keys.rotated", "operator", "compromised", "olle", newest),
    ]
    sealed = json.loads(shell.file().path.read_text())["keys"]
    assert not [key for key in sealed if key["sealed"] in text]


def test_what_is_refused_is_no_line(shell: Shell) -> None:
    shell.made(seconds_ago=1)
    assert shell.run("rotate").exit_code == 1
    assert (shell.state / "audit.jsonl").read_text() == ""


def test_without_an_audit_only_stolen_keys_are_replaced(shell: Shell) -> None:
    before = shell.made(seconds_ago=4000)
    (shell.state / "audit.jsonl").mkdir()
    refused = shell.run("rotate")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "The audit cannot be written: is a directory." in refused.stderr
    assert list(roles(shell)) == before
    done = shell.run("rotate", "--compromised")
    assert (done.exit_code, "Warning: The audit cannot be written" in done.stderr) == (0, True)
    assert roles(shell).keys().isdisjoint(before)


def test_an_audit_that_fails_meanwhile_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.made(seconds_ago=4000)
    monkeypatch.setattr(AuditFile, "write", Mock(side_effect=Unavailable("audit file")))
    done = shell.run("rotate")
    assert (done.exit_code, "no line of it" in done.stderr) == (0, True)
    monkeypatch.setattr(AuditFile, "trouble", Mock(return_value="no space left on device"))
    assert "no space left" in shell.run("rotate", "--compromised").stderr


def test_a_key_that_portals_do_not_know_yet_waits(shell: Shell) -> None:
    before = shell.made(seconds_ago=PUBLISHED_S - 100)
    refused = shell.run("rotate")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "100 s" in refused.stderr or "99 s" in refused.stderr
    assert "--compromised" in refused.stderr
    assert list(roles(shell)) == before


def test_stolen_keys_leave_at_once(shell: Shell) -> None:
    before = shell.made(seconds_ago=1)
    assert shell.run("rotate", "--compromised").exit_code == 0
    assert roles(shell).keys().isdisjoint(before)
    assert len(roles(shell)) == 2


def test_a_file_that_cannot_be_read_is_told_with_the_way_out(shell: Shell) -> None:
    shell.made(seconds_ago=4000)
    shell.file().path.write_bytes(b"x")
    for words in (("list",), ("rotate",), ("rotate", "--compromised")):
        refused = shell.run(*words)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "remove the file" in refused.stderr


def test_no_start_with_keys_of_another_secret(shell: Shell) -> None:
    settings = read_config(shell.config)
    shell.state.mkdir()
    open_keys(settings)
    open_keys(settings)
    assert len(roles(shell)) == 2
    with pytest.raises(No, match="remove the file"):
        open_keys(replace(settings, secret_key=Secret("t" * 32)))
