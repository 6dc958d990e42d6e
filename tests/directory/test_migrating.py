"""Revisions of the tables, on SQLite and on a real PostgreSQL: from the first to today's."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.auth.ports import Unavailable
from gateway.directory import schema, standing
from gateway.directory.database import Database
from gateway.directory.migrating import as_sql, scripts
from gateway.directory.standing import SchemaDue, Standing, State
from gateway.directory.trouble import DirectoryUnavailable
from tests.directory.postgres_servers import Postgres

pytestmark = pytest.mark.asyncio
EARLIEST = """
CREATE TABLE users (
    user_name VARCHAR(64) NOT NULL, name VARCHAR(200) NOT NULL, email VARCHAR(254) NOT NULL,
    mobile VARCHAR(16), groups JSON NOT NULL, enabled BOOLEAN NOT NULL, password_hash VARCHAR(255),
    created DOUBLE NOT NULL, changed DOUBLE NOT NULL, PRIMARY KEY (user_name)
);
INSERT INTO users VALUES ('anna', 'Anna Ek', 'Anna@example.se', '+46701740605', '["hr"]', 1, 'phc', 1.5, 2.5);
INSERT INTO users VALUES ('bo', 'Bo', '', NULL, '[]', 0, NULL, 1.0, 1.0);
"""
"""What the first Portvakt made, before there was a table of numbers, and what it kept there."""
AT_0001 = (
    "DROP INDEX users_by_email",
    "UPDATE alembic_version SET version_num = '0001'",
)


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Return what makes an empty database, and its URL."""
    if request.param == "sqlite":
        numbers = iter(range(9))
        return lambda: f"sqlite+aiosqlite:///{tmp_path}/d{next(numbers)}.sqlite3"
    server: Postgres = request.getfixturevalue("postgres")
    return lambda: server.url(server.fresh())


@contextlib.asynccontextmanager
async def opened(url: str):
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def run(url: str, *statements: str) -> None:
    """Run statements beside the code under test."""
    async with opened(url) as database, database._writers.begin() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement))


async def tables(database: Database) -> list[str]:
    async with database._readers.connect() as connection:
        return await connection.run_sync(lambda one: sorted(sa.inspect(one).get_table_names()))


def differences(connection: sa.Connection) -> list[object]:
    """Return what Alembic would still change."""
    with warnings.catch_warnings():  # SQLite's indexes of expressions cannot be read back
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        warnings.simplefilter("ignore", UserWarning)
        found = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    if connection.dialect.name == "sqlite":
        found = [one for one in found if one[0] != "add_index"]
    return found


def described(connection: sa.Connection) -> set[str]:
    """Return everything that was made but Alembic's own table, in the database's own words."""
    said = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
        "postgresql": (
            "SELECT concat_ws(' ', table_name, column_name, data_type, collation_name, "
            "character_maximum_length, is_nullable) FROM information_schema.columns "
            "WHERE table_schema = 'public' UNION SELECT indexdef FROM pg_indexes "
            "WHERE schemaname = 'public'"
        ),
    }[connection.dialect.name]
    return {
        " ".join(one.split()).replace("IF NOT EXISTS ", "")
        for one in connection.scalars(sa.text(said))
        if "alembic_version" not in one
    }


async def test_the_revisions_are_those_that_alembic_knows() -> None:
    known = scripts()
    assert known.get_heads() == [schema.HEAD]
    found = [one.revision for one in known.walk_revisions()]
    assert tuple(reversed(found)) == schema.REVISIONS


async def test_an_empty_database_becomes_what_the_models_say(fresh: Callable[[], str]) -> None:
    async with opened(fresh()) as migrated, opened(fresh()) as created:
        assert (await migrated.standing()).state is State.EMPTY
        steps = await migrated.migrate()
        assert [step.revision for step in steps] == list(schema.REVISIONS)
        assert await migrated.migrate() == []
        await migrated.ping()
        async with created._writers.begin() as connection:
            await connection.run_sync(standing.create)
        for one in (migrated, created):
            async with one._readers.connect() as connection:
                assert await connection.run_sync(differences) == []
        async with migrated._readers.connect() as one, created._readers.connect() as other:
            first, second = await one.run_sync(described), await other.run_sync(described)
        assert first == second


