"""The costs of hashes are counted behind the logons, and checks of made-up names go by them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.directory import passwords
from gateway.directory.census import EVERY_S
from gateway.directory.passwords import Cost
from gateway.directory.sql import SqlDirectory
from tests.directory.support import CHEAP, Counted, StandingClock, account, directory_in

OLD = "$argon2id$v=19$m=8,t=3,p=1$b2xkc2FsdG9sZHNhbHQ$b2xkdGFnb2xkdGFn"
THREE = Cost(8, 3, 1)

pytestmark = pytest.mark.asyncio


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted()
    monkeypatch.setattr(passwords, "Argon2id", counted)
    return counted


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest_asyncio.fixture
async def directory(tmp_path: Path, clock: StandingClock) -> AsyncIterator[SqlDirectory]:
    async with directory_in(tmp_path / "directory.sqlite3", clock=clock) as opened:
        yield opened


async def cost_of_a_check(directory: SqlDirectory, counted: Counted, user: str) -> Cost | None:
    counted.costs.clear()
    assert await directory.authenticate(user, "wrong") is None
    (cost,) = counted.costs
    return cost


async def test_nobodys_check_costs_what_the_hashes_there_cost(
    directory: SqlDirectory, counted: Counted, clock: StandingClock, tmp_path: Path
) -> None:
    for number in range(1200):
        await directory.accounts.add(account(f"user{number:04}", OLD if number else None))
    assert await cost_of_a_check(directory, counted, "nobody") == CHEAP, "not counted yet"
    await directory._census.settled()
    for user in ("user0007", "nobody", "somebody", "user0000"):
        assert await cost_of_a_check(directory, counted, user) == THREE, user
    with closing(sqlite3.connect(tmp_path / "directory.sqlite3")) as connection, connection:
        connection.execute("UPDATE users SET password_hash = replace(password_hash, 't=3', 't=1')")
    clock.time += EVERY_S - 1
    assert await cost_of_a_check(directory, counted, "nobody") == THREE, "counted now and then"
    clock.time += 1
    await directory.authenticate("nobody", "wrong")
    await directory._census.settled()
    assert await cost_of_a_check(directory, counted, "nobody") == CHEAP


async def test_somebody_disabled_costs_what_they_did(
    directory: SqlDirectory, counted: Counted
) -> None:
    await directory.accounts.add(account("anna", OLD))
    await directory.accounts.set_enabled("anna", enabled=False)
    assert await cost_of_a_check(directory, counted, "anna") == THREE


async def test_a_count_that_fails_is_no_trouble(
    directory: SqlDirectory, counted: Counted, tmp_path: Path
) -> None:
    (tmp_path / "directory.sqlite3").write_text("no database at all, " * 100)
    directory._census.keep()
    await directory._census.settled()
    assert directory._census.decoys.cost_for("nobody") == CHEAP
