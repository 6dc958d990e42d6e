"""gateway/auth/logon.py, as transcripts."""

from __future__ import annotations

import asyncio

import pytest

from gateway.auth.outcomes import (
    ChallengeOver,
    CodeSent,
    LockedOut,
    NoNumber,
    Rejected,
    SessionOpened,
    WrongCode,
)
from gateway.auth.ports import Unavailable
from policies.factors import SecondFactor
from tests.auth.support import (
    ANNA,
    ELSEWHERE,
    INSIDE,
    OUTSIDE,
    PASSWORDS,
    LoginScript,
    edited,
    make_settings,
)

pytestmark = pytest.mark.asyncio


def opened(outcome: object, user: str = "anna") -> bool:
    return isinstance(outcome, SessionOpened) and outcome.user == user


async def test_inside_a_password_is_enough() -> None:
    script = LoginScript()
    script.go(INSIDE)
    assert opened(await script.password())
    assert await script.whoami() == ("anna", ("pwd",))
    assert script.sms.tries == 0
    assert script.audit.names() == ["logon.password:right", "session.opened:opened"]


async def test_outside_a_code_is_needed_too() -> None:
    script = LoginScript()
    assert await script.password("wrong") == Rejected()
    assert isinstance(await script.password(), CodeSent)
    assert await script.whoami() is None
    assert await script.code(await script.wrong_code()) == WrongCode(4)
    assert opened(await script.code())
    assert await script.whoami() == ("anna", ("pwd", "otp"))
    assert await script.code(script.sms.code()) == ChallengeOver()
    assert script.audit.names() == [
        "logon.password:rejected",
        "logon.password:right",
        "code.sent:sent",
        "logon.code:wrong",
        "logon.code:right",
        "session.opened:opened",
        "logon.code:refused",
    ]
    assert script.audit.events[-1].reason == "no-challenge"


@pytest.mark.parametrize(
    ("second_factor", "client", "code"),
    [
        (SecondFactor.NEVER, OUTSIDE, False),
        (SecondFactor.NEVER, INSIDE, False),
        (SecondFactor.OUTSIDE_CORPORATE, OUTSIDE, True),
        (SecondFactor.OUTSIDE_CORPORATE, INSIDE, False),
        (SecondFactor.ALWAYS, OUTSIDE, True),
        (SecondFactor.ALWAYS, INSIDE, True),
    ],
)
async def test_the_route_says_when_a_code_is_needed(second_factor, client, code) -> None:
    script = LoginScript()
    script.go(client)
    outcome = await script.password(second_factor=second_factor)
    assert isinstance(outcome, CodeSent if code else SessionOpened)


async def test_the_message_binds_the_code_to_our_origin() -> None:
    script = LoginScript()
    await script.password()
    code = await script.sent_code()
    assert script.sms.messages == [
        (
            ANNA.mobile,
            f"{code} is your one-time password for Securitas.\n\n@portal.example.se #{code}",
        )
    ]
    assert len(code) == 6
    assert code.isdigit()


async def test_a_first_logon_is_made_on_the_corporate_network() -> None:
    script = LoginScript()
    assert await script.password(user="new") == NoNumber()
    assert script.sms.tries == 0
    script.go(INSIDE)
    assert opened(await script.password(user="new"), "new")
    assert opened(await script.password(user="new", second_factor=SecondFactor.ALWAYS), "new")
    assert await script.whoami() == ("new", ("pwd",))


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("anna", "wrong"),
        ("anna", ""),
        ("", PASSWORDS["anna"]),
        ("nobody", PASSWORDS["anna"]),
        ("anna\0", PASSWORDS["anna"]),
        ("anna", PASSWORDS["anna"] + "\0"),
        ("anna", "x" * 1025),
        ("a" * 100_000, "x"),
        ("anna\ud800", "x"),
        ("anna", "\udfff"),
    ],
)
async def test_whatever_is_wrong_looks_alike(user: str, password: str) -> None:
    script = LoginScript()
    assert await script.password(password, user=user) == Rejected()
    assert script.audit.names() == ["logon.password:rejected"]
    assert len(script.audit.events[0].user) <= 128
    assert len(script.memory.buckets) == 3


