from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gateway.auth.ports import Unavailable
from gateway.directory.passwords import Cost, PasswordHasher, cost_of
from gateway.directory.sql import open_sql
from gateway.directory.trouble import DirectoryUnavailable
from gateway.settings.model import Directory, Secret
from gateway.system import SystemEntropy
from tests.directory.support import (
    CHEAP,
    Counted,
    StandingClock,
    account,
    cheap_hasher,
    directory_in,
    person,
)

PASSWORD = "Sommar2026"


@contextmanager
def locked(path: Path, *, also_reading: bool = False) -> Iterator[None]:
    """Hold the database's write lock, or every lock there is."""
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        if also_reading:
            holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        holder.execute("UPDATE users SET changed = 0")
        yield
        holder.rollback()


@pytest.mark.asyncio
async def test_the_file_is_ours_alone_in_a_directory_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "state" / "directory.sqlite3"
    async with directory_in(path) as directory:
        await directory.accounts.add(account("anna"))
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        files = sorted(entry.name for entry in path.parent.iterdir())
        assert files == [path.name, f"{path.name}-shm", f"{path.name}-wal"]
        assert {stat.S_IMODE((path.parent / name).stat().st_mode) for name in files} == {0o600}


@pytest.mark.asyncio
async def test_rights_of_others_are_taken_away_from_a_file_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    path.touch()
    path.chmod(0o644)
    async with directory_in(path) as directory:
        await directory.ping()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.asyncio
async def test_a_file_made_by_root_belongs_to_the_owner_of_the_directory(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 4321, 4322)
    async with directory_in(state / "directory.sqlite3") as directory:
        await directory.accounts.add(account("anna"))
        assert {(entry.stat().st_uid, entry.stat().st_gid) for entry in state.iterdir()} == {
            (4321, 4322)
        }


@pytest.mark.asyncio
async def test_nothing_is_opened_before_the_first_use(tmp_path: Path) -> None:
    async with directory_in(tmp_path / "state" / "directory.sqlite3"):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.asyncio
async def test_what_is_written_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    hasher = cheap_hasher()
    phc = await hasher.derive(PASSWORD)
    async with directory_in(path, hasher=hasher) as directory:
        await directory.accounts.add(account("åsa", phc, name="Åsa Öberg", groups=("väktare",)))
    async with directory_in(path) as directory:
        assert await directory.authenticate("ÅSA", PASSWORD) == person(
            "åsa", name="Åsa Öberg", groups=("väktare",)
        )


@pytest.mark.asyncio
async def test_a_password_is_hashed_anew_at_logon_when_the_cost_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    async with directory_in(path) as directory:
        await directory.accounts.add(account("anna", await cheap_hash()))
    dearer = Cost(memory_kib=16, iterations=2, lanes=1)
    async with directory_in(path, hasher=PasswordHasher(SystemEntropy(), dearer)) as directory:
        assert await directory.authenticate("anna", "wrong") is None
        assert cost_of(stored_hash(path)) != dearer
        first = await directory.authenticate("anna", PASSWORD)
        renewed = stored_hash(path)
        assert cost_of(renewed) == dearer
        now = await directory.find("anna")
        assert first is not None
        assert now is not None
        assert first.credential == now.credential, "a hash made anew is no new password"
        assert await directory.authenticate("anna", PASSWORD) is not None
        assert stored_hash(path) == renewed


@pytest.mark.asyncio
async def test_a_hash_that_cannot_be_renewed_keeps_nobody_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "directory.sqlite3"
    old = await cheap_hash()
    async with directory_in(path) as directory:
        await directory.accounts.add(account("anna", old))
    dearer = PasswordHasher(SystemEntropy(), Cost(16, 1, 1))
    async with directory_in(path, hasher=dearer, deadline_s=0.4) as directory:
        await directory.ping()
        with locked(path), caplog.at_level(logging.WARNING):
            assert await directory.authenticate("anna", PASSWORD) == person("anna")
    assert "was not renewed" in caplog.text
    assert "anna" not in caplog.text
    assert stored_hash(path) == old


