"""gateway/operate/key_file.py: whole or not at all, and the same keys for everybody."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from gateway.auth.key_ring import BadKeys, KeyRing, new_ring
from gateway.auth.sealing import Sealer
from gateway.operate import key_file
from gateway.operate.key_file import KeyFile
from tests.fakes import MORNING, FakeClock, FakeEntropy

DAY_S = 86_400.0


def key_file_in(
    directory: Path, clock: FakeClock | None = None, secret: bytes = b"s" * 32
) -> KeyFile:
    return KeyFile(directory, Sealer(secret, FakeEntropy()), clock or FakeClock())


def rotated(ring: KeyRing) -> KeyRing:
    return ring.rotated(MORNING + DAY_S)


def kids(ring: KeyRing) -> list[str]:
    return [ring.current.kid, ring.next.kid, *(key.kid for key in ring.retired)]


def test_the_first_start_makes_keys_that_only_the_owner_reads(tmp_path: Path) -> None:
    file = key_file_in(tmp_path)
    assert file.read() is None
    ring = file.open()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert kids(key_file_in(tmp_path).open()) == kids(ring)
    assert [place.name for place in tmp_path.iterdir()] == [file.path.name]


def test_a_restart_finds_the_same_keys_and_a_change_too(tmp_path: Path) -> None:
    first = key_file_in(tmp_path).open()
    second = key_file_in(tmp_path).change(rotated)
    assert second.current.kid == first.next.kid
    assert kids(key_file_in(tmp_path).open()) == kids(second)


def _opened(directory: Path, answers: multiprocessing.Queue[list[str]]) -> None:
    answers.put(kids(key_file_in(directory).open()))


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    started = [fork.Process(target=_opened, args=(tmp_path, answers)) for _ in range(4)]
    for process in started:
        process.start()
    found = [answers.get(timeout=30) for _ in started]
    for process in started:
        process.join()
    assert found[0] == found[1] == found[2] == found[3]


def test_only_one_of_several_workers_rotates_by_age(tmp_path: Path) -> None:
    clock = FakeClock()
    files = [key_file_in(tmp_path, clock) for _ in range(3)]
    rings = [file.open() for file in files]
    clock.forward(seconds=DAY_S - 1)
    assert [file.newest(ring, DAY_S) for file, ring in zip(files, rings, strict=True)] == rings
    clock.forward(seconds=1)
    after = [kids(file.newest(ring, DAY_S)) for file, ring in zip(files, rings, strict=True)]
    assert after[0] == after[1] == after[2]
    assert after[0][0] == rings[0].next.kid


def test_what_another_process_did_is_seen(tmp_path: Path) -> None:
    file = key_file_in(tmp_path)
    ring = file.open()
    assert file.newest(ring, DAY_S) is ring
    changed = key_file_in(tmp_path).change(rotated)
    seen = file.newest(ring, 30 * DAY_S)
    assert kids(seen) == kids(changed)
    assert file.newest(seen, 30 * DAY_S) is seen


def test_a_file_that_was_removed_is_made_anew(tmp_path: Path) -> None:
    file = key_file_in(tmp_path)
    ring = file.open()
    file.path.unlink()
    seen = file.newest(ring, DAY_S)
    assert seen.current.kid != ring.current.kid
    assert kids(key_file_in(tmp_path).open()) == kids(seen)


def test_keys_of_another_secret_are_told_with_the_way_out(tmp_path: Path) -> None:
    file = key_file_in(tmp_path)
    before = file.open() and file.path.read_bytes()
    other = key_file_in(tmp_path, secret=b"t" * 32)
    with pytest.raises(BadKeys, match="remove the file"):
        other.open()
    with pytest.raises(BadKeys):
        other.change(rotated)
    assert file.path.read_bytes() == before


def test_a_change_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    file = key_file_in(tmp_path)
    before = kids(file.open())

    def failing(ring: KeyRing) -> KeyRing:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        file.change(failing)
    assert kids(file.open()) == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_roots_rotation_does_not_shut_the_gateways_user_out(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    file = key_file_in(tmp_path)
    file.open()
    file.change(rotated)
    assert (file.path.stat().st_uid, file.path.stat().st_gid) == (65534, 65534)


@pytest.mark.asyncio
async def test_the_watch_hands_on_what_is_new_and_tells_trouble_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(key_file, "LOOK_S", 0.001)
    caplog.set_level(logging.INFO, "portvakt.keys")
    file = key_file_in(tmp_path)
    rings: asyncio.Queue[KeyRing] = asyncio.Queue()
    watching = asyncio.ensure_future(file.watch(file.open(), rings.put_nowait, lambda: DAY_S))
    try:
        changed = key_file_in(tmp_path).change(lambda _: new_ring(MORNING))
        async with asyncio.timeout(10):
            assert kids(await rings.get()) == kids(changed)
            good = file.path.read_bytes()
            file.path.write_bytes(b"{}")
            while not any(one.levelno == logging.ERROR for one in caplog.records):
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)
            file.path.write_bytes(good)
            assert kids(await rings.get()) == kids(changed)
        assert sum(one.levelno == logging.ERROR for one in caplog.records) == 1
        assert rings.empty()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
