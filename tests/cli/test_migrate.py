"""`portvakt migrate` on a file; on PostgreSQL it is in tests/system/test_postgres.py."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

from click.testing import CliRunner, Result

from gateway.cli.root import portvakt
from gateway.directory.schema import HEAD
from tests.directory.test_migrating import EARLIEST
from tests.settings.samples import SMALL


def migrate(place: Path, *words: str, extra: str = "") -> Result:
    config = place / "gateway.toml"
    config.write_text(SMALL + extra)
    return CliRunner().invoke(portvakt, ["migrate", *words, "--config", str(config)])


def test_what_is_due_is_told_done_and_told_to_be_done(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(tmp_path / "var" / "directory.sqlite3")) as file:
        file.executescript(EARLIEST)
    result = migrate(tmp_path, "--check")
    assert (result.exit_code, "the next start does it" in result.output) == (1, True)
    found = json.loads(migrate(tmp_path, "--check", "--json").output)
    assert (found["revision"], found["needed"], len(found["due"])) == ("", HEAD, 2)
    assert migrate(tmp_path, "--sql").exit_code == 1
    done = migrate(tmp_path)
    assert done.output.splitlines()[-1] == f"The tables are at revision {HEAD}."
    assert migrate(tmp_path, "--check").exit_code == 0
    assert migrate(tmp_path).output == f"Nothing to do: {HEAD} is there.\n"
    assert json.loads(migrate(tmp_path, "--json").output) == {"revision": HEAD, "done": []}
    assert migrate(tmp_path, "--sql").output == f"-- Nothing to do: {HEAD} is there.\n"


def test_a_file_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    assert migrate(tmp_path, "--check").exit_code == 1
    printed = migrate(tmp_path, "--sql").output
    assert [word for word in ("BEGIN;", "EXISTS users", "COMMIT;") if word not in printed] == []
    assert not (tmp_path / "var" / "directory.sqlite3").exists()
    assert migrate(tmp_path).exit_code == 0


def test_what_cannot_be_said_together(tmp_path: Path) -> None:
    assert migrate(tmp_path, "--sql", "--check").exit_code == 2


def test_where_there_are_no_tables(tmp_path: Path) -> None:
    ldap = """
[directory]
kind = "ldap"
[ldap]
servers = ["ldaps://127.0.0.1"]
bind_dn = "x"
bind_password = "Gurka7Tolv9x"
base = "x"
"""
    result = migrate(tmp_path, extra=ldap)
    assert (result.exit_code, "[ldap]" in result.output) == (0, True)
