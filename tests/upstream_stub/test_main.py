"""`python -m upstream_stub`: its command line, and its life as a process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from upstream_stub.__main__ import address, arguments, credentials

COMMAND = [sys.executable, "-m", "upstream_stub", "--portal", "127.0.0.1:0", "--phone"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:9000", ("127.0.0.1", 9000)), ("[::1]:0", ("::1", 0)), ("host:1", ("host", 1))],
)
def test_addresses(text, expected):
    assert address(text) == expected


@pytest.mark.parametrize("text", ["", "9000", ":9000", "host:", "host:http", "host:1²", "host:-1"])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        address(text)


def test_credentials():
    assert credentials("user:pass:word") == ("user", "pass:word")
    for text in ("user", ":password", ""):
        with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
            credentials(text)


def test_defaults_are_those_of_the_configuration():
    options = arguments([])
    assert (options.portal, options.phone) == (("127.0.0.1", 9000), ("127.0.0.1", 9001))
    assert (options.log, options.phone_auth) == (None, None)


@contextlib.contextmanager
def running(*more: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run the command; yield it with the addresses of its ready line."""
    with subprocess.Popen(
        [*COMMAND, "127.0.0.1:0", *more], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            found = re.fullmatch(r"ready portal=(\S+) phone=(\S+)\n", process.stdout.readline())
            yield process, found[1], found[2]
        finally:
            process.kill()


@pytest.mark.system
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ready_means_ready_and_a_signal_ends_it(tmp_path, number):
    log = tmp_path / "log.jsonl"
    with running("--log", str(log), "--phone-auth", "user:password") as (process, portal, phone):
        with urllib.request.urlopen(portal + "/", timeout=10) as answer:
            assert answer.status == 200
        assert log.read_text().count("\n") == 1
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            urllib.request.urlopen(phone + "/a1/sms", b"", timeout=10)
        refused.value.close()
        # An answer without an end must not hold it up.
        with urllib.request.urlopen(portal + "/debug/endless?pause=60", timeout=10):
            process.send_signal(number)
            assert process.wait(10) == 0


@pytest.mark.system
@pytest.mark.slow
def test_a_taken_port_is_told_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [*COMMAND, f"127.0.0.1:{taken.getsockname()[1]}"],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"upstream_stub: .*address already in use.*\n", done.stderr)


def lives(pid: int) -> bool:
    """Whether a process is there; one that has ended but is not yet collected is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.system
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_does_not_outlive_its_parent():
    script = (
        "import subprocess, sys\n"
        f"stub = subprocess.Popen({[*COMMAND, '127.0.0.1:0']!r}, stdout=subprocess.PIPE)\n"
        "stub.stdout.readline()\n"
        "print(stub.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        stub = int(parent.stdout.readline())
        assert lives(stub)
        parent.kill()
    try:
        deadline = time.monotonic() + 10
        while lives(stub) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not lives(stub)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(stub, signal.SIGKILL)
