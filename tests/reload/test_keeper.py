"""The process that keeps the configuration, alone with its files: every way of saving one."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.reload import handover
from gateway.reload.look import Running
from gateway.reload.status import ConfigStatus, Outcome
from tests.reload.support import GOOD

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
IN_FORCE_S = 2.0
START_S = 30.0


def edit(number: int) -> str:
    """Return a good file that tells itself from others by one limit."""
    return GOOD + f"[limits]\nfields = {number}\n"


@dataclass
class Kept:
    """A keeper at work on `path`, and what it tells."""

    path: Path
    ear: object
    process: subprocess.Popen
    log: Path

    def told(self, seconds: float = IN_FORCE_S) -> Running:
        """Return what it tells next. Fails when it says nothing in time."""
        assert select.select([self.ear], [], [], seconds)[0], self.log.read_text()
        descriptor = handover.newest(self.ear)
        running = handover.read(handover.content(descriptor))
        os.close(descriptor)
        return running

    def in_force(self, number: int) -> ConfigStatus:
        """Wait until the edit of this number is in force; return how it stands."""
        end = time.monotonic() + IN_FORCE_S
        while True:
            running = self.told(end - time.monotonic())
            if running.settings.limits.fields == number:
                return running.status

    def refused(self) -> ConfigStatus:
        """Wait until an edit is refused."""
        end = time.monotonic() + IN_FORCE_S
        while True:
            status = self.told(end - time.monotonic()).status
            if status.outcome is Outcome.REJECTED:
                return status

    def silent(self, seconds: float) -> bool:
        return not select.select([self.ear], [], [], seconds)[0]

    def audit(self) -> list[dict]:
        file = self.path.parent / "var" / "audit.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()]

    def audited(self, reason: str) -> list[dict]:
        """Wait until the audit ends with this reason, and return its last two lines."""
        end = time.monotonic() + IN_FORCE_S
        while self.audit()[-1]["reason"] != reason:
            assert time.monotonic() < end, self.audit()[-1]
            time.sleep(0.01)
        return self.audit()[-2:]


@contextlib.contextmanager
def keeping(path: Path) -> Iterator[Kept]:
    """Run a keeper on a gateway.toml that is there."""
    ours, theirs = handover.channel()
    log = path.parent / "keeper.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.reload.keeping", str(path), str(theirs.fileno())],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            pass_fds=[theirs.fileno()],
        )
    try:
        assert process.stdout.readline(), log.read_text()
        yield Kept(path, ours, process, log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        ours.close()
        theirs.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Iterator[Kept]:
    directory = tmp_path_factory.mktemp("kept")
    (directory / "var").mkdir()
    path = directory / "gateway.toml"
    path.write_text(GOOD)
    with keeping(path) as kept:
        yield kept


def test_in_place(kept):
    kept.path.write_text(edit(20))
    assert kept.in_force(20).outcome is Outcome.APPLIED


def test_beside_a_busy_file(kept):
    """A log that is written all the time in the same directory hides nothing."""
    with kept.path.with_name("busy.log").open("w") as log:
        kept.path.write_text(edit(26))
        end = time.monotonic() + IN_FORCE_S
        while not select.select([kept.ear], [], [], 0.01)[0]:
            assert time.monotonic() < end
            log.write("x")
            log.flush()
    kept.in_force(26)


def test_in_place_in_two_halves_is_read_once(kept):
    """Half of it is valid by itself, and must never be in force."""
    kept.path.write_text(edit(27))
    before = kept.in_force(27)
    kept.audited(f"digest={before.digest}")
    with kept.path.open("w") as file:
        file.write(GOOD)
        file.flush()
        time.sleep(0.02)
        file.write("[limits]\nfields = 21\n")
    running = kept.told()
    assert running.settings.limits.fields == 21
    last, _ = kept.audited(f"digest={running.status.digest}")
    assert last["reason"] == f"digest={before.digest}"


def test_another_file_is_put_in_its_place(kept):
    other = kept.path.with_name("gateway.toml.new")
    other.write_text(edit(22))
    other.replace(kept.path)
    kept.in_force(22)


def test_the_way_of_vim(kept):
    """The file is moved to a backup, written anew under its name, and the backup removed."""
    backup = kept.path.with_name("gateway.toml~")
    kept.path.rename(backup)
    time.sleep(0.05)
    kept.path.write_text(edit(23))
    backup.unlink()
    kept.in_force(23)


def test_gone_for_a_moment_is_nothing(kept):
    aside = kept.path.with_name("aside")
    kept.path.rename(aside)
    time.sleep(0.3)
    aside.rename(kept.path)
    assert kept.silent(1.2)


def test_gone_for_good_and_back(kept):
    aside = kept.path.with_name("aside")
    kept.path.rename(aside)
    assert "no such file" in kept.refused().problems[0]
    aside.rename(kept.path)
    status = kept.told().status
    assert (status.outcome, status.problems) == (Outcome.UNCHANGED, ())


def test_touched_is_not_edited(kept):
    kept.path.touch()
    kept.path.write_text(kept.path.read_text())
    assert kept.silent(0.8)


def test_a_wrong_edit_is_refused_in_the_log_and_in_the_audit(kept):
    kept.path.write_text(edit(24) + "nonsense = true\n")
    status = kept.refused()
    assert "nonsense" in status.problems[0]
    kept.path.write_text(edit(24))
    digest = kept.in_force(24).digest
    refused, applied = kept.audited(f"digest={digest}")
    assert (refused["event"], refused["outcome"]) == ("config.rejected", "rejected")
    assert refused["reason"] == status.problems[0]
    assert (applied["event"], applied["outcome"]) == ("config.applied", "applied")
    log = kept.log.read_text()
    assert f"ERROR   portvakt.config: {status.problems[0]}\n" in log
    assert "gateway.toml is refused (1 problem); configuration" in log


def test_a_restart_that_is_needed_is_named(kept):
    kept.path.write_text(edit(25) + "[listen]\nworkers = 7\n")
    status = kept.in_force(25)
    assert status.restart == ("listen.workers",)
    assert "a restart is needed for listen.workers" in kept.log.read_text()
    kept.audited(f"digest={status.digest} restart=listen.workers")


def test_a_signal_is_answered(kept):
    before = kept.log.read_text().count("has not changed")
    kept.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + IN_FORCE_S
    while kept.log.read_text().count("has not changed") == before:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_link_to_another_file(kept):
    releases = kept.path.parent / "releases"
    releases.mkdir()
    for number in (30, 31):
        (releases / str(number)).mkdir()
        (releases / str(number) / "gateway.toml").write_text(edit(number))
    link = kept.path.with_name("link")
    link.symlink_to("releases/30/gateway.toml")
    link.replace(kept.path)
    kept.in_force(30)
    (releases / "30" / "gateway.toml").write_text(edit(32))
    kept.in_force(32)
    link.symlink_to("releases/31/gateway.toml")
    link.replace(kept.path)
    kept.in_force(31)


def test_the_way_of_kubernetes(kept):
    """The name leads through `..data`, which is pointed to a new directory in one rename."""
    home = kept.path.parent
    for number in (40, 41, 42):
        version = home / f"..{number}"
        version.mkdir()
        (version / "gateway.toml").write_text(edit(number))
    data = home / "..data"
    data.symlink_to("..40")
    kept.path.unlink()
    kept.path.symlink_to("..data/gateway.toml")
    kept.in_force(40)
    for number in (41, 42):
        fresh = home / "..data_tmp"
        fresh.symlink_to(f"..{number}")
        fresh.replace(data)
        kept.in_force(number)
        for file in (home / f"..{number - 1}").iterdir():
            file.unlink()
        (home / f"..{number - 1}").rmdir()


def test_what_lies_in_the_state_directory_is_looked_at_too(tmp_path):
    """It is written all the time, so the kernel is not asked about it."""
    state = tmp_path / "var"
    state.mkdir()
    secret = state / "password"
    secret.write_text("one")
    sms = '[[sms]]\nkind = "http"\nurl = "https://a.se/b"\nform = { a = "{mobile}{text}" }\n'
    path = tmp_path / "gateway.toml"
    path.write_text(GOOD + sms + 'username = "a"\npassword = { file = "var/password" }\n')
    with keeping(path) as kept:
        secret.write_text("two")
        assert kept.told().settings.sms[0].password.reveal() == "two"
        path.unlink()
        assert kept.refused()
