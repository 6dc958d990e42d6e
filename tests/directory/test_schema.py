from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gateway.directory import schema, sqlite_file
from gateway.directory.database import Database
from gateway.directory.importing import _update
from gateway.directory.standing import create


@pytest.mark.asyncio
async def test_sqlite_is_set_up_for_many_readers_and_no_lost_write(tmp_path: Path) -> None:
    engine = sqlite_file.make_engine(f"sqlite+aiosqlite:///{tmp_path}/d.sqlite3", 1.5)
    sqlite_file.prepare_file(engine, 1)
    async with engine.connect() as connection:
        pragmas = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        }
    await engine.dispose()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 1500}


@pytest.mark.asyncio
async def test_a_path_with_blanks_and_letters_is_one_file(tmp_path: Path) -> None:
    for _ in range(2):
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/my%20katalog/%C3%A5.db")
        await database.ping()
        await database.close()
    file = tmp_path / "my katalog" / "å.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.asyncio
async def test_a_writer_takes_its_lock_at_once_and_a_reader_does_not(tmp_path: Path) -> None:
    engine = sqlite_file.make_engine(f"sqlite+aiosqlite:///{tmp_path}/d.sqlite3", 0.05)
    async with engine.begin() as connection:
        await connection.run_sync(create)
    async with sqlite_file.writer(engine).begin():
        async with engine.begin() as reader:
            await reader.execute(sa.select(schema.users))
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            async with sqlite_file.writer(engine).begin():
                pass
    await engine.dispose()


@pytest.mark.parametrize("dialect", [postgresql.dialect(), sqlite.dialect()])
def test_every_statement_is_said_in_both_dialects(dialect: sa.Dialect) -> None:
    users = schema.users
    for statement in (
        sa.schema.CreateTable(users, if_not_exists=True),
        sa.select(users).where(users.c.user_name > "a").order_by(users.c.user_name).limit(5),
        sa.insert(users),
        sa.delete(users).where(users.c.user_name == "a"),
        _update(),
    ):
        assert "users" in str(statement.compile(dialect=dialect))


def test_the_drivers_finer_logs_stay_shut() -> None:
    Database("sqlite+aiosqlite://")
    assert not logging.getLogger("aiosqlite").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("sqlalchemy.engine.Engine").isEnabledFor(logging.INFO)