async def test_a_long_password_is_not_hashed_and_a_right_one_of_1024_is() -> None:
    script = LoginScript()
    await script.password("x" * 1025)
    assert script.directory.asked == 0
    await script.password("x" * 1024)
    assert script.directory.asked == 1


async def test_a_disabled_account_looks_like_a_wrong_password() -> None:
    script = LoginScript()
    script.directory.change("anna", enabled=False)
    assert await script.password() == Rejected()


async def test_a_repeated_right_password_finds_the_same_challenge_and_sends_no_second_sms() -> None:
    script = LoginScript()
    outcomes = await asyncio.gather(*(script.password() for _ in range(20)))
    outcomes.append(await script.password())
    assert len({outcome.challenge for outcome in outcomes}) == 1  # type: ignore[attr-defined]
    first = await script.sent_code()
    script.wait(minutes=4, seconds=59)
    assert await script.password() == outcomes[0]
    assert script.sms.tries == 1
    script.wait(seconds=1)
    assert await script.password() != outcomes[0]
    assert await script.sent_code() != first
    assert script.sms.tries == 2


async def test_another_browser_and_another_user_have_challenges_of_their_own() -> None:
    script = LoginScript()
    one = await script.password()
    code = await script.sent_code()
    two = await script.password(user="bo")
    script.another_browser()
    three = await script.password()
    assert len({one, two, three}) == 3
    await script.view()
    assert script.sms.tries == 3
    assert await script.code(code) == WrongCode(4)


async def test_a_challenge_of_nobody_burns_nothing() -> None:
    script = LoginScript()
    await script.password()
    right, challenge = await script.sent_code(), script.browser.challenge
    for forged in ("", "x", "A" * 43, challenge[:-1], challenge + "A", "\ud800" * 43, "å" * 43):
        script.browser.challenge = forged
        assert await script.code(right) == ChallengeOver()
        assert await script.view() is None
        assert await script.resend() == ChallengeOver()
    script.browser.challenge = challenge
    assert opened(await script.code(right))


async def test_the_fifth_wrong_code_ends_the_challenge() -> None:
    script = LoginScript()
    await script.password()
    right, wrong = await script.sent_code(), await script.wrong_code()
    outcomes = [await script.code(wrong) for _ in range(6)]
    assert outcomes == [*(WrongCode(left) for left in (4, 3, 2, 1, 0)), ChallengeOver()]
    assert await script.code(right) == ChallengeOver()
    await script.password()
    assert await script.sent_code() != right
    assert opened(await script.code())


async def test_a_code_is_over_after_its_lifetime() -> None:
    script = LoginScript()
    await script.password()
    code = await script.sent_code()
    script.wait(minutes=5)
    assert await script.code(code) == ChallengeOver()


@pytest.mark.parametrize("typed", [" {} ", "{}\n", "-".join, "fullwidth"])
async def test_a_code_may_be_typed_in_many_ways(typed) -> None:
    script = LoginScript()
    await script.password()
    code = await script.sent_code()
    if typed == "fullwidth":
        code = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    else:
        code = typed(code) if callable(typed) else typed.format(code)
    assert opened(await script.code(code))


async def test_of_racing_right_codes_one_opens_a_session() -> None:
    script = LoginScript()
    await script.password()
    code = await script.sent_code()
    outcomes = await asyncio.gather(*(script.code(code) for _ in range(100)))
    assert sum(isinstance(outcome, SessionOpened) for outcome in outcomes) == 1
    assert sum(outcome == ChallengeOver() for outcome in outcomes) + 1 == len(
        [one for one in outcomes if not isinstance(one, LockedOut)]
    )
    assert len(script.memory.kept) == 1


@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"mobile": "+46700000000"}, {"mobile": None}]
)
async def test_a_change_in_the_directory_ends_the_challenge(change) -> None:
    script = LoginScript()
    await script.password()
    code = await script.sent_code()
    script.directory.change("anna", **change)
    assert await script.resend() == ChallengeOver()
    assert await script.code(code) == ChallengeOver()
    script.directory.change("anna", enabled=True, mobile=ANNA.mobile)
    assert await script.code(code) == ChallengeOver()
    assert script.sms.tries == 1


