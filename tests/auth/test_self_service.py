"""gateway/auth/self_service.py and credentials.py, as transcripts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.auth.outcomes import (
    REFUSED_BY_DIRECTORY,
    ChallengeOver,
    Changed,
    CodeFirst,
    CodeSent,
    Faults,
    LockedOut,
    NotLoggedOn,
    ProofSent,
    Rejected,
    Resent,
    SessionOpened,
    TooSoon,
    Unchanged,
    WrongCode,
)
from gateway.auth.ports import Unavailable
from gateway.settings.model import Rate
from policies.mobiles import NotMobileReason
from policies.self_service import Permission
from tests.auth.support import (
    ANNA,
    BO,
    ELSEWHERE,
    INSIDE,
    OUTSIDE,
    PASSWORDS,
    LoginScript,
    edited,
    make_settings,
)

pytestmark = pytest.mark.asyncio
NEW_NUMBER = "+46701740605"


async def logged_on(user: str = "anna", *, inside: bool = True, **rules: object) -> LoginScript:
    script = LoginScript(edited(make_settings(), "self_service", **rules))
    if inside:
        script.go(INSIDE)
    outcome = await script.password(user=user)
    if isinstance(outcome, CodeSent):
        outcome = await script.code()
    assert isinstance(outcome, SessionOpened)
    script.audit.events.clear()
    script.sms.messages.clear()
    return script


def lines(script: LoginScript) -> list[str]:
    return [f"{one.event}:{one.outcome}:{one.reason}" for one in script.audit.events]


async def test_a_first_number_then_a_logon_outside_with_its_code() -> None:
    script = await logged_on("new")
    assert await script.change(mobile="070-174 06 05") == Changed()
    assert script.directory.people["new"].mobile == NEW_NUMBER
    assert lines(script) == ["mobile.changed:changed:pwd"]
    script.another_browser()
    assert isinstance(await script.password(user="new"), CodeSent)
    assert isinstance(await script.code(), SessionOpened)
    assert [number for number, _ in script.sms.messages] == [NEW_NUMBER]


async def test_another_number_is_told_to_the_old_one() -> None:
    script = await logged_on()
    assert await script.change(mobile="+46 (0)70 174 06 05".replace("(0)", "")) == Changed()
    await script.settled()
    ((number, text),) = script.sms.messages
    assert number == ANNA.mobile
    assert text.startswith("The mobile number for Medarbetarportalen was changed")
    assert "medarbetare@securitas.se" in text
    assert NEW_NUMBER[-4:] not in text
    assert lines(script) == ["mobile.changed:changed:pwd", "notice.mobile-changed:sent:fake"]


async def test_a_password_change_ends_the_other_sessions_and_is_told() -> None:
    script = await logged_on()
    mine = script.browser
    script.another_browser(INSIDE)
    await script.password()
    theirs = script.browser
    script.browser = mine
    before = (await script.presence()).session
    assert (old := mine.session)
    assert await script.change(new="Ny4tLosen") == Changed()
    assert await script.whoami() == ("anna", ("pwd",))
    assert (await script.presence()).session == before, "its age is what it was"
    assert mine.session != old
    assert await script.sessions.resolve(old.encode()) is None, "a stolen copy is out too"
    script.browser = theirs
    assert await script.whoami() is None
    assert await script.password() == Rejected()
    assert isinstance(await script.password("Ny4tLosen"), SessionOpened)
    await script.settled()
    ((_, text),) = script.sms.messages
    assert text == (
        "Your password for Medarbetarportalen was changed. Was it not you? Contact "
        "medarbetare@securitas.se at once."
    )
    assert "password.changed:changed:" in lines(script)
    assert "session.ended:ended:password-changed" in lines(script)


async def test_both_at_once() -> None:
    script = await logged_on()
    assert await script.change(mobile=NEW_NUMBER, new="Ny4tLosen") == Changed()
    await script.settled()
    assert script.directory.people["anna"].mobile == NEW_NUMBER
    assert script.directory.passwords["anna"] == "Ny4tLosen"
    assert {number for number, _ in script.sms.messages} == {ANNA.mobile}


async def test_notices_are_in_the_language_of_the_browser() -> None:
    script = await logged_on()
    script.browser.client = type(INSIDE)("10.0.0.7", "corporate", "r", "sv")
    await script.change(mobile=NEW_NUMBER)
    await script.settled()
    assert script.sms.messages[0][1].startswith("Mobilnumret för Medarbetarportalen har ändrats")


@pytest.mark.parametrize(
    ("wish", "faults"),
    [
        ({"current": ""}, Faults(current="missing", nothing=True)),
        ({"current": "wrong"}, Faults(current="wrong", nothing=True)),
        ({}, Faults(nothing=True)),
        ({"mobile": "08-123 456 78"}, Faults(mobile=NotMobileReason.LANDLINE)),
        ({"mobile": " "}, Faults(mobile=NotMobileReason.EMPTY)),
        ({"new": "Ny4"}, Faults(new=("too-short",))),
        ({"new": "Ny4tLosen", "confirm": "Ny4tLosem"}, Faults(differs=True)),
        ({"confirm": "Ny4tLosen"}, Faults(differs=True)),
        ({"new": "Anna1", "confirm": ""},
         Faults(new=("too-short", "holds-user-name"), differs=True)),
        ({"mobile": "12", "current": "no", "new": "Ny4", "confirm": "x"},
         Faults("wrong", NotMobileReason.TOO_SHORT, new=("too-short",), differs=True)),
        ({"mobile": NEW_NUMBER, "new": "Ny4"}, Faults(new=("too-short",))),
    ],
)  # fmt: skip
async def test_every_reason_is_told_at_once_and_nothing_is_changed(wish, faults) -> None:
    script = await logged_on()
    assert await script.change(**wish) == Unchanged(faults)
    await script.settled()
    assert script.directory.people["anna"] == ANNA
    assert script.directory.passwords == PASSWORDS
    assert script.sms.messages == []
    assert [line.split(":")[1] for line in lines(script)] == ["refused"]


async def test_without_a_number_the_field_may_stay_empty_beside_a_new_password() -> None:
    script = await logged_on("new")
    assert await script.change(new="Ny4tLosen") == Changed()
    assert await script.change() == Unchanged(Faults(mobile=NotMobileReason.EMPTY))
    assert script.sms.messages == []


async def test_wrong_current_passwords_are_those_of_the_logon() -> None:
    script = await logged_on()
    for _ in range(4):
        assert await script.change(NEW_NUMBER, current="x") == Unchanged(Faults(current="wrong"))
    assert await script.password("wrong") == Rejected()
    assert await script.change(NEW_NUMBER) == LockedOut(60)
    assert await script.password() == LockedOut(60)
    assert lines(script)[-2:] == ["logon.locked:locked:password"] * 2
    script.wait(minutes=5)
    assert await script.change(NEW_NUMBER) == Changed()
    for _ in range(4):
        await script.change(current="x")
    assert await script.change(BO.mobile or "") == Changed(), "a right one forgave the others"


@pytest.mark.parametrize("typed", ["x" * 1025, "a\0b", "\ud800"])
async def test_what_can_be_no_password_is_not_asked_for(typed: str) -> None:
    script = await logged_on()
    asked = script.directory.asked
    assert await script.change(NEW_NUMBER, current=typed) == Unchanged(Faults(current="wrong"))
    assert script.directory.asked == asked


async def test_outside_with_a_code() -> None:
    script = await logged_on(inside=False)
    assert await script.change(NEW_NUMBER, new="Ny4tLosen") == Changed()
    assert "mobile.changed:changed:pwd+otp" in lines(script)


@pytest.mark.parametrize("prove_mobile", [False, True])
async def test_a_password_that_the_directory_refuses_changes_nothing(*, prove_mobile: bool) -> None:
    script = await logged_on(prove_mobile=prove_mobile)
    script.directory.refuses = "Ny4tLosen"
    outcome = await script.change(NEW_NUMBER, new="Ny4tLosen")
    assert outcome == Unchanged(Faults(new=(REFUSED_BY_DIRECTORY,)))
    assert script.directory.people["anna"].mobile == ANNA.mobile
    assert lines(script)[-1] == "password.changed:refused:directory-rules"
    assert await script.change(new="Ny4tLosen2") == Changed()


async def test_a_session_from_inside_gives_a_code_first_outside() -> None:
    script = await logged_on()
    script.go(OUTSIDE)
    assert await script.change(NEW_NUMBER) == CodeFirst()
    assert await script.change(new="Ny4tLosen") == CodeFirst()
    assert await script.change() == CodeFirst()
    assert lines(script) == [
        "mobile.changed:refused:code-needed",
        "password.changed:refused:code-needed",
        "mobile.changed:refused:code-needed",
    ]
    await script.step_up()
    assert isinstance(await script.code(), SessionOpened)
    assert await script.change(NEW_NUMBER) == Changed()


async def test_where_only_the_office_may_change_a_number() -> None:
    script = await logged_on(inside=False, change_mobile="corporate")
    assert await script.change(NEW_NUMBER) == Unchanged(Faults(not_here=True))
    assert await script.change(NEW_NUMBER, new="Ny4tLosen") == Unchanged(Faults(not_here=True))
    assert await script.change(new="Ny4tLosen") == Changed()
    script.go(INSIDE)
    assert await script.change(NEW_NUMBER) == Changed()


async def test_a_session_without_a_number_outside_registers_none() -> None:
    script = await logged_on("new")
    script.go(OUTSIDE)
    assert await script.change(NEW_NUMBER) == Unchanged(Faults(not_here=True))
    assert script.directory.people["new"].mobile is None
    assert lines(script) == ["mobile.changed:refused:network"]


async def test_a_changed_number_voids_the_codes_on_their_way() -> None:
    script = LoginScript()
    await script.password()
    code, outside = await script.sent_code(), script.browser
    script.another_browser(INSIDE)
    await script.password()
    assert await script.change(NEW_NUMBER) == Changed()
    script.browser = outside
    assert await script.code(code) == ChallengeOver()
    assert await script.whoami() is None


async def test_a_user_who_is_gone_changes_nothing() -> None:
    script = await logged_on()
    script.directory.change("anna", enabled=False)
    assert await script.change(NEW_NUMBER) == NotLoggedOn()
    del script.directory.people["anna"]
    assert await script.change(NEW_NUMBER) == NotLoggedOn()


async def test_a_store_that_is_away_leaves_the_password() -> None:
    script = await logged_on()
    presence = await script.presence()
    script.memory.down = True
    with pytest.raises(Unavailable):
        await script.credentials.change_password(ANNA, "Ny4tLosen", INSIDE, but=presence.token)
    assert script.directory.passwords == PASSWORDS


async def test_a_directory_that_is_away_costs_no_try() -> None:
    script = await logged_on()
    for _ in range(6):
        script.directory.down = True
        with pytest.raises(Unavailable):
            await script.credentials.try_password("anna", "x", INSIDE)
    script.directory.down = False
    assert await script.change(NEW_NUMBER) == Changed()


@pytest.mark.parametrize("failing", [True, False])
async def test_what_was_done_stands_whether_or_not_its_notice_arrives(failing: bool) -> None:
    settings = edited(make_settings(), "sms_budget", number=Rate(1, timedelta(hours=1)))
    script = LoginScript(settings)
    script.go(INSIDE)
    await script.password()
    script.sms.failing = failing
    await script.change(new="Ny4tLosen")
    await script.change(NEW_NUMBER)
    await script.settled()
    assert script.directory.people["anna"].mobile == NEW_NUMBER
    told = [one for one in lines(script) if one.startswith("notice.")]
    assert told == (
        ["notice.password-changed:failed:sms", "notice.mobile-changed:refused:sms-budget"]
        if failing
        else ["notice.password-changed:sent:fake", "notice.mobile-changed:refused:sms-budget"]
    )


async def test_what_the_page_shows() -> None:
    script = await logged_on(inside=False, change_mobile="corporate")
    presence = await script.presence()
    view = await script.self_service.view(presence.session, presence.client)
    assert view is not None
    assert (view.user, view.name, view.mobile) == ("anna", "Anna Andersson", ANNA.mobile)
    assert (view.mobile_here, view.password_here) == (Permission.OFFICE_ONLY, Permission.YES)
    script.directory.change("anna", enabled=False)
    assert await script.self_service.view(presence.session, presence.client) is None


# A number that must be proven


async def test_a_number_counts_once_its_code_is_typed() -> None:
    script = await logged_on(prove_mobile=True)
    assert isinstance(await script.change(NEW_NUMBER, new="Ny4tLosen"), ProofSent)
    await script.settled()
    assert script.directory.people["anna"].mobile == ANNA.mobile
    assert script.directory.passwords["anna"] == "Ny4tLosen"
    proofs = [text for number, text in script.sms.messages if number == NEW_NUMBER]
    assert "is your code to confirm this number" in proofs[0]
    code = proofs[0].rpartition("#")[2]
    wrong = str((int(code) + 1) % 10**6).zfill(6)
    assert await script.prove(wrong) == WrongCode(4)
    assert await script.prove(code) == Changed()
    assert script.directory.people["anna"].mobile == NEW_NUMBER
    await script.settled()
    assert script.sms.messages[-1][0] == ANNA.mobile
    assert lines(script)[-2] == "mobile.changed:changed:proven"
    assert await script.prove(code) == ChallengeOver()


async def test_a_proof_is_of_one_user_one_purpose_and_one_place() -> None:
    script = await logged_on(prove_mobile=True)
    await script.change(NEW_NUMBER)
    await script.settled()
    code, errand = script.sms.code(), script.browser.errand
    session = (await script.presence()).session
    view = await script.self_service.view_proof(session, errand)
    assert view is not None
    assert (view.mobile_tail, view.delivery) == ("05", "sent")
    # It is no code for a logon, and a logon's is none for it.
    script.browser.challenge = errand
    assert await script.view() is None
    assert await script.resend() == ChallengeOver()
    assert await script.code(code) == ChallengeOver()
    script.go(OUTSIDE)
    await script.password()
    assert await script.self_service.view_proof(session, script.browser.challenge) is None
    # Nor is it one for somebody else's session.
    script.another_browser(INSIDE)
    await script.password(user="bo")
    script.browser.errand = errand
    assert await script.prove(code) == ChallengeOver()
    assert script.directory.people["bo"].mobile == BO.mobile


async def test_a_proof_ends_outside_where_numbers_are_changed_inside() -> None:
    script = await logged_on(prove_mobile=True, change_mobile="corporate")
    await script.change(NEW_NUMBER)
    await script.settled()
    script.go(OUTSIDE)
    assert await script.prove() == ChallengeOver()
    assert script.directory.people["anna"].mobile == ANNA.mobile
    assert lines(script)[-1] == "mobile.changed:refused:network"


async def test_a_proof_is_sent_again_and_guessed_five_times_at_most() -> None:
    script = await logged_on(prove_mobile=True)
    await script.change(NEW_NUMBER)
    await script.settled()
    presence, errand, code = await script.presence(), script.browser.errand, script.sms.code()
    resend = script.self_service.resend_proof
    assert isinstance(await resend(presence.session, errand, INSIDE), TooSoon)
    script.wait(seconds=30)
    assert await resend(presence.session, errand, INSIDE) == Resent()
    await script.settled()
    assert script.sms.code() == code
    outcomes = [await script.prove("000000" if code != "000000" else "1" * 6) for _ in range(6)]
    assert outcomes == [*(WrongCode(left) for left in (4, 3, 2, 1, 0)), ChallengeOver()]
    assert await resend(presence.session, errand, INSIDE) == ChallengeOver()


async def test_a_proof_beyond_the_budget_changes_nothing() -> None:
    settings = edited(make_settings(), "sms_budget", address=Rate(1, timedelta(hours=1)))
    script = LoginScript(edited(settings, "self_service", prove_mobile=True))
    script.go(ELSEWHERE)
    await script.password()
    await script.view()
    script.go(INSIDE)
    script.another_browser(INSIDE)
    await script.password()
    assert isinstance(await script.change(NEW_NUMBER), ProofSent)
    outcome = await script.change(BO.mobile or "", new="Ny4tLosen")
    assert outcome == LockedOut(3600, of="messages")
    assert script.directory.passwords == PASSWORDS


async def test_a_number_without_a_country_code_belongs_to_the_region() -> None:
    script = await logged_on("new", region="NO")
    assert await script.change(mobile="412 34 567") == Changed()
    assert script.directory.people["new"].mobile == "+4741234567"