@pytest.mark.asyncio
async def test_readers_go_on_while_the_file_is_locked_for_writing(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    async with directory_in(path, deadline_s=0.4) as directory:
        await directory.accounts.add(account("anna", await cheap_hash()))
        with locked(path):
            assert await directory.authenticate("anna", PASSWORD) == person("anna")
            with pytest.raises(DirectoryUnavailable) as raised:
                await directory.accounts.set_mobile("anna", None)
        assert raised.value.what == "directory"
        assert "locked" in raised.value.advice
        assert await directory.accounts.set_mobile("anna", None)


@pytest.mark.asyncio
async def test_a_file_locked_altogether_is_unavailable_within_the_deadline(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    async with directory_in(path) as directory:
        await directory.accounts.add(account("anna", await cheap_hash()))
    async with directory_in(path, deadline_s=0.4) as directory:
        with locked(path, also_reading=True):
            for call in (
                directory.authenticate("anna", PASSWORD),
                directory.find("anna"),
                directory.ping(),
            ):
                async with asyncio.timeout(3):
                    with pytest.raises(Unavailable, match="directory"):
                        await call
        assert await directory.authenticate("anna", PASSWORD) == person("anna")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"no database " * 1000, "not an SQLite database", id="another file"),
        pytest.param(b"SQLite format 3\0" + b"\xff" * 8192, "database", id="a torn header"),
    ],
)
@pytest.mark.asyncio
async def test_a_file_that_is_no_database_is_unavailable_in_clear_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes, words: str
) -> None:
    path = tmp_path / "directory.sqlite3"
    path.write_bytes(content)
    async with directory_in(path) as directory:
        for call in (directory.ping(), directory.authenticate("anna", PASSWORD)):
            with pytest.raises(DirectoryUnavailable) as raised:
                await call
            assert words in raised.value.advice
    assert words in caplog.text
    assert path.read_bytes() == content


