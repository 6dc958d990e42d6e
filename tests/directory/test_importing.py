from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.directory.importing import REPLACEABLE, AlreadyThere, Imported
from gateway.directory.sql import SqlDirectory
from tests.directory.support import Listener, StandingClock, account, directory_in, person

OLD = "$argon2id$v=19$m=8,t=1,p=1$b2xkc2FsdG9sZHNhbHQ$b2xkdGFnb2xkdGFn"
NEW = "$argon2id$v=19$m=8,t=1,p=1$bmV3c2FsdG5ld3NhbHQ$bmV3dGFnbmV3dGFn"


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest_asyncio.fixture
async def directory(
    where: Path | str, clock: StandingClock, listener: Listener
) -> AsyncIterator[SqlDirectory]:
    async with directory_in(where, clock=clock, on_changed=listener) as opened:
        await opened.accounts.add(account("anna", OLD))
        await opened.accounts.add(account("bo", OLD))
        yield opened


async def users(directory: SqlDirectory) -> list[str]:
    return [entry.person.user async for entry in directory.accounts.entries()]


@pytest.mark.asyncio
async def test_new_users_are_added(directory: SqlDirectory, listener: Listener) -> None:
    written: list[int] = []
    people = [account(f"u{n:04}", NEW) for n in range(1200)]
    assert await directory.importer(None).write(people, written.append) == Imported(1200, 0)
    assert sum(written) == 1200
    assert len(await users(directory)) == 1202
    assert listener.heard == []


@pytest.mark.parametrize("position", [0, 600, 1199])
@pytest.mark.asyncio
async def test_one_that_exists_keeps_all_of_them_out(
    directory: SqlDirectory, position: int
) -> None:
    people = [account(f"u{n:04}") for n in range(1200)]
    people[position] = account("anna", NEW, name="Another Anna")
    people.append(account("bo"))
    answer = await directory.importer(None).write(people)
    assert answer == AlreadyThere(("anna", "bo"))
    assert await users(directory) == ["anna", "bo"]
    assert await directory.find("anna") == person("anna")


@pytest.mark.asyncio
async def test_named_columns_replace_what_there_was(
    directory: SqlDirectory, clock: StandingClock
) -> None:
    made = clock.time
    clock.time += 60
    changed = account("anna", NEW, name="Anna Berg", email="new@example.se", mobile=None)
    importer = directory.importer(frozenset({"name", "mobile"}))
    assert await importer.write([changed, account("cecilia")]) == Imported(added=1, updated=1)
    anna = await directory.accounts.show("anna")
    assert anna is not None
    assert anna.person == person("anna", name="Anna Berg", mobile=None)
    assert (anna.created, anna.changed) == (made, made + 60)
    bo = await directory.accounts.show("bo")
    assert bo is not None
    assert bo.changed == made


@pytest.mark.asyncio
async def test_an_update_without_a_password_keeps_the_one_there_is(
    directory: SqlDirectory, listener: Listener
) -> None:
    await directory.importer(REPLACEABLE).write([account("anna", None), account("bo", NEW)])
    assert listener.heard == ["bo"]
    assert (await directory.accounts.show("anna")).has_password  # type: ignore[union-attr] - she is there


@pytest.mark.asyncio
async def test_an_update_ends_the_sessions_that_it_must(
    directory: SqlDirectory, listener: Listener
) -> None:
    await directory.importer(REPLACEABLE).write(
        [
            account("anna", OLD, groups=("hr", "guards", "more"), name="Anna Berg", mobile=None),
            account("bo", OLD, enabled=False),
            account("cecilia", NEW, enabled=False),
        ]
    )
    assert listener.heard == ["bo"]


@pytest.mark.parametrize("user", ["ANNA", "a b", ""])
@pytest.mark.asyncio
async def test_an_impossible_name_writes_nothing(directory: SqlDirectory, user: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        await directory.importer(None).write([account("cecilia"), account(user)])
    assert await users(directory) == ["anna", "bo"]


@pytest.mark.asyncio
async def test_a_repeated_name_writes_nothing(directory: SqlDirectory) -> None:
    with pytest.raises(ValueError, match="repeated"):
        await directory.importer(None).write([account("cecilia"), account("cecilia")])
    assert await users(directory) == ["anna", "bo"]


@pytest.mark.asyncio
async def test_unknown_columns_are_refused(directory: SqlDirectory) -> None:
    with pytest.raises(ValueError, match="created"):
        directory.importer(frozenset({"name", "created"}))


@pytest.mark.asyncio
async def test_nothing_to_import_is_fine(directory: SqlDirectory) -> None:
    assert await directory.importer(None).write([]) == Imported(0, 0)


@pytest.mark.asyncio
async def test_who_is_taken(directory: SqlDirectory) -> None:
    importer = directory.importer(None)
    names = [f"u{n:04}" for n in range(1200)]
    assert await importer.existing([*names, "bo", "cecilia"]) == {"bo"}
    assert await importer.existing([]) == frozenset()
    assert not importer.committed
    await importer.write([account(name) for name in names])
    assert importer.committed
    assert await importer.existing(names) == set(names)
