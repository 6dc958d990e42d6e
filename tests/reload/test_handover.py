"""A configuration on its way: the same on the other side, from a file that nobody can name."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace

import pytest

from gateway.reload import handover
from gateway.reload.look import Running
from gateway.reload.status import Outcome
from gateway.settings.snapshot import compile_snapshot
from policies.routes import PAGES
from tests.reload.test_look import REPOSITORY
from tests.settings.samples import read


@pytest.fixture
def running(tmp_path) -> Running:
    """The repository's file with every line on that can be switched on."""
    (tmp_path / "forbidden-passwords.txt").write_text("Sommar26\n")
    return Running.started(read(tmp_path, REPOSITORY), 1.5)


@pytest.fixture
def line():
    ends = handover.channel()
    yield ends
    for end in ends:
        end.close()


def open_files() -> int:
    """Return how many descriptors are open below a number that nobody here reaches."""
    count = 0
    for descriptor in range(1000):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            count += 1
    return count


def test_the_same_arrives(running):
    descriptor = handover.write(running)
    told = handover.content(descriptor)
    os.close(descriptor)
    arrived = handover.read(told)
    assert arrived.settings == running.settings
    assert arrived.settings.digest == running.settings.digest
    assert arrived.settings.files == running.settings.files
    assert arrived.status == running.status == handover.status_of(told)
    assert [one.conditions for one in arrived.settings.routes] == [
        one.conditions for one in running.settings.routes
    ]


def test_what_is_compiled_from_it_is_the_workers_own(running):
    """The pages are told from other routes by identity, which does not travel."""
    descriptor = handover.write(running)
    snapshot = compile_snapshot(handover.read(handover.content(descriptor)).settings)
    os.close(descriptor)
    assert snapshot.routes.find(b"localhost", b"/.gateway/logon") is PAGES


def test_the_file_has_no_name_and_many_readers(running, tmp_path):
    descriptor = handover.write(running)
    assert os.fstat(descriptor).st_nlink == 0
    assert handover.content(descriptor) == handover.content(descriptor)
    os.close(descriptor)


def test_only_the_newest_counts(running, line):
    ours, theirs = line
    assert handover.newest(theirs) is None
    for number in range(3):
        status = replace(running.status, number=number, outcome=Outcome.APPLIED)
        descriptor = handover.write(Running(running.settings, status))
        assert handover.send(ours, descriptor)
        os.close(descriptor)
    before = open_files()
    newest = handover.newest(theirs)
    assert handover.status_of(handover.content(newest)).number == 2
    os.close(newest)
    assert open_files() == before, "the older ones were closed"
    assert handover.newest(theirs) is None


def test_a_reader_that_does_not_read_is_not_waited_for(running, line):
    ours, _ = line
    descriptor = handover.write(running)
    sent = [handover.send(ours, descriptor) for _ in range(2000)]
    os.close(descriptor)
    assert sent[0]
    assert not sent[-1]
