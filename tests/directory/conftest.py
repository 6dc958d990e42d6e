from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio

from gateway.directory import passwords
from gateway.directory.database import Database
from tests.directory.postgres_servers import Postgres
from tests.directory.support import Counted


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counter = Counted()
    monkeypatch.setattr(passwords, "Argon2id", counter)
    return counter


@pytest_asyncio.fixture(params=["sqlite", "postgres"])
async def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty directory is, in either database: what `directory_in` takes."""
    if request.param == "sqlite":
        return tmp_path / "directory.sqlite3"
    server: Postgres = request.getfixturevalue("postgres")
    if server.shared:
        server.run("TRUNCATE users, mobiles", server.shared)
        return server.url(server.shared)
    server.shared = server.fresh()
    url = server.url(server.shared)
    database = Database(url)
    await database.migrate()
    await database.close()
    return url
