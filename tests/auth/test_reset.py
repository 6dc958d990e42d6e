"""gateway/auth/reset.py, as transcripts: who forgot their password, and who asks for another's."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.auth.challenges import Purpose
from gateway.auth.one_time_passwords import UNSEEN_PAUSE_S
from gateway.auth.outcomes import (
    REFUSED_BY_DIRECTORY,
    ChallengeOver,
    CodeSent,
    Faults,
    LockedOut,
    Rejected,
    ResetAllowed,
    ResetAsked,
    ResetDone,
    SessionOpened,
    TryAnother,
    Unchanged,
    WrongCode,
)
from gateway.auth.ports import Unavailable
from gateway.settings.model import Rate
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
from tests.fakes import FakeChallenges, FakeClock, FakeStore

pytestmark = pytest.mark.asyncio
FRESH = "Ny4tLosen"


class Recorded:
    """A store whose calls are written down by name."""

    def __init__(self, store: object, calls: list[str]) -> None:
        self._store, self._calls = store, calls

    def __getattr__(self, name: str) -> object:
        self._calls.append(name)
        return getattr(self._store, name)


def lines(script: LoginScript) -> list[str]:
    return [f"{one.event}:{one.outcome}:{one.reason}" for one in script.audit.events]


async def to_the_ticket(script: LoginScript) -> None:
    assert isinstance(await script.ask_for_reset(), ResetAsked)
    assert isinstance(await script.reset_code(), ResetAllowed)


async def test_a_forgotten_password() -> None:
    script = LoginScript()
    script.go(INSIDE)
    await script.password()
    before = script.browser
    script.another_browser()
    assert await script.password("forgotten") == Rejected()
    script.audit.events.clear()
    assert isinstance(await script.ask_for_reset(), ResetAsked)
    await script.settled()
    ((number, text),) = script.sms.messages
    code = script.sms.code()
    assert number == ANNA.mobile
    assert text == (
        f"{code} is your code for a new password at Securitas. Give it to nobody."
        f"\n\n@portal.example.se #{code}"
    )
    assert isinstance(await script.reset_code(), ResetAllowed)
    assert script.directory.passwords == PASSWORDS
    assert await script.new_password(FRESH) == ResetDone()
    await script.settled()
    assert [one for one in lines(script) if "session" not in one] == [
        "password.reset:asked:",
        "code.sent:sent:fake",
        "password.reset:right-code:",
        "password.reset:reset:",
        "notice.password-reset:sent:fake",
    ]
    assert script.browser.session is None, "a reset opens no session"
    assert "you are logged off" in script.sms.messages[-1][1]
    assert await script.password() == Rejected()
    assert isinstance(await script.password(FRESH), CodeSent), "outside both are still asked for"
    script.browser = before
    assert await script.whoami() is None


@pytest.mark.parametrize("who", ["anna", "new", "disabled", "nobody"])
async def test_everybody_gets_the_same_answers(who: str) -> None:
    clock, calls = FakeClock(), []
    memory = FakeStore(clock)
    stores = (memory, Recorded(memory, calls), Recorded(FakeChallenges(memory), calls))
    script = LoginScript(stores=stores, clock=clock)  # type: ignore[arg-type]
    if who == "disabled":
        script.directory.change("bo", enabled=False)
    user = "bo" if who == "disabled" else who
    steps = []

    async def counted(step: object) -> object:
        calls.clear()
        outcome = await step  # type: ignore[misc]
        await script.settled()
        steps.append(tuple(calls))
        return outcome

    assert isinstance(await counted(script.ask_for_reset(user)), ResetAsked)
    errand = script.browser.errand
    view = await counted(script.reset.view(errand, Purpose.RESET))
    assert (view.user, view.digits, view.expires_in_s) == (user, 6, 300)  # type: ignore[attr-defined]
    assert await counted(script.reset_code("000000")) == WrongCode(4)
    assert isinstance(await counted(script.ask_for_reset(user)), ResetAsked)
    assert script.browser.errand == errand
    script.wait(seconds=31)
    assert isinstance(await counted(script.ask_for_reset(user)), ResetAsked)
    assert [await script.reset_code("000000") for _ in range(5)] == [
        *(WrongCode(left) for left in (3, 2, 1, 0)),
        ChallengeOver(),
    ]
    assert await script.reset.view(errand, Purpose.RESET) is None
    assert len(clock.slept) == 2
    assert all(UNSEEN_PAUSE_S[0] <= pause < UNSEEN_PAUSE_S[1] for pause in clock.slept)
    assert steps == [
        ("spend", "spend", "begin", "read", "claim", "spend", "settle"),
        ("read",),
        ("read", "spend", "judge"),
        ("spend", "spend", "begin", "read"),
        ("spend", "spend", "begin", "read", "claim", "spend", "settle"),
    ]
    assert len(script.sms.messages) == (2 if who == "anna" else 0)
    reasons = {"anna": "", "new": "no-number", "disabled": "disabled", "nobody": "unknown-user"}
    assert lines(script)[0] == f"password.reset:asked:{reasons[who]}"


async def test_no_code_is_right_for_somebody_without_a_number() -> None:
    script = LoginScript()
    await script.ask_for_reset("new")
    live = await script.challenges.find(script.browser.errand)
    assert live is not None
    derived = script.challenges.code(live.token, live.inside)
    assert await script.reset_code(derived) == WrongCode(4)


async def test_a_code_for_a_reset_is_none_for_a_logon_and_the_other_way_round() -> None:
    script = LoginScript()
    await script.password()
    logon, for_logon = script.browser.challenge, await script.sent_code()
    await script.ask_for_reset()
    await script.settled()
    errand, for_reset = script.browser.errand, script.sms.code()
    assert logon != errand
    # The cookies of one in the place of the other
    script.browser.challenge = errand
    assert await script.view() is None
    assert await script.resend() == ChallengeOver()
    assert await script.code(for_reset) == ChallengeOver()
    script.browser.errand = logon
    assert await script.reset_code(for_logon) == ChallengeOver()
    assert await script.reset.view(logon, Purpose.RESET) is None
    assert await script.new_password(FRESH) == ChallengeOver()
    # The code of one in the place of the other
    script.browser.challenge, script.browser.errand = logon, errand
    if for_logon != for_reset:
        assert await script.code(for_reset) == WrongCode(4)
        assert await script.reset_code(for_logon) == WrongCode(4)
    assert await script.new_password(FRESH) == ChallengeOver(), "the code was not given yet"
    assert isinstance(await script.code(for_logon), SessionOpened)
    assert isinstance(await script.reset_code(for_reset), ResetAllowed)
    script.browser.challenge = script.browser.errand
    assert await script.view() is None
    assert await script.code(for_reset) == ChallengeOver()


async def test_a_code_and_a_ticket_are_used_once() -> None:
    script = LoginScript()
    await script.ask_for_reset()
    await script.settled()
    errand, code = script.browser.errand, script.sms.code()
    assert isinstance(await script.reset_code(code), ResetAllowed)
    ticket = script.browser.errand
    script.browser.errand = errand
    assert await script.reset_code(code) == ChallengeOver()
    script.browser.errand = ticket
    assert await script.new_password(FRESH) == ResetDone()
    assert await script.new_password("Annat5Losen") == ChallengeOver()
    assert script.directory.passwords["anna"] == FRESH


async def test_of_racing_codes_and_passwords_one_counts() -> None:
    script = LoginScript()
    await script.ask_for_reset()
    await script.settled()
    code = script.sms.code()
    outcomes = await asyncio.gather(*(script.reset_code(code) for _ in range(50)))
    assert sum(isinstance(one, ResetAllowed) for one in outcomes) == 1
    (allowed,) = (one for one in outcomes if isinstance(one, ResetAllowed))
    script.browser.errand = allowed.ticket
    ended = await asyncio.gather(*(script.new_password(f"Losen{n:03}x") for n in range(50)))
    assert ended.count(ResetDone()) == 1
    assert ended.count(ChallengeOver()) == 49
    assert script.directory.passwords["anna"] == f"Losen{ended.index(ResetDone()):03}x"


async def test_a_double_click_sends_one_message() -> None:
    script = LoginScript()
    outcomes = await asyncio.gather(*(script.ask_for_reset() for _ in range(4)))
    await script.settled()
    assert len(set(outcomes)) == 1
    assert script.sms.tries == 1


async def test_every_reason_against_a_password_and_the_ticket_stays() -> None:
    script = LoginScript()
    await to_the_ticket(script)
    assert await script.new_password("Anna1", "Anna2") == Unchanged(
        Faults(new=("too-short", "holds-user-name"), differs=True)
    )
    assert await script.new_password("") == Unchanged(Faults(new=("too-short",)))
    assert await script.new_password(FRESH, "") == Unchanged(Faults(differs=True))
    assert await script.new_password(FRESH) == ResetDone()


async def test_a_password_that_the_directory_refuses_is_asked_for_again() -> None:
    script = LoginScript()
    await to_the_ticket(script)
    script.directory.refuses = FRESH
    used_up = script.browser.errand
    outcome = await script.new_password(FRESH)
    assert outcome == TryAnother(script.browser.errand, Faults(new=(REFUSED_BY_DIRECTORY,)))
    assert script.browser.errand != used_up
    assert lines(script)[-1] == "password.reset:refused:directory-rules"
    assert isinstance(await script.new_password(FRESH), TryAnother)
    assert await script.new_password(FRESH + "2") == ResetDone()
    assert await script.new_password(FRESH + "3") == ChallengeOver()


@pytest.mark.parametrize("step", ["code", "password"])
@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"mobile": "+46700000000"}, {"mobile": None}]
)
async def test_what_changes_meanwhile_in_the_directory_ends_it(step: str, change: dict) -> None:
    script = LoginScript()
    if step == "code":
        await script.ask_for_reset()
        await script.settled()
        script.directory.change("anna", **change)
        assert await script.reset_code() == ChallengeOver()
    else:
        await to_the_ticket(script)
        script.directory.change("anna", **change)
        assert await script.new_password(FRESH) == ChallengeOver()
    assert script.directory.passwords == PASSWORDS


@pytest.mark.parametrize("step", ["code", "password"])
async def test_a_password_that_is_changed_meanwhile_ends_it(step: str) -> None:
    script = LoginScript()
    if step == "code":
        await script.ask_for_reset()
        await script.settled()
    else:
        await to_the_ticket(script)
    script.directory.passwords["anna"] = "Vinter2027x"
    outcome = await (script.reset_code() if step == "code" else script.new_password(FRESH))
    assert outcome == ChallengeOver()
    assert script.directory.passwords["anna"] == "Vinter2027x"


async def test_times_run_out() -> None:
    script = LoginScript()
    await script.ask_for_reset()
    await script.settled()
    script.wait(minutes=5)
    assert await script.reset_code() == ChallengeOver()
    await to_the_ticket(script)
    view = await script.reset.view(script.browser.errand, Purpose.NEW_PASSWORD)
    assert view is not None
    assert view.expires_in_s == 600
    script.wait(minutes=10)
    assert await script.new_password(FRESH) == ChallengeOver()


async def test_asking_counts_as_a_wrong_password_and_is_locked_with_it() -> None:
    for user in ("anna", "nobody"):
        script = LoginScript()
        for _ in range(3):
            await script.password("wrong", user=user)
        assert isinstance(await script.ask_for_reset(user), ResetAsked)
        assert isinstance(await script.ask_for_reset(user), ResetAsked)
        assert await script.ask_for_reset(user) == LockedOut(60)
        assert await script.password(user=user) == LockedOut(60)
        assert lines(script)[-2] == "logon.locked:locked:reset"


async def test_after_a_reset_the_wrong_passwords_from_here_are_forgiven() -> None:
    script = LoginScript()
    for _ in range(3):
        await script.password("wrong")
    await to_the_ticket(script)
    await script.ask_for_reset("anna")
    assert isinstance(await script.password(FRESH), LockedOut)
    script = LoginScript()
    for _ in range(4):
        await script.password("wrong")
    await to_the_ticket(script)
    assert isinstance(await script.password(FRESH), LockedOut)
    assert await script.new_password(FRESH) == ResetDone()
    assert isinstance(await script.password(FRESH), CodeSent)


async def test_wrong_codes_are_counted_with_those_of_the_logon() -> None:
    script = LoginScript(edited(make_settings(), "lockout", user=Rate(3, timedelta(hours=1))))
    await script.password()
    wrong = await script.wrong_code()
    assert await script.code(wrong) == WrongCode(4)
    await script.ask_for_reset()
    await script.settled()
    bad = str((int(script.sms.code()) + 1) % 10**6).zfill(6)
    assert await script.reset_code(bad) == WrongCode(4)
    assert await script.reset_code(bad) == WrongCode(3)
    assert await script.reset_code(bad) == LockedOut(60)
    assert await script.code(wrong) == LockedOut(60)


async def test_one_user_s_resets_are_limited_from_anywhere_for_made_up_users_too() -> None:
    for user in ("anna", "nobody"):
        script = LoginScript()
        for address in range(5):
            script.go(type(OUTSIDE)(f"198.51.100.{address}", "internet", ""))
            assert isinstance(await script.ask_for_reset(user), ResetAsked)
            script.wait(minutes=6)
        script.go(ELSEWHERE)
        assert await script.ask_for_reset(user) == LockedOut(1800, of="messages")
        assert lines(script)[-1] == "code.failed:refused:sms-budget"


async def test_strangers_who_ask_for_resets_do_not_use_up_the_codes_of_logons() -> None:
    script = LoginScript(edited(make_settings(), "sms_budget", number=Rate(1, timedelta(hours=1))))
    await script.ask_for_reset()
    script.another_browser(ELSEWHERE)
    assert isinstance(await script.ask_for_reset(), ResetAsked), "the answer does not tell"
    await script.settled()
    assert "code.failed:refused:sms-budget" in lines(script)
    assert script.sms.tries == 1
    script.another_browser()
    assert isinstance(await script.password(), CodeSent)
    await script.settled()
    assert script.sms.tries == 2


async def test_a_neighbour_that_is_away_never_means_yes() -> None:
    script = LoginScript()
    await to_the_ticket(script)
    for part in (script.memory, script.directory):
        part.down = True
        for step in (script.ask_for_reset(), script.new_password(FRESH)):
            with pytest.raises(Unavailable):
                await step
        part.down = False
    assert script.directory.passwords == PASSWORDS
    assert await script.new_password(FRESH) == ResetDone()


@pytest.mark.parametrize("forged", ["", "x", "A" * 43, "\ud800" * 43, "å" * 43])
async def test_whatever_is_written_into_the_cookie(forged: str) -> None:
    script = LoginScript()
    await to_the_ticket(script)
    script.browser.errand = forged
    assert await script.reset_code("123456") == ChallengeOver()
    assert await script.new_password(FRESH) == ChallengeOver()
    assert await script.reset.view(forged, Purpose.RESET) is None


async def test_names_are_folded_and_cut() -> None:
    script = LoginScript()
    await script.ask_for_reset(" ANNA ")
    await script.settled()
    assert script.sms.messages[0][0] == ANNA.mobile
    await script.ask_for_reset("x" * 100_000)
    assert all(len(one.user) <= 128 for one in script.audit.events)


async def test_the_audit_names_nobody_who_does_not_exist() -> None:
    settings = edited(make_settings(), "lockout", user=Rate(2, timedelta(hours=1)))
    script = LoginScript(edited(settings, "sms_budget", number=Rate(1, timedelta(hours=1))))
    await script.ask_for_reset("Hemligt7Losen")
    script.another_browser()
    await script.ask_for_reset("Hemligt7Losen")
    await script.settled()
    for _ in range(3):
        await script.reset_code("000000")
    assert {one.event for one in script.audit.events} >= {"code.failed", "logon.locked"}
    assert {one.user for one in script.audit.events} == {""}