async def test_a_file_from_before_there_were_revisions(tmp_path: Path) -> None:
    file = tmp_path / "d.sqlite3"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(EARLIEST)
        before = connection.execute("SELECT * FROM users ORDER BY user_name").fetchall()
    async with opened(f"sqlite+aiosqlite:///{file}") as database:
        assert await database.standing() == Standing(State.UNVERSIONED)
        await database.ping()  # as a start does
        assert await database.standing() == Standing(State.CURRENT, schema.HEAD)
        async with database._readers.connect() as one:
            assert await one.run_sync(differences) == []
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM users ORDER BY user_name").fetchall() == before
        assert connection.execute("SELECT count(*) FROM mobiles").fetchone() == (0,)


async def test_rows_outlive_an_upgrade_that_a_server_waits_for(postgres: Postgres) -> None:
    url = postgres.url(postgres.fresh())
    row = "INSERT INTO users VALUES ('anna', 'Anna', '', NULL, '[]', true, NULL, 1, 2)"
    async with opened(url) as database:
        await database.migrate()
    await run(url, row, *AT_0001)
    async with opened(url) as database:
        for _ in range(5):  # more often than failures are waited for: the database is not away
            with pytest.raises(DirectoryUnavailable) as raised:
                await database.ping()
            assert "at revision 0001" in raised.value.advice
            assert "portvakt migrate" in raised.value.advice
        async with opened(url) as operators:
            assert [step.revision for step in await operators.migrate()] == ["0002"]
        async with database.reading() as connection:  # without a restart
            assert list(await connection.scalars(sa.select(schema.users.c.user_name))) == ["anna"]


async def test_of_two_at_once_one_does_it(fresh: Callable[[], str]) -> None:
    url = fresh()
    async with opened(url) as one, opened(url) as other:
        done = await asyncio.gather(one.migrate(), other.migrate())
        assert sorted(len(steps) for steps in done) == [0, len(schema.REVISIONS)]
        await asyncio.gather(one.ping(), other.ping())


async def test_one_that_fails_leaves_nothing_behind(fresh: Callable[[], str]) -> None:
    """The name of the last revision's index is taken, so the first one's tables go again."""
    url = fresh()
    async with opened(url) as database:
        async with database._writers.begin() as connection:
            await connection.execute(sa.text("CREATE TABLE users_by_email (x INTEGER)"))
        with pytest.raises(DirectoryUnavailable):
            await database.migrate()
        assert await tables(database) == ["users_by_email"]
        async with database._writers.begin() as connection:
            await connection.execute(sa.text("DROP TABLE users_by_email"))
        assert len(await database.migrate()) == len(schema.REVISIONS)


async def test_tables_that_only_have_our_names_are_left_alone(fresh: Callable[[], str]) -> None:
    url = fresh()
    await run(url, "CREATE TABLE users (id INTEGER)") if url.startswith("postgres") else None
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))) as file:
            file.execute("CREATE TABLE users (id INTEGER)")
    async with opened(url) as database:
        assert (await database.standing()).state is State.FOREIGN
        for use in (database.ping, database.migrate):
            with pytest.raises(Unavailable) as raised:
                await use()
            assert "a database of its own" in raised.value.advice
        assert await tables(database) == ["users"]


async def test_a_newer_schema_is_worked_with_while_ours_is_in_it(fresh: Callable[[], str]) -> None:
    url = fresh()
    async with opened(url) as database:
        await database.migrate()
        await database.ping()
    newer = "UPDATE alembic_version SET version_num = '0999'"
    await run(url, newer, "ALTER TABLE users ADD COLUMN more INTEGER")
    async with opened(url) as database:
        await database.ping()
        assert await database.standing() == Standing(State.NEWER, "0999")
        assert await database.migrate() == []
        async with database._writers.begin() as connection:
            await connection.execute(sa.text("ALTER TABLE users DROP COLUMN mobile"))
    async with opened(url) as database:
        with pytest.raises(Unavailable):
            await database.ping()


async def test_what_is_printed_does_the_same(postgres: Postgres) -> None:
    name = postgres.fresh()
    postgres.run(as_sql(Standing(State.EMPTY), "postgresql"), name)
    async with opened(postgres.url(name)) as database:
        assert await database.standing() == Standing(State.CURRENT, schema.HEAD)
        async with database._readers.connect() as connection:
            assert await connection.run_sync(differences) == []
    assert as_sql(Standing(State.CURRENT, schema.HEAD), "postgresql") == ""
    later = as_sql(Standing(State.OLDER, "0001"), "postgresql")
    assert "CREATE TABLE" not in later
    assert "CREATE INDEX users_by_email" in later
    with pytest.raises(SchemaDue):
        as_sql(Standing(State.FOREIGN), "postgresql")
