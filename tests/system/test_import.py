"""`portvakt user import` as a process of its own, on a real SQLite file: many rows, all or none."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.gateway import ROOT, wait_for

pytestmark = [pytest.mark.system, pytest.mark.slow]

MANY = 50_000
SOME = 30_000
"""Enough for SQLite to write rows to its log long before the commit."""
FEW = 5_000
PHC = (
    "$argon2id$v=19$m=19456,t=2,p=1$b2xkc2FsdG9sZHNhbHQ$b2xkdGFnb2xkdGFnb2xkdGFnb2xkdGFnb2xkdGFnb2w"
)
HEADER = "user,name,email,mobile,groups,enabled,password_hash"


def row(number: int) -> str:
    return (
        f'user{number:05},Åke Nr{number},u{number}@example.se,07012{number:05},staff;hr,yes,"{PHC}"'
    )


class Place:
    """A configuration with a directory that nobody has opened yet."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.database = base / "var" / "directory.sqlite3"
        (base / "gateway.toml").write_text(
            'public_url = "http://localhost:8080"\n[[upstream]]\nname = "portal"\n'
            'url = ["http://127.0.0.1:9000"]\n[[route]]\npath = "/"\nupstream = "portal"\n'
        )

    def write(self, *lines: str) -> Path:
        file = self.base / "people.csv"
        file.write_text("\n".join(lines) + "\n")
        return file

    def command(self, file: Path, *more: str) -> list[str]:
        config = str(self.base / "gateway.toml")
        return [
            sys.executable,
            "-m",
            "gateway",
            "--config",
            config,
            "user",
            "import",
            str(file),
            *more,
        ]

    def run(self, file: Path, *more: str) -> subprocess.CompletedProcess[str]:
        command = self.command(file, *more)
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
        )

    def start(self, file: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(file), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def is_writing(self) -> bool:
        """Return whether rows have reached the disk that are not committed yet."""
        log = self.database.with_name(self.database.name + "-wal")
        return log.exists() and log.stat().st_size > 500_000

    def clear(self) -> None:
        for file in self.database.parent.iterdir():
            file.unlink()

    def users(self) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            return connection.execute("SELECT * FROM users ORDER BY user_name").fetchall()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_fifty_thousand_users_are_imported(place: Place) -> None:
    done = place.run(place.write(HEADER, *map(row, range(MANY))))
    assert (done.returncode, done.stdout) == (0, f"Added: {MANY}, updated: 0.\n")
    assert done.stderr == "", "no progress where nobody looks"
    kept = place.users()
    assert len(kept) == MANY
    assert kept[-1][:7] == (
        "user49999", "Åke Nr49999", "u49999@example.se", "+46701249999", '["staff", "hr"]', 1, PHC,
    )  # fmt: skip


def test_errors_anywhere_are_told_together_and_leave_nothing(place: Place) -> None:
    assert place.run(place.write(HEADER, row(7), row(4_998))).returncode == 0
    before = place.users()
    rows = [row(number) for number in range(FEW)]
    rows[0] = rows[0].replace("0701200000", "08123456")
    rows[2_500] = rows[2_500].replace("user02500", "user 02500")
    rows[3_000] = rows[3]
    rows[4_000] = "user04000,Åke"
    rows[4_999] = rows[4_999].replace(",yes,", ",perhaps,")
    file = place.write(HEADER, *rows)
    done = place.run(file)
    assert (done.returncode, done.stdout) == (1, "")
    *faults, last = done.stderr.removeprefix("Error: ").splitlines()
    assert last == "Nothing was imported. Errors: 7."
    told = [
        (2, "landline"),
        (9, "user00007 exists already"),
        (2_502, "cannot be a user name"),
        (3_002, "user00003 stands in line 5 already"),
        (4_002, "2 cells, but 7 columns"),
        (5_000, "user04998 exists already"),
        (5_001, "enabled is yes or no"),
    ]
    assert len(faults) == len(told)
    for fault, (line, words) in zip(faults, told, strict=True):
        assert fault.startswith(f"{file}:{line}: "), fault
        assert words in fault
    assert place.users() == before


def cut_off(place: Place, file: Path, number: signal.Signals) -> tuple[int, str]:
    """Start an import and send it a signal while it writes; return its exit status and errors."""
    running = place.start(file)
    wait_for(place.is_writing, "rows on the disk", 60)
    running.send_signal(number)
    _, errors = running.communicate(timeout=60)
    return running.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_cut_off_leaves_nothing(place: Place, number: signal.Signals) -> None:
    rows = [row(n).replace(f"07012{n:05}", "") for n in range(SOME)]
    file = place.write(HEADER, *rows)
    for _ in range(4):
        status, errors = cut_off(place, file, number)
        kept = len(place.users())
        assert kept in {0, SOME}, "all or none"
        if kept == 0:
            break
        place.clear()  # it was quicker than the signal: once more
    assert kept == 0
    if number == signal.SIGKILL:
        assert place.run(place.write(HEADER, *rows[:100])).returncode == 0
        assert len(place.users()) == 100
    else:
        assert (status, errors) == (1, "Error: Interrupted: nothing was imported.\n")


@contextlib.contextmanager
def on_a_terminal(command: list[str]) -> Iterator[Callable[[], str]]:
    """Run a command whose stderr is a terminal; yield what tells all that it showed there."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs
    )
    os.close(theirs)

    def shown() -> str:
        data = b""
        with contextlib.suppress(OSError):  # the last one closed the terminal
            while piece := os.read(ours, 65536):
                data += piece
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode())

    try:
        yield shown
    finally:
        os.close(ours)
        process.communicate(timeout=30)


def test_progress_is_shown_on_a_terminal(place: Place) -> None:
    rows = [f"user{n:05},Åke Nr{n},,,,," for n in range(3000)]
    with on_a_terminal(place.command(place.write(HEADER, *rows))) as shown:
        text = shown()
    assert re.search(r"Reading .*100%", text)
    assert re.search(r"Writing .*3000/3000", text)
    assert len(place.users()) == 3000


def test_a_terminal_is_told_the_first_errors_and_how_to_see_the_others(place: Place) -> None:
    file = place.write(HEADER, *(f"user {n},Åke,,,,," for n in range(300)))
    with on_a_terminal(place.command(file)) as shown:
        text = shown()
    assert text.count("cannot be a user name") == 50
    assert "… and 250 more; all of them: add 2>errors.txt" in text