async def test_a_code_does_not_outlive_the_password_it_rests_on() -> None:
    script = LoginScript()
    await script.password()
    code = await script.sent_code()
    script.directory.passwords["anna"] = "Vinter2027x"
    assert await script.code(code) == ChallengeOver()
    event = script.audit.events[-1]
    assert (event.outcome, event.reason) == ("refused", "directory-changed")
    assert await script.whoami() is None


async def test_after_a_new_password_the_same_browser_gets_a_new_code() -> None:
    script = LoginScript()
    await script.password()
    old = await script.sent_code()
    script.directory.passwords["anna"] = "Vinter2027x"
    assert isinstance(await script.password("Vinter2027x"), CodeSent)
    new = await script.sent_code()
    assert len(script.sms.messages) == 2
    assert new != old
    assert await script.code(old) == WrongCode(4)
    assert isinstance(await script.code(new), SessionOpened)


async def test_somebody_removed_meanwhile_is_refused() -> None:
    script = LoginScript()
    await script.password()
    code = await script.sent_code()
    del script.directory.people["anna"]
    assert await script.code(code) == ChallengeOver()


async def test_groups_are_those_of_the_moment_of_the_code() -> None:
    script = LoginScript()
    await script.password()
    script.directory.change("anna", groups=("other",))
    await script.code()
    live = await script.sessions.resolve((script.browser.session or "").encode())
    assert live is not None
    assert live.record.groups == ("other",)


async def test_a_logon_always_opens_a_new_session_and_ends_the_old() -> None:
    script = LoginScript()
    script.go(INSIDE)
    await script.password()
    first = script.browser.session
    await script.password()
    second = script.browser.session
    assert first != second
    assert await script.sessions.resolve((first or "").encode()) is None
    assert await script.whoami() == ("anna", ("pwd",))
    await script.password(user="bo")
    assert await script.sessions.resolve((second or "").encode()) is None
    assert [event.user for event in script.audit.events if event.event == "session.ended"] == [
        "anna",
        "anna",
    ]


async def test_log_off() -> None:
    script = LoginScript()
    script.go(INSIDE)
    await script.password()
    await script.logon.log_off(script.browser.session or "", INSIDE)
    assert await script.whoami() is None
    await script.logon.log_off(script.browser.session or "", INSIDE)
    await script.logon.log_off("å", INSIDE)
    assert script.audit.names().count("session.ended:ended") == 1


async def test_step_up_replaces_the_session_by_one_with_both_factors() -> None:
    script = LoginScript()
    script.go(INSIDE)
    await script.password()
    before = script.browser.session
    script.go(OUTSIDE)
    assert isinstance(await script.step_up(), CodeSent)
    assert await script.step_up() == CodeSent(script.browser.challenge)
    assert await script.whoami() == ("anna", ("pwd",))
    outcome = await script.code()
    assert opened(outcome)
    assert isinstance(outcome, SessionOpened)
    assert outcome.stepped_up
    assert outcome.factors == ("pwd", "otp")
    assert script.browser.session != before
    assert await script.whoami() == ("anna", ("pwd", "otp"))
    assert await script.sessions.resolve((before or "").encode()) is None
    assert script.sms.tries == 1


async def test_step_up_needs_a_live_session_of_the_same_user() -> None:
    script = LoginScript()
    assert await script.step_up() == ChallengeOver()
    script.go(INSIDE)
    await script.password()
    await script.step_up()
    code = await script.sent_code()
    session = script.browser.session
    await script.logon.log_off(session or "", INSIDE)
    assert await script.code(code) == ChallengeOver()
    await script.password(user="bo")
    assert await script.code(code) == ChallengeOver()
    assert await script.whoami() == ("bo", ("pwd",))
    await script.password()
    assert opened(await script.code(code))  # the challenge is anna's, in the same browser


async def test_step_up_of_somebody_without_a_number_or_an_account() -> None:
    script = LoginScript()
    script.go(INSIDE)
    await script.password(user="new")
    assert await script.step_up() == NoNumber()
    script.directory.change("new", enabled=False)
    assert await script.step_up() == ChallengeOver()


async def test_a_code_for_a_step_up_is_no_code_for_a_logon() -> None:
    script = LoginScript()
    script.go(INSIDE)
    await script.password()
    await script.step_up()
    code = await script.sent_code()
    script.go(OUTSIDE)
    await script.password()
    assert await script.code(code) == WrongCode(4)


