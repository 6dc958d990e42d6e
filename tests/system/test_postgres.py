"""A gateway of two workers on a real PostgreSQL: before its tables are made, and while it is away."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import time

import pytest
from click.testing import CliRunner

from gateway.cli.root import portvakt
from tests.system.gateway import (
    INSIDE,
    OUTSIDE,
    PASSWORD,
    ROOT,
    running_gateway,
    running_stub,
    wait_for,
)
from tests.system.visitor import Visitor, insider

DOCUMENTED = "postgresql://portvakt_owner@db.example.se/directory"
pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, postgres, stub):
    place = tmp_path_factory.mktemp("postgres")
    secret = place / "directory.url"
    secret.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    trusted = {"sslmode": "verify-full", "sslrootcert": str(postgres.ca)}
    secret.write_text(postgres.url(postgres.fresh(), **trusted))
    with running_gateway(
        place,
        portal=stub.portal,
        phone=stub.phone,
        listen="workers = 2",
        tables='[directory]\nkind = "sql"\nurl = { file = "directory.url" }\n',
        start=False,
    ) as gateway:
        for words, code, told in (
            (["run"], 1, "no tables yet: run portvakt migrate"),
            (["doctor"], 1, "directory: cannot be used: the database holds no tables yet"),
            (["migrate", "--check"], 1, "A migration is due: run portvakt migrate"),
            (["migrate"], 0, "The tables are at revision"),
            (["migrate", "--check"], 0, "No migration is due"),
        ):
            found = said(gateway, *words)
            assert (found[0], told in found[1]) == (code, True), found
        gateway.start()
        people = place / "people.csv"
        people.write_text(
            f"user,name,mobile,password\nanna,Anna Ek,+46701740605,{PASSWORD}\nbo,Bo,,{PASSWORD}\n"
        )
        assert said(gateway, "user", "import", str(people))[0] == 0
        yield gateway


def said(gateway, *words: str) -> tuple[int, str]:
    """Run a command in this process; return its exit status and what it said."""
    found = CliRunner().invoke(portvakt, [*words, "--config", str(gateway.config)])
    return found.exit_code, found.output


def on_both_workers(gateway, status: int) -> bool:
    """Return whether logons on new connections, which go to either worker, all end so."""
    return {Visitor(gateway, INSIDE).password("bo").status for _ in range(6)} == {status}


def test_a_logon_from_outside(gateway, stub):
    anna = Visitor(gateway, OUTSIDE)
    anna.log_on("ANNA", stub)
    assert anna.get("/debug/echo").status == 200


def test_the_backup_of_the_documents_brings_everybody_back(gateway, postgres):
    url = (gateway.directory / "directory.url").read_text()
    text = (ROOT / "docs/postgresql.md").read_text()
    dump, restore = re.findall(r"^    (pg_(?:dump|restore) .*)$", text, re.MULTILINE)
    visitor = insider(gateway, "anna")
    for command, after in ((dump, ["user", "disable", "anna"]), (restore, ["user", "list"])):
        assert DOCUMENTED in command
        subprocess.run(
            ["sh", "-ec", f"{postgres.bin}/{command}".replace(DOCUMENTED, url)],
            cwd=gateway.directory, check=True, timeout=30,
        )  # fmt: skip
        assert said(gateway, *after)[0] == 0
    assert visitor.get("/debug/echo").status == 302, "sessions are not in it"
    assert insider(gateway, "anna").get("/debug/echo").status == 200


def test_while_it_is_away_nobody_new_is_let_in_and_then_all_is_well(gateway, postgres):
    visitor = insider(gateway, "anna")
    postgres.stop(signal.SIGQUIT)
    assert on_both_workers(gateway, 503)
    page = Visitor(gateway, INSIDE).password("anna")
    assert (page.status, "Try again" in page.text) == (503, True)
    assert visitor.get("/debug/echo").status == 200, "who is logged on stays so"
    assert not gateway.is_ready()
    assert "Connection refused" in said(gateway, "doctor")[1]
    workers = gateway.process.pid
    postgres.start()
    wait_for(lambda: on_both_workers(gateway, 303), "logons by both workers")
    assert gateway.process.pid == workers


def test_while_it_is_stopped_an_answer_comes_in_time(gateway, postgres):
    postgres.signal_all(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        assert Visitor(gateway, INSIDE).password("anna").status == 503
        assert time.monotonic() - begun < 15.0
    finally:
        postgres.signal_all(signal.SIGCONT)
    wait_for(lambda: on_both_workers(gateway, 303), "logons by both workers")
