"""A database file that is moved away or replaced while connections to it are kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gateway.auth.ports import Unavailable
from gateway.directory import schema
from gateway.directory.database import Database


async def names(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list(await connection.scalars(sa.select(schema.users.c.user_name)))


async def filled(path, name: str) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    async with database.writing() as connection:
        row = {"user_name": name, "name": name, "email": "", "groups": [], "enabled": True}
        await connection.execute(schema.users.insert().values(**row, created=0.0, changed=0.0))
    await database.close()


@pytest.mark.asyncio
async def test_a_file_that_is_gone_is_unavailable_until_it_is_back(tmp_path):
    file = tmp_path / "d.sqlite3"
    await filled(file, "anna")
    database = Database(f"sqlite+aiosqlite:///{file}")
    assert await names(database) == ["anna"]
    away = [(path, tmp_path / f"away-{path.name}") for path in tmp_path.glob("d.sqlite3*")]
    for path, to in away:
        path.rename(to)
    for _ in range(6):  # more often than connections are pooled
        with pytest.raises(Unavailable, match="directory"):
            await names(database)
    assert not file.exists()
    for path, to in away:
        to.rename(path)
    assert await names(database) == ["anna"]
    await database.close()


@pytest.mark.asyncio
async def test_another_file_in_its_place_is_read_at_once(tmp_path):
    file, other = tmp_path / "d.sqlite3", tmp_path / "backup.sqlite3"
    await filled(file, "anna")
    await filled(other, "bo")
    database = Database(f"sqlite+aiosqlite:///{file}")
    assert await names(database) == ["anna"]
    other.replace(file)
    assert await names(database) == ["bo"]
    await database.close()
