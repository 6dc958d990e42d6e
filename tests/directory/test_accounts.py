from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.auth.ports import Unavailable
from gateway.directory.accounts import MailOfAnotherError
from gateway.directory.passwords import PasswordUnusable
from gateway.directory.rows import Entry
from gateway.directory.sql import SqlDirectory
from tests.directory.support import Listener, StandingClock, account, directory_in, person


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
        await opened.accounts.add(account("anna"))
        await opened.accounts.set_password("anna", "Sommar2026")
        await opened.accounts.add(account("bo"))
        listener.heard.clear()
        yield opened


@pytest.mark.asyncio
async def test_a_name_is_taken_once(directory: SqlDirectory) -> None:
    assert not await directory.accounts.add(account("anna", name="Another Anna"))
    assert await directory.find("anna") == person("anna")


@pytest.mark.asyncio
async def test_nobody_is_called_what_somebody_else_has_mail_under(directory: SqlDirectory) -> None:
    accounts = directory.accounts
    assert await accounts.add(account("cia", email="Eva@Example.com"))
    with pytest.raises(MailOfAnotherError, match="cia"):
        await accounts.add(account("eva@example.com", email=""))
    assert await directory.find("eva@example.com") is None
    assert await accounts.add(account("dan@example.com", email="dan@example.com"))


@pytest.mark.parametrize("user", ["ANNA", "anna ", "", "a b", "a" * 65, "a\0"])
@pytest.mark.asyncio
async def test_only_a_canonical_possible_name_is_kept(directory: SqlDirectory, user: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        await directory.accounts.add(account(user))


@pytest.mark.asyncio
async def test_an_entry_tells_its_times_and_whether_there_is_a_password(
    directory: SqlDirectory, clock: StandingClock
) -> None:
    made = clock.time
    clock.time += 60
    await directory.accounts.set_mobile("bo", None)
    assert await directory.accounts.show(" BO") == Entry(
        person("bo", mobile=None), has_password=False, created=made, changed=made + 60
    )
    assert (await directory.accounts.show("anna")).has_password  # type: ignore[union-attr] - she is there
    assert await directory.accounts.show("cecilia") is None


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1000])
@pytest.mark.asyncio
async def test_everybody_is_listed_once_in_order(tmp_path: Path, count: int) -> None:
    async with directory_in(tmp_path / "other.sqlite3") as directory:
        await directory.importer(None).write([account(f"u{n:05}") for n in reversed(range(count))])
        listed = [entry.person.user async for entry in directory.accounts.entries()]
    assert listed == [f"u{n:05}" for n in range(count)]


@pytest.mark.asyncio
async def test_changes_to_nobody_are_answered_no(
    directory: SqlDirectory, listener: Listener
) -> None:
    accounts = directory.accounts
    for nobody in ("cecilia", "", "a\0", "x" * 100):
        assert not await accounts.remove(nobody)
        assert not await accounts.set_enabled(nobody, enabled=False)
        assert not await accounts.set_password(nobody, "Sommar2026")
        assert not await accounts.set_mobile(nobody, None)
        assert not await accounts.set_groups(nobody, ["hr"])
    assert listener.heard == []


@pytest.mark.asyncio
async def test_changes_touch_one_user_and_one_value(directory: SqlDirectory) -> None:
    accounts = directory.accounts
    await accounts.set_groups("Anna", ["väktare"])
    await accounts.set_mobile("ANNA", "+46701740699")
    await accounts.set_enabled("anna", enabled=False)
    assert await directory.find("anna") == person(
        "anna", groups=("väktare",), mobile="+46701740699", enabled=False
    )
    assert await directory.find("bo") == person("bo")
    await accounts.set_enabled("anna", enabled=True)
    assert await directory.authenticate("anna", "Sommar2026") is not None


@pytest.mark.asyncio
async def test_removed_means_gone_and_the_name_is_free(directory: SqlDirectory) -> None:
    assert await directory.accounts.remove("anna")
    assert await directory.authenticate("anna", "Sommar2026") is None
    assert await directory.find("anna") is None
    assert await directory.accounts.add(account("anna"))
    assert await directory.authenticate("anna", "Sommar2026") is None


@pytest.mark.asyncio
async def test_a_new_password_takes_the_old_ones_place(directory: SqlDirectory) -> None:
    assert await directory.accounts.set_password("anna", "Vinter2026")
    assert await directory.authenticate("anna", "Sommar2026") is None
    assert await directory.authenticate("anna", "Vinter2026") == person("anna")
    with pytest.raises(PasswordUnusable):
        await directory.accounts.set_password("anna", "x" * 1025)
    assert await directory.authenticate("anna", "Vinter2026") is not None


@pytest.mark.asyncio
async def test_a_credential_is_another_after_each_password_and_after_nothing_else(
    directory: SqlDirectory,
) -> None:
    async def credential() -> str:
        found = await directory.find("anna")
        assert found is not None
        return found.credential

    first = await credential()
    person_now = await directory.authenticate("anna", "Sommar2026")
    assert person_now is not None
    assert person_now.credential == first != ""
    await directory.accounts.set_mobile("anna", None)
    await directory.accounts.set_groups("anna", [])
    await directory.accounts.set_enabled("anna", enabled=False)
    await directory.accounts.set_enabled("anna", enabled=True)
    assert await credential() == first
    seen = {first}
    for password in ("Vinter2026", "Vinter2026", "Sommar2026"):
        await directory.accounts.set_password("anna", password)
        seen.add(await credential())
    assert len(seen) == 4


@pytest.mark.asyncio
async def test_which_changes_end_the_sessions(directory: SqlDirectory, listener: Listener) -> None:
    accounts = directory.accounts
    ending = [
        accounts.set_password("ANNA", "Vinter2026"),
        accounts.set_enabled("anna", enabled=False),
        accounts.set_groups("anna", ["hr"]),
        accounts.remove("bo"),
    ]
    for change in ending:
        assert await change
    assert listener.heard == ["anna", "anna", "anna", "bo"]
    listener.heard.clear()
    lasting = [
        accounts.set_enabled("anna", enabled=False),  # it was already
        accounts.set_enabled("anna", enabled=True),
        accounts.set_groups("anna", ["guards", "hr"]),
        accounts.set_mobile("anna", None),
        accounts.add(account("cecilia")),
    ]
    for change in lasting:
        assert await change
    assert listener.heard == []


@pytest.mark.asyncio
async def test_a_hook_that_fails_does_not_undo_the_change(tmp_path: Path) -> None:
    async def store_is_away(_user: str) -> None:
        raise Unavailable("redis")

    async with directory_in(tmp_path / "d.sqlite3", on_changed=store_is_away) as directory:
        await directory.accounts.add(account("anna"))
        with pytest.raises(Unavailable, match="redis"):
            await directory.accounts.set_enabled("anna", enabled=False)
        assert await directory.find("anna") == person("anna", enabled=False)