@pytest.mark.asyncio
async def test_damaged_pages_are_unavailable_in_clear_words(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    async with directory_in(path) as directory:
        await directory.importer(None).write([account(f"user{n}") for n in range(500)])
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    path.write_bytes(content)
    async with directory_in(path) as directory:
        with pytest.raises(DirectoryUnavailable) as raised:
            await directory.find("user7")
    assert "damaged" in raised.value.advice


@pytest.mark.asyncio
async def test_a_path_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with directory_in(tmp_path / "file" / "directory.sqlite3") as directory:
        with pytest.raises(DirectoryUnavailable):
            await directory.ping()


@pytest.mark.asyncio
async def test_a_directory_that_comes_back_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    path.write_bytes(b"no database " * 1000)
    async with directory_in(path) as directory:
        with pytest.raises(Unavailable):
            await directory.ping()
        path.unlink()
        await directory.ping()


@pytest.mark.asyncio
async def test_two_processes_may_make_the_tables_at_once(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    async with directory_in(path) as one, directory_in(path) as other:
        await asyncio.gather(one.ping(), other.ping(), one.find("anna"), other.find("anna"))
        assert await one.accounts.add(account("anna"))
        assert await other.find("anna") == person("anna")


@pytest.mark.asyncio
async def test_logons_and_writes_at_once_all_come_through(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    async with directory_in(path) as one, directory_in(path) as other:
        phc = await cheap_hash()
        for n in range(10):
            await one.accounts.add(account(f"user{n}", phc))
        logons = [
            where.authenticate(f"USER{n}", PASSWORD) for n in range(10) for where in (one, other)
        ]
        writes = [
            where.accounts.set_mobile(f"user{n}", f"+467017406{n:02}")
            for n in range(10)
            for where in (one, other)
        ]
        done = await asyncio.gather(*logons, *writes)
        assert all(done)
        assert [(await one.find(f"user{n}")).mobile for n in range(10)] == [  # type: ignore[union-attr] - all are there
            f"+467017406{n:02}" for n in range(10)
        ]


class Hooked(PasswordHasher):
    """A hasher that lets something happen between the check and its answer."""

    async def verify(self, password: str, phc: str | None, cost: Cost | None = None) -> bool:
        right = await super().verify(password, phc, cost)
        await self.meanwhile()
        return right


@pytest.mark.parametrize("change", ["disable", "remove", "password"])
@pytest.mark.asyncio
async def test_what_changes_during_the_check_counts(tmp_path: Path, change: str) -> None:
    hasher = Hooked(SystemEntropy(), Cost(8, 1, 1))
    async with directory_in(tmp_path / "directory.sqlite3", hasher=hasher) as directory:
        await directory.accounts.add(account("anna", await cheap_hash()))

        async def meanwhile() -> None:
            match change:
                case "disable":
                    await directory.accounts.set_enabled("anna", enabled=False)
                case "remove":
                    await directory.accounts.remove("anna")
                case _:
                    await directory.accounts.set_password("anna", "Another2026")

        hasher.meanwhile = meanwhile  # type: ignore[attr-defined] - the hook of this test
        assert await directory.authenticate("anna", PASSWORD) is None


@pytest.mark.asyncio
async def test_an_unreadable_hash_lets_nobody_in(tmp_path: Path) -> None:
    async with directory_in(tmp_path / "directory.sqlite3") as directory:
        for n, phc in enumerate(["", "plain", PASSWORD, "$argon2id$v=19$m=8,t=1,p=1$$"]):
            await directory.accounts.add(account(f"user{n}", phc))
            assert await directory.authenticate(f"user{n}", PASSWORD) is None
            assert await directory.authenticate(f"user{n}", phc) is None


@pytest.mark.parametrize(
    ("user_name", "password"),
    [
        pytest.param("anna", PASSWORD, id="right"),
        pytest.param("anna", "wrong", id="wrong"),
        pytest.param("anna", "x" * 100_000, id="too long"),
        pytest.param("anna", "Sommar\0", id="NUL"),
        pytest.param("cecilia", PASSWORD, id="unknown"),
        pytest.param("disa", PASSWORD, id="disabled"),
        pytest.param("mute", PASSWORD, id="without a password"),
        pytest.param("", PASSWORD, id="no name"),
        pytest.param("anna\0", PASSWORD, id="impossible name"),
        pytest.param("a" * 10_000, PASSWORD, id="long name"),
    ],
)
@pytest.mark.asyncio
async def test_whoever_asks_costs_one_derivation(
    tmp_path: Path, counted: Counted, user_name: str, password: str
) -> None:
    async with directory_in(tmp_path / "directory.sqlite3") as directory:
        phc = await cheap_hash()
        await directory.accounts.add(account("anna", phc))
        await directory.accounts.add(account("disa", phc, enabled=False))
        await directory.accounts.add(account("mute"))
        counted.costs.clear()
        await directory.authenticate(user_name, password)
        assert counted.costs == [CHEAP]


@pytest.mark.parametrize(
    "url", ["nonsense", "oracle+nothing://x", "postgresql://h/d?sslmod=disable"]
)
def test_a_url_nobody_can_drive_is_refused_without_showing_it(url: str) -> None:
    hasher = cheap_hasher()
    with pytest.raises(ValueError, match="url") as raised:
        open_sql(Directory("sql", Secret(url)), hasher, StandingClock())
    assert url not in str(raised.value)
    hasher.close()


@pytest.mark.asyncio
async def test_neither_values_nor_hashes_reach_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "directory.sqlite3"
    phc = await cheap_hash()
    async with directory_in(path, deadline_s=0.4) as directory:
        await directory.accounts.add(account("anna", phc))
        await directory.accounts.add(account("anna", phc))
        await directory.authenticate("anna", PASSWORD)
        with locked(path), pytest.raises(Unavailable):
            await directory.accounts.set_password("anna", "Another2026")
    for secret in (PASSWORD, "Another2026", phc, "+46701740605", "argon2id"):
        assert secret not in caplog.text


async def cheap_hash() -> str:
    hasher = cheap_hasher()
    try:
        return await hasher.derive(PASSWORD)
    finally:
        hasher.close()


def stored_hash(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        (phc,) = connection.execute("SELECT password_hash FROM users").fetchone()
    return str(phc)
