"""gateway/cli/keys.py: what ops see of the signing keys, and how they rotate them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.auth.key_ring import PUBLISHED_S, new_ring
from gateway.auth.sealing import Sealer
from gateway.cli.configuration import read_config
from gateway.cli.keys import keys
from gateway.cli.output import No
from gateway.cli.run import open_keys
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
