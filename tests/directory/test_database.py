from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.auth.ports import Unavailable
from gateway.directory.database import Database
from gateway.directory.schema import users

ROW = {
    "name": "Anna", "email": "", "groups": [], "enabled": True, "created": 0.0, "changed": 0.0,
}  # fmt: skip


async def names(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list((await connection.execute(sa.select(users.c.user_name))).scalars())


@pytest.mark.asyncio
async def test_a_body_that_ends_well_is_committed_and_another_is_not(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/d.sqlite3")
    async with database.writing() as connection:
        await connection.execute(sa.insert(users).values(user_name="anna", **ROW))

    async def fail_after_writing() -> None:
        async with database.writing() as connection:
            await connection.execute(sa.insert(users).values(user_name="bo", **ROW))
            raise KeyError

    with pytest.raises(KeyError):
        await fail_after_writing()
    assert await names(database) == ["anna"]
    await database.close()


@pytest.mark.asyncio
async def test_a_body_over_its_deadline_is_rolled_back_and_the_next_one_works(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/d.sqlite3", deadline_s=0.2)
    await database.ping()

    async def write_and_hang() -> None:
        async with database.writing() as connection:
            await connection.execute(sa.insert(users).values(user_name="anna", **ROW))
            await asyncio.Event().wait()

    with pytest.raises(Unavailable, match="directory"):
        await write_and_hang()
    async with database.writing() as connection:
        await connection.execute(sa.insert(users).values(user_name="bo", **ROW))
    assert await names(database) == ["bo"]
    await database.close()


@pytest.mark.asyncio
async def test_when_every_connection_is_taken_the_next_call_is_unavailable_in_time(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/d.sqlite3", deadline_s=0.3)
    await database.ping()
    async with AsyncExitStack() as holders:
        for _ in range(4):
            await holders.enter_async_context(database._engine.connect())
        with pytest.raises(Unavailable):
            await database.ping()
    await database.ping()
    await database.close()
