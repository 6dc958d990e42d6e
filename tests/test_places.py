"""gateway/places.py: what is ours is private, and a secret is made once."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from gateway.places import make_secret, pages_socket, private_directory


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_a_directory_is_made_and_closed_to_others(tmp_path: Path) -> None:
    assert mode(private_directory(tmp_path / "a" / "b")) == 0o700
    (tmp_path / "c").mkdir(mode=0o755)
    assert mode(private_directory(tmp_path / "c")) == 0o700


def test_a_shared_directory_is_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(PermissionError, match="shared"):
        private_directory(shared)
    assert mode(shared) == 0o1777


def test_a_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret.key"
    first = make_secret(file)
    assert len(first) >= 43
    assert mode(file) == 0o600
    assert make_secret(file) == first


def test_racing_starts_agree_on_one_secret(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(make_secret(tmp_path / "secret.key")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of those")
def test_one_that_nobody_has_waited_for_is_dead(tmp_path) -> None:

    run = pages_socket(tmp_path).parent
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.close(write)
    assert os.read(read, 1) == b""  # the child has ended
    os.close(read)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    left, living = run / f"pages-{pid}.sock", run / f"pages-{os.getppid()}.sock"
    for place in (left, living):
        place.touch()
    pages_socket(tmp_path)
    os.waitpid(pid, 0)
    assert not left.exists()
    assert living.exists()
