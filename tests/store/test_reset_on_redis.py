"""A reset on a real Redis: races over two workers, equal work for every user name, nothing in clear."""

from __future__ import annotations

import asyncio

import pytest

from gateway.auth.outcomes import (
    ChallengeOver,
    LockedOut,
    ResetAllowed,
    ResetAsked,
    ResetDone,
    WrongCode,
)
from gateway.store.store import open_store
from tests.auth.support import ANNA, Browser, LoginScript
from tests.conftest import RedisServer
from tests.store.test_logon_on_redis import gateway, script_on

pytestmark = pytest.mark.asyncio


async def both_settled(*scripts: LoginScript) -> None:
    for script in scripts:
        await script.settled()


async def asked(one: LoginScript, two: LoginScript) -> str:
    """Ask for a reset at both workers at once; return the code on the phone."""
    two.browser = one.browser
    outcomes = await asyncio.gather(*(script.ask_for_reset() for script in (one, two) * 2))
    await both_settled(one, two)
    assert {type(outcome) for outcome in outcomes} == {ResetAsked}
    assert len(set(outcomes)) == 1, "one browser has one reset"
    messages = one.sms.messages + two.sms.messages
    assert len(messages) == 1, "one message, however often asked"
    return messages[0][1].rpartition("#")[2]


async def test_asked_twice_at_two_workers_one_message_and_one_new_password(
    redis_url: str,
) -> None:
    async with gateway(redis_url) as one, gateway(redis_url) as two:
        two.directory = one.directory
        two.credentials._accounts = one.directory  # type: ignore[misc]
        two.reset._directory = one.directory  # type: ignore[misc]
        code = await asked(one, two)
        given = await asyncio.gather(*(script.reset_code(code) for script in (one, two) * 25))
        allowed = [outcome for outcome in given if isinstance(outcome, ResetAllowed)]
        assert len(allowed) == 1
        assert {type(one) for one in given} <= {ResetAllowed, ChallengeOver, LockedOut}
        one.browser.errand = allowed[0].ticket
        chosen = [f"Losen{number:03}x" for number in range(50)]
        ended = await asyncio.gather(
            *(
                script.new_password(password)
                for script, password in zip((one, two) * 25, chosen, strict=True)
            )
        )
        assert ended.count(ResetDone()) == 1
        assert ended.count(ChallengeOver()) == 49
        assert one.directory.passwords["anna"] == chosen[ended.index(ResetDone())]
        await both_settled(one, two)
        notices = [text for _, text in one.sms.messages + two.sms.messages if "logged off" in text]
        assert len(notices) == 1


async def test_of_racing_wrong_codes_five_are_judged(redis_url: str) -> None:
    async with gateway(redis_url) as one, gateway(redis_url) as two:
        code = await asked(one, two)
        wrong = str((int(code) + 1) % 10**6).zfill(6)
        given = await asyncio.gather(*(script.reset_code(wrong) for script in (one, two) * 25))
        judged = sorted(outcome.tries_left for outcome in given if isinstance(outcome, WrongCode))
        assert judged == [0, 1, 2, 3, 4]
        assert await one.reset_code(code) == ChallengeOver()


async def test_a_reset_ends_the_sessions_at_every_worker(redis_url: str) -> None:
    async with gateway(redis_url) as one, gateway(redis_url) as two:
        await two.password()
        await two.code()
        token = (two.browser.session or "").encode()
        there = await two.sessions.resolve(token)
        assert there is not None
        closed: list[bool] = []
        there.watch(lambda: closed.append(True))
        one.another_browser()
        await one.ask_for_reset()
        await one.reset_code()
        assert await one.new_password("Ny4tLosen") == ResetDone()
        async with asyncio.timeout(5):
            while not closed:
                await asyncio.sleep(0.01)
        assert await two.sessions.resolve(token) is None
        await one.settled()


async def test_every_user_name_costs_the_same_commands(own_redis: RedisServer) -> None:
    store = open_store(own_redis.url)
    script = script_on(store)
    script.directory.change("bo", enabled=False)
    costs: dict[str, dict[str, int]] = {}
    with own_redis.admin() as admin:
        for number, user in enumerate(("anna", "anna", "new", "bo", "nobody")):
            script.browser = Browser(mark=f"browser-{number}")
            admin.config_resetstat()
            await script.ask_for_reset(user)
            await script.settled()
            await script.reset_code("000000")
            stats = admin.info("commandstats")
            costs[f"{user}{number}"] = {
                name: one["calls"]
                for name, one in stats.items()
                if name not in {"cmdstat_info", "cmdstat_config|resetstat"}
            }
    await store.close()
    first, *others = [cost for user, cost in costs.items() if user != "anna0"]  # scripts loaded
    assert all(cost == first for cost in others), costs
    assert first["cmdstat_evalsha"] >= 7


async def test_an_eavesdropper_learns_neither_name_nor_number_nor_code(
    own_redis: RedisServer,
) -> None:
    store = open_store(own_redis.url)
    script = script_on(store)
    await script.ask_for_reset()
    await script.settled()
    code, challenge = script.sms.code(), script.browser.errand
    await script.reset_code()
    ticket = script.browser.errand
    with own_redis.admin() as admin:
        names = b"\n".join(admin.keys("*"))
        rest = b"".join(admin.dump(key) or b"" for key in admin.keys("*"))
    await store.close()
    for secret in ("anna", str(ANNA.mobile), "203.0.113.9", challenge, ticket, f'"{code}"'):
        assert secret.encode() not in names + rest, secret
