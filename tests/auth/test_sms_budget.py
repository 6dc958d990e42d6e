"""gateway/auth/sms_budget.py: four budgets at once, counted by what a message is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.auth.outcomes import CodeSent, LockedOut, TooSoon
from gateway.auth.sms_budget import Kind, SmsBudget
from gateway.settings.model import Rate
from gateway.settings.model import SmsBudget as Rules
from tests.auth.support import ANNA, ELSEWHERE, LoginScript, edited, make_settings

pytestmark = pytest.mark.asyncio

HOUR, WIDE = timedelta(hours=1), Rate(1000, timedelta(hours=1))
HERE, THERE = "203.0.113.9", "198.51.100.1"


def budget(**rates: Rate) -> tuple[SmsBudget, LoginScript]:
    script = LoginScript()
    rules = Rules(
        **{**dict.fromkeys(("number", "user", "resets", "address", "total"), WIDE), **rates}
    )
    script.edit(replace(script.settings, sms_budget=rules))
    return script.budget, script


@pytest.mark.parametrize(
    ("limit", "refused", "still_sent"),
    [
        ("number", ("bo", "+1", THERE), ("anna", "+2", HERE)),
        ("user", ("anna", "+2", THERE), ("bo", "+1", HERE)),
        ("address", ("bo", "+2", HERE), ("anna", "+1", THERE)),
        ("total", ("bo", "+2", THERE), None),
    ],
)
async def test_each_limit_counts_what_it_is_named_for(limit, refused, still_sent) -> None:
    spending, _ = budget(**{limit: Rate(2, HOUR)})
    for _ in range(2):
        assert await spending.spend(Kind.CODE, "anna", "+1", HERE) is None
    assert await spending.spend(Kind.CODE, *refused) == LockedOut(3600, of="messages")
    if still_sent is not None:
        assert await spending.spend(Kind.CODE, *still_sent) is None


@pytest.mark.parametrize("limit", ["number", "user"])
async def test_one_kind_does_not_use_up_another(limit: str) -> None:
    spending, _ = budget(**{limit: Rate(1, HOUR)})
    for kind in Kind:
        assert await spending.spend(kind, "anna", "+1", HERE) is None
        assert isinstance(await spending.spend(kind, "anna", "+1", HERE), LockedOut)


async def test_the_window_slides_and_says_when_there_is_room() -> None:
    spending, script = budget(number=Rate(2, HOUR))
    await spending.spend(Kind.CODE, "anna", "+1", HERE)
    script.wait(minutes=20)
    await spending.spend(Kind.CODE, "anna", "+1", HERE)
    script.wait(minutes=10)
    assert await spending.spend(Kind.CODE, "anna", "+1", HERE) == LockedOut(1800, of="messages")
    script.wait(minutes=30)
    assert await spending.spend(Kind.CODE, "anna", "+1", HERE) is None
    assert await spending.spend(Kind.CODE, "anna", "+1", HERE) == LockedOut(1200, of="messages")


async def test_asking_for_a_reset_is_counted_whoever_is_named() -> None:
    spending, _ = budget(resets=Rate(2, HOUR))
    for name in ("anna", "nobody"):
        assert await spending.ask_for_reset(name, HERE) is None
        assert await spending.ask_for_reset(name, THERE) is None
        assert isinstance(await spending.ask_for_reset(name, HERE), LockedOut)


async def test_resets_of_nobody_spend_no_message() -> None:
    spending, _ = budget(total=Rate(2, HOUR))
    for name in range(9):
        await spending.spend_on_reset(f"nobody{name}", None)
    assert await spending.spend_on_reset("anna", "+1") is None
    assert await spending.spend_on_reset("anna", "+1") is None
    assert isinstance(await spending.spend_on_reset("anna", "+1"), LockedOut)
    assert isinstance(await spending.spend(Kind.CODE, "bo", "+2", HERE), LockedOut)


async def test_an_ipv6_address_counts_by_its_network() -> None:
    spending, _ = budget(address=Rate(1, HOUR))
    assert await spending.spend(Kind.CODE, "anna", "+1", "2001:db8::1") is None
    assert isinstance(await spending.spend(Kind.CODE, "bo", "+2", "2001:db8::2"), LockedOut)


async def test_names_in_the_store_say_nothing() -> None:
    spending, script = budget()
    await spending.spend(Kind.CODE, "anna", "+46701234567", HERE)
    await spending.ask_for_reset("anna", HERE)
    assert len(script.memory.buckets) == 6
    for name in script.memory.buckets:
        assert len(name) == 64
        assert int(name, 16) > 0


async def test_beyond_the_budget_the_logon_says_when_and_the_audit_says_so() -> None:
    script = LoginScript(edited(make_settings(), "sms_budget", number=Rate(2, HOUR)))
    for _ in range(2):
        assert isinstance(await script.password(), CodeSent)
        await script.view()
        script.another_browser()
    assert await script.password() == LockedOut(3600, of="messages")
    event = script.audit.events[-1]
    assert (event.event, event.outcome, event.user, event.reason) == (
        "code.failed", "refused", "anna", "sms-budget",
    )  # fmt: skip
    assert script.sms.tries == 2
    assert isinstance(await script.password(user="bo"), CodeSent)
    script.wait(hours=1)
    assert isinstance(await script.password(), CodeSent)


async def test_who_comes_again_in_time_is_told_the_wait_again() -> None:
    script = LoginScript(edited(make_settings(), "sms_budget", number=Rate(1, HOUR)))
    await script.password()
    script.another_browser()
    for minutes in range(6):
        assert await script.password() == LockedOut(3600 - 60 * minutes, of="messages")
        script.wait(minutes=1)
    await script.settled()
    assert script.sms.tries == 1


async def test_a_resend_draws_on_the_budget_too_and_a_refused_one_may_be_tried_again() -> None:
    script = LoginScript(
        edited(make_settings(), "sms_budget", number=Rate(1, timedelta(minutes=2)))
    )
    await script.password()
    code = await script.sent_code()
    assert isinstance(await script.resend(), TooSoon)
    script.wait(seconds=30)
    before = await script.view()
    assert await script.resend() == LockedOut(90, of="messages")
    assert await script.view() == before, "the first one was sent, and no resend is used up"
    script.wait(seconds=90)
    await script.resend()
    assert await script.sent_code() == code
    assert [number for number, _ in script.sms.messages] == [ANNA.mobile] * 2


async def test_other_limits_count_from_the_next_message_on() -> None:
    script = LoginScript()
    script.edit(edited(make_settings(), "sms_budget", address=Rate(1, HOUR)))
    assert isinstance(await script.password(), CodeSent)
    assert isinstance(await script.password(user="bo"), LockedOut)
    script.another_browser(ELSEWHERE)
    assert isinstance(await script.password(user="bo"), CodeSent)


async def test_forgetting_a_user_leaves_number_and_address_counted() -> None:
    spending, _ = budget(user=Rate(1, HOUR), resets=Rate(1, HOUR), address=Rate(4, HOUR))
    assert await spending.spend(Kind.CODE, "anna", "+1", HERE) is None
    assert await spending.ask_for_reset("anna", HERE) is None
    assert await spending.spend_on_reset("anna", "+1") is None
    assert isinstance(await spending.spend(Kind.CODE, "anna", "+1", HERE), LockedOut)
    await spending.forget("anna")
    assert await spending.spend(Kind.CODE, "anna", "+1", HERE) is None
    assert await spending.ask_for_reset("anna", HERE) is None
    assert isinstance(await spending.spend(Kind.CODE, "bo", "+2", HERE), LockedOut)