async def test_a_dead_directory_is_no_wrong_password() -> None:
    script = LoginScript()
    script.directory.down = True
    for _ in range(10):
        with pytest.raises(Unavailable, match="directory"):
            await script.password()
    script.directory.down = False
    assert isinstance(await script.password(), CodeSent)


async def test_a_dead_store_never_means_yes() -> None:
    script = LoginScript()
    await script.password()
    code = await script.sent_code()
    script.memory.down = True
    for step in (script.password(), script.code(code), script.resend(), script.view()):
        with pytest.raises(Unavailable, match="redis"):
            await step
    script.memory.down = False
    assert opened(await script.code(code))


async def test_an_edit_of_the_settings_is_live() -> None:
    script = LoginScript()
    await script.password()
    old = await script.sent_code()
    settings = edited(
        make_settings(), "one_time_password", digits=8, text="kod {code} {minutes} {host}"
    )
    settings = edited(settings, "lockout", codes_per_day=1)
    script.edit(settings)
    assert opened(await script.code(old))
    script.another_browser(ELSEWHERE)
    await script.password()
    code = await script.sent_code()
    assert len(code) == 8
    assert script.sms.messages[-1][1].startswith(f"kod {code} 5 portal.example.se\n")
    assert await script.code("0" * 8) == WrongCode(4)
    assert await script.code(code) == LockedOut(86400)


async def test_nothing_secret_is_audited() -> None:
    script = LoginScript()
    await script.password("a-wrong-password")
    await script.password()
    code = await script.sent_code()
    await script.code("000000")
    await script.code()
    text = repr(script.audit.events)
    for secret in (
        PASSWORDS["anna"],
        "a-wrong-password",
        code,
        "000000",
        ANNA.mobile,
        script.browser.session,
    ):
        assert str(secret) not in text


@pytest.mark.parametrize("with_code", [False, True], ids=["password", "code"])
@pytest.mark.parametrize("change", ["disabled", "password-changed"])
async def test_what_a_session_rests_on_changes_while_it_opens(change: str, with_code: bool) -> None:
    script = LoginScript()
    script.go(OUTSIDE if with_code else INSIDE)
    open_session = script.sessions.open

    async def open_then_change(*args: object) -> str:
        token = await open_session(*args)  # type: ignore[arg-type]
        if change == "disabled":
            script.directory.change("anna", enabled=False)
        else:
            script.directory.passwords["anna"] = "Vinter2027x"
        return token

    script.sessions.open = open_then_change  # type: ignore[method-assign]
    outcome = await script.password()
    if with_code:
        assert isinstance(outcome, CodeSent)
        assert await script.code() == ChallengeOver()
    else:
        assert outcome == Rejected()
    assert await script.whoami() is None
    assert script.audit.names()[-2:] == ["session.opened:opened", "session.ended:ended"]
    assert script.audit.events[-1].reason == change


@pytest.mark.parametrize("with_code", [False, True], ids=["password", "code"])
async def test_a_number_that_changes_while_the_session_opens_voids_its_code(
    with_code: bool,
) -> None:
    script = LoginScript()
    script.go(OUTSIDE if with_code else INSIDE)
    open_session = script.sessions.open

    async def open_then_change(*args: object) -> str:
        token = await open_session(*args)  # type: ignore[arg-type]
        script.directory.change("anna", mobile="+46700000000")
        return token

    script.sessions.open = open_then_change  # type: ignore[method-assign]
    outcome = await script.password()
    if with_code:
        assert await script.code() == ChallengeOver()
        assert script.audit.events[-1].reason == "mobile-changed"
    else:
        assert isinstance(outcome, SessionOpened), "a password alone rests on no number"


async def test_a_password_in_the_field_of_the_name_is_not_written_down() -> None:
    script = LoginScript()
    script.go(INSIDE)
    for _ in range(7):  # rejected first, then locked
        await script.password("x", user="Sommar2026x")
    await script.password("wrong", user="ANNA")
    users = [event.user for event in script.audit.events]
    assert users == [""] * 7 + ["anna"]
    assert {"logon.password:rejected", "logon.locked:locked"} <= set(script.audit.names())
