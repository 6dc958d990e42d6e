"""gateway/auth/lockout.py: who is locked out by whose failures."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.auth import lockout
from gateway.auth.lockout import Try, place_of
from gateway.auth.model import Client
from gateway.auth.outcomes import CodeSent, LockedOut, Rejected, SessionOpened, WrongCode
from tests.auth.support import ELSEWHERE, INSIDE, OUTSIDE, LoginScript

pytestmark = pytest.mark.asyncio


async def test_the_sixth_wrong_password_is_not_judged_right_or_wrong() -> None:
    script = LoginScript()
    assert [await script.password("wrong") for _ in range(5)] == [Rejected()] * 5
    asked = script.directory.asked
    assert await script.password("wrong") == LockedOut(60)
    assert await script.password() == LockedOut(60)
    assert script.directory.asked == asked
    script.wait(seconds=60)
    assert isinstance(await script.password(), CodeSent)


async def test_locks_grow_while_it_goes_on() -> None:
    script = LoginScript()
    waits = []
    for _ in range(5):
        while not isinstance(outcome := await script.password("wrong"), LockedOut):
            pass
        waits.append(outcome.wait_s)
        script.wait(seconds=outcome.wait_s)
    assert waits[0] == 60
    assert waits == sorted(waits)
    assert max(waits) <= 900


async def test_unknown_users_are_locked_in_the_same_way() -> None:
    known, unknown = LoginScript(), LoginScript()
    for _ in range(8):
        assert await known.password("wrong") == await unknown.password("wrong", user="nobody")


async def test_every_spelling_of_a_name_counts_together() -> None:
    script = LoginScript()
    for user in ("anna", "ANNA", " anna", "Anna ", "aNNa"):
        await script.password("wrong", user=user)
    assert isinstance(await script.password(), LockedOut)


async def test_a_lock_from_one_address_does_not_lock_the_employee_out_elsewhere() -> None:
    script = LoginScript()
    for _ in range(9):
        await script.password("wrong")
    script.go(ELSEWHERE)
    assert isinstance(await script.password(), CodeSent)
    script.go(OUTSIDE)
    assert isinstance(await script.password(), LockedOut)


async def test_an_address_is_locked_whatever_the_user_name() -> None:
    script = LoginScript()
    for number in range(50):
        assert await script.password("wrong", user=f"user{number}") == Rejected()
    assert await script.password() == LockedOut(60)
    script.go(ELSEWHERE)
    assert isinstance(await script.password(), CodeSent)


async def test_a_user_is_locked_whatever_the_address_after_fifty() -> None:
    script = LoginScript()
    for number in range(50):
        script.go(Client(f"198.51.100.{number}", "internet", ""))
        assert await script.password("wrong") == Rejected()
    script.go(ELSEWHERE)
    assert await script.password() == LockedOut(60)
    assert isinstance(await script.password(user="bo"), CodeSent)
    await script.lockout.unlock("anna")
    script.go(Client("192.0.2.77", "internet", ""))
    assert isinstance(await script.password(), CodeSent)


async def test_a_right_password_is_no_failure() -> None:
    script = LoginScript()
    script.go(INSIDE)
    for _ in range(60):
        assert not isinstance(await script.password(), LockedOut)
    script.go(OUTSIDE)
    for _ in range(60):
        assert isinstance(await script.password(), CodeSent)


async def test_success_forgives_this_pair_only() -> None:
    script = LoginScript()
    script.go(ELSEWHERE)
    for _ in range(4):
        await script.password("wrong")
    script.go(OUTSIDE)
    for _ in range(4):
        await script.password("wrong")
    await script.password()
    for _ in range(5):
        assert await script.password("wrong") == Rejected()
    script.go(ELSEWHERE)
    assert await script.password("wrong") == Rejected()
    assert isinstance(await script.password("wrong"), LockedOut)


async def test_right_passwords_do_not_clear_the_address_for_guessing_others() -> None:
    script = LoginScript()
    for number in range(49):
        await script.password("wrong", user=f"user{number}")
        assert not isinstance(await script.password(user="bo"), LockedOut)
    await script.password("wrong", user="anna")
    assert isinstance(await script.password(user="bo"), LockedOut)


@pytest.mark.parametrize("racers", [500])
async def test_racing_wrong_passwords_are_judged_within_the_budget(racers: int) -> None:
    script = LoginScript()
    outcomes = await asyncio.gather(*(script.password("wrong") for _ in range(racers)))
    assert outcomes.count(Rejected()) == 5
    assert script.directory.asked == 5


async def test_wrong_codes_are_counted_across_challenges_and_lock_codes_only() -> None:
    script = LoginScript()
    wrong = 0
    for browser in itertools.count():
        script.another_browser(Client(f"198.51.100.{browser}", "internet", ""))
        await script.password()
        outcome: object = WrongCode(9)
        while isinstance(outcome, WrongCode) and outcome.tries_left:
            outcome = await script.code(await script.wrong_code())
            wrong += isinstance(outcome, WrongCode)
        if isinstance(outcome, LockedOut):
            break
    assert wrong == 50
    assert await script.code() == LockedOut(60)
    assert isinstance(await script.password(), CodeSent)
    assert await script.password("wrong") == Rejected()


async def test_a_hundred_wrong_codes_a_day_are_enough() -> None:
    script = LoginScript()
    wrong = waited = 0
    while waited < 86400 * 0.9:
        script.another_browser()
        outcome = await script.password()
        while not isinstance(outcome, LockedOut):
            outcome = await script.code(await script.wrong_code())
            wrong += isinstance(outcome, WrongCode)
            if isinstance(outcome, WrongCode) and not outcome.tries_left:
                script.another_browser()
                outcome = await script.password()
        script.wait(seconds=outcome.wait_s)
        waited += outcome.wait_s
    assert wrong == 100
    await script.lockout.unlock("anna")
    script.another_browser()
    assert isinstance(await script.password(), CodeSent)


async def test_unlocking_reaches_every_address_and_nobody_else() -> None:
    script = LoginScript()
    places = [Client(f"192.0.2.{n}", "internet", "") for n in range(3)]
    for user, place in ((user, place) for user in ("anna", "bo") for place in places):
        script.go(place)
        for _ in range(5):
            await script.password("wrong", user)
        assert isinstance(await script.password(user=user), LockedOut)
    await script.lockout.unlock("anna")
    for place in places:
        script.another_browser(place)
        assert isinstance(await script.password(), CodeSent)
        assert isinstance(await script.password(user="bo"), LockedOut)


async def test_names_and_addresses_are_hidden() -> None:
    script = LoginScript()
    counted = await script.lockout.password("anna", ELSEWHERE)
    assert isinstance(counted, Try)
    for bucket in (*counted.own, *counted.shared):
        assert {len(part) for part in bucket.name.split(".")} == {64}
        assert int(bucket.name.replace(".", ""), 16)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:DB8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
async def test_what_an_address_counts_as(address: str, place: str) -> None:
    assert place_of(address) == place


async def test_right_passwords_at_once_wait_for_each_other_and_all_get_in() -> None:
    script = LoginScript()
    outcomes = await asyncio.gather(*(script.password() for _ in range(40)))
    assert {type(outcome) for outcome in outcomes} == {CodeSent}


async def test_a_try_that_hangs_locks_the_others_out_in_the_end(monkeypatch) -> None:
    monkeypatch.setattr(lockout, "PATIENCE_S", 0.01)
    script = LoginScript()
    for _ in range(5):
        await script.lockout.password("anna", OUTSIDE)  # and never judged
    assert await script.password() == LockedOut(60)


def strangers(script: LoginScript) -> Iterator[None]:
    """Be at one address after the other, each with a new browser."""
    own = script.browser
    for number in range(60):
        script.another_browser(Client(f"203.0.113.{number}", "internet", ""))
        yield
    script.browser = own


async def lock_out(script: LoginScript) -> None:
    """Spend what a stranger may spend of the tries of anna, from many addresses."""
    for _ in strangers(script):
        await script.password("wrong")


async def test_strangers_lock_nobody_out_of_their_own_browser() -> None:
    script = LoginScript()
    await script.password()
    assert isinstance(await script.code(), SessionOpened)
    await lock_out(script)
    script.go(Client("192.0.2.200", "internet", ""))  # the same browser, in a train
    assert isinstance(await script.password(), CodeSent)
    assert isinstance(await script.code(), SessionOpened)
    script.another_browser(Client("192.0.2.201", "internet", ""))
    assert isinstance(await script.password(), LockedOut), "another browser there is a stranger's"


async def test_a_known_browser_has_no_more_tries_than_any_other() -> None:
    script = LoginScript()
    await script.password()
    await script.code()
    assert [await script.password("wrong") for _ in range(5)] == [Rejected()] * 5
    assert await script.password() == LockedOut(60)
    script.wait(seconds=61)
    assert isinstance(await script.password(), CodeSent)
    await script.password("wrong")
    script.another_browser()
    assert [await script.password("wrong") for _ in range(4)] == [Rejected()] * 4
    assert isinstance(await script.password("wrong"), LockedOut), "it counted here as well"


async def test_many_known_browsers_are_one_budget() -> None:
    script, browsers = LoginScript(), []
    for number in range(12):
        script.another_browser(Client(f"198.51.100.{number}", "internet", ""))
        await script.password()
        await script.code()
        browsers.append(script.browser)
    outcomes = []
    for browser in browsers:
        script.browser = browser
        outcomes += [await script.password("wrong") for _ in range(5)]
    assert outcomes.count(Rejected()) == 50


async def test_strangers_lock_nobody_out_of_their_usual_place() -> None:
    script = LoginScript()
    await script.password()
    await script.code()
    await lock_out(script)
    script.another_browser(OUTSIDE)  # the same address, a browser without any cookie
    assert isinstance(await script.password(), CodeSent)
    script.wait(hours=31 * 24)
    await lock_out(script)
    script.another_browser(OUTSIDE)
    assert isinstance(await script.password(), LockedOut)


async def test_the_office_is_one_place() -> None:
    script = LoginScript()
    script.go(INSIDE)
    assert isinstance(await script.password(), SessionOpened)
    await lock_out(script)
    script.another_browser(replace(INSIDE, address="10.9.8.7"))
    assert isinstance(await script.password(), SessionOpened)


async def test_guessing_in_the_office_is_bounded_too() -> None:
    script = LoginScript()
    script.go(INSIDE)
    await script.password()
    outcomes = []
    for number in range(150):
        script.another_browser(replace(INSIDE, address=f"10.1.1.{number}"))
        outcomes.append(await script.password("wrong"))
    assert outcomes.count(Rejected()) == 100
    assert isinstance(outcomes[-1], LockedOut)


async def test_wrong_codes_of_others_spend_no_tries_of_a_known_browser_but_the_days() -> None:
    script = LoginScript()
    await script.password()
    await script.code()
    own = script.browser

    async def guess() -> list[object]:
        outcomes = []
        for _ in itertools.islice(strangers(script), 15):
            await script.password()
            outcomes += [await script.code(await script.wrong_code()) for _ in range(4)]
        script.browser = own
        await script.password()
        return outcomes

    assert isinstance((await guess())[-1], LockedOut)
    assert isinstance(await script.code(), SessionOpened)
    script.wait(hours=2)
    await guess()
    assert isinstance(await script.code(), LockedOut), "no more than codes_per_day are ever judged"


async def test_an_unlock_forgets_the_tries_of_known_browsers_too() -> None:
    script = LoginScript()
    await script.password()
    await script.code()
    for _ in range(6):
        await script.password("wrong")
    assert isinstance(await script.password(), LockedOut)
    await script.lockout.unlock("anna")
    assert isinstance(await script.password(), CodeSent)
