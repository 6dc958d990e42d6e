"""gateway/auth/one_time_passwords.py: messages, resends, what the code page is told."""

from __future__ import annotations

import asyncio

import pytest

from gateway.auth import one_time_passwords
from gateway.auth.outcomes import (
    ChallengeView,
    CodeSent,
    LockedOut,
    NoMoreResends,
    Resent,
    SessionOpened,
    TooSoon,
)
from tests.auth.support import LoginScript, edited, make_settings

pytestmark = pytest.mark.asyncio


async def test_a_resend_repeats_the_code_after_the_wait_at_most_three_times() -> None:
    script = LoginScript()
    await script.password()
    code = await script.sent_code()
    assert await script.resend() == TooSoon(30)
    script.wait(seconds=29.5)
    assert await script.resend() == TooSoon(1)
    for _ in range(3):
        script.wait(seconds=30)
        assert await script.resend() == Resent()
        assert await script.sent_code() == code
    script.wait(seconds=30)
    assert await script.resend() == NoMoreResends()
    assert script.sms.tries == 4
    assert isinstance(await script.code(code), SessionOpened)


async def test_racing_resends_send_one_message() -> None:
    script = LoginScript()
    await script.password()
    await script.view()
    script.wait(seconds=30)
    outcomes = await asyncio.gather(*(script.resend() for _ in range(20)))
    await script.view()
    assert outcomes.count(Resent()) == 1
    assert script.sms.tries == 2


async def test_the_code_page_is_told_what_it_may_say() -> None:
    script = LoginScript()
    await script.password()
    assert await script.view() == ChallengeView(
        mobile_tail="67",
        digits=6,
        expires_in_s=300,
        resend_in_s=30,
        resends_left=3,
        delivery="sent",
    )
    script.wait(seconds=40)
    await script.resend()
    view = await script.view()
    assert (view.expires_in_s, view.resend_in_s, view.resends_left) == (260, 30, 2)


async def test_a_failed_message_may_be_sent_again_at_once() -> None:
    script = LoginScript()
    script.sms.failing = True
    assert isinstance(await script.password(), CodeSent)
    assert (await script.view()).delivery == "failed"
    assert (await script.view()).resend_in_s == 0
    script.sms.failing = False
    assert await script.resend() == Resent()
    assert (await script.view()).delivery == "sent"
    assert [event.event for event in script.audit.events if "code" in event.event] == [
        "code.failed",
        "code.sent",
    ]
    assert isinstance(await script.code(), SessionOpened)


async def test_failed_messages_count_as_well() -> None:
    script = LoginScript()
    script.sms.failing = True
    await script.password()
    await script.view()
    outcomes = []
    for _ in range(4):
        outcomes.append(await script.resend())
        await script.view()
    assert outcomes == [Resent(), Resent(), Resent(), NoMoreResends()]


async def test_the_answer_does_not_wait_for_a_slow_provider(monkeypatch) -> None:
    monkeypatch.setattr(one_time_passwords, "VIEW_WAIT_S", 0.01)
    script = LoginScript()
    script.sms.hold = asyncio.Event()
    assert isinstance(await script.password(), CodeSent)
    assert (await script.view()).delivery == "pending"
    script.sms.hold.set()
    monkeypatch.setattr(one_time_passwords, "VIEW_WAIT_S", 5)
    assert (await script.view()).delivery == "sent"


async def test_a_provider_that_never_answers_has_failed(monkeypatch) -> None:
    monkeypatch.setattr(one_time_passwords, "DEADLINE_S", 0.01)
    script = LoginScript()
    script.sms.hold = asyncio.Event()
    await script.password()
    assert (await script.view()).delivery == "failed"
    assert script.audit.events[-1].reason == "timeout"


async def test_a_send_that_was_lost_with_its_worker_is_told_as_failed(monkeypatch) -> None:
    monkeypatch.setattr(one_time_passwords, "VIEW_WAIT_S", 0.01)
    script = LoginScript()
    script.sms.hold = asyncio.Event()
    await script.password()
    script.wait(seconds=41)
    assert (await script.view()).delivery == "failed"
    assert await script.resend() == Resent()
    script.sms.hold.set()
    await script.view()


async def test_messages_to_one_user_are_limited_across_challenges() -> None:
    script = LoginScript()
    for _ in range(20):
        script.another_browser()
        assert isinstance(await script.password(), CodeSent)
        await script.view()
    script.another_browser()
    assert await script.password() == LockedOut(3600, of="messages")
    assert script.sms.tries == 20
    assert isinstance(await script.password(user="bo"), CodeSent)


async def test_two_gateways_send_one_message() -> None:
    one = LoginScript()
    two = LoginScript(stores=(one.memory, one.memory, one.challenges._store), clock=one.clock)
    first, second = await asyncio.gather(one.password(), two.password())
    assert first == second
    await one.view()
    await two.view()
    assert one.sms.tries + two.sms.tries == 1


async def test_codes_have_the_digits_that_are_asked_for() -> None:
    for digits in (6, 8, 10):
        script = LoginScript(edited(make_settings(), "one_time_password", digits=digits))
        await script.password()
        assert len(await script.sent_code()) == digits
