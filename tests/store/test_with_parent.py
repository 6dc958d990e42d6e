"""gateway/store/with_parent.py: the program ends with the parent that started it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

WITH_PARENT = str(Path(__file__).parents[2] / "gateway" / "store" / "with_parent.py")
PARENT = f"""
import os, subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-I", "-S", {WITH_PARENT!r}, str(os.getpid()), "/bin/sh", "-c", "echo up; cat"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_it_becomes_the_program() -> None:
    command = [sys.executable, "-I", "-S", WITH_PARENT, str(os.getpid()), "/bin/echo", "hello"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "hello\n"


def test_a_parent_that_is_gone_already_is_noticed() -> None:
    command = [sys.executable, "-I", "-S", WITH_PARENT, "1", "/bin/echo", "hello"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of the end of a parent")
def test_it_ends_with_a_killed_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        status = os.pidfd_open(child)
        parent.kill()
        parent.wait()
    import select

    assert select.select([status], [], [], 10)[0]
    os.close(status)
