from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.directory import passwords
from gateway.directory.database import Database
from tests.directory.postgres_servers import Postgres, running_postgres
from tests.directory.support import Counted


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counter = Counted()
    monkeypatch.setattr(passwords, "Argon2id", counter)
    return counter


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A server for one file of tests."""
    with running_postgres() as server:
        yield server


@pytest_asyncio.fixture(params=["sqlite", "postgres"])
async def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty directory is, in either database: what `directory_in` takes."""
    if request.param == "sqlite":
        return tmp_path / "directory.sqlite3"
    server: Postgres = request.getfixturevalue("postgres")
    if server.made:
        server.run("TRUNCATE users, mobiles", server.made[0])
        return server.url(server.made[0])
    url = server.url(server.fresh())
    database = Database(url)
    await database.migrate()
    await database.close()
    return url
