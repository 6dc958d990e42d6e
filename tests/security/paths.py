"""The ways an attacker goes who knows the password and sits outside: a list, and why each ends.

A walk tries everything of its way. `ends` is the line that must stand in the audit with the
attacker's address: event, outcome and reason ("*" for any), and of whom it speaks.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

from tests.security.attacker import (
    ACCOUNT,
    CHALLENGE,
    ERRAND,
    LOGON,
    NEW_PASSWORD,
    OPEN,
    OTP,
    OWN_SESSIONS,
    PROOF,
    PROOF_RESEND,
    RESEND,
    RESET,
    RESET_CODE,
    RESET_PASSWORD,
    SESSION,
    Case,
    account_fields,
    at_once,
    wrong,
)
from tests.system.gateway import INSIDE, PASSWORD

VICTIM, SELF, NOBODY = "victim", "self", "nobody"
Walk = Callable[[Case], None]


@dataclasses.dataclass(frozen=True)
class Path:
    """One way. `has_number`: whether the victim has one; `proving`: with prove_mobile on."""

    walk: Walk
    ends: tuple[str, str, str]
    of: str
    has_number: bool
    proving: bool

    @property
    def name(self) -> str:
        return self.walk.__name__


PATHS: list[Path] = []


def ends(
    event: str,
    outcome: str,
    reason: str = "",
    *,
    of: str = VICTIM,
    has_number: bool = True,
    proving: bool = False,
) -> Callable[[Walk], Walk]:
    """Put a walk on the list."""

    def listed(walk: Walk) -> Walk:
        PATHS.append(Path(walk, (event, outcome, reason), of, has_number, proving))
        return walk

    return listed


# The logon.


@ends("logon.password", "right")
def the_password_alone(case: Case) -> None:
    browser = case.browser()
    assert browser.password(case.victim).location.startswith(OTP)
    assert browser.get(OTP).status == 200


@ends("logon.code", "refused", "no-number", has_number=False)
def no_number_is_known_yet(case: Case) -> None:
    assert case.browser().password(case.victim).status == 403


@ends("logon.code", "refused", "no-number", has_number=False)
def fields_that_claim_to_be_inside(case: Case) -> None:
    browser = case.browser()
    inside = {
        "X_Forwarded_For": "127.0.0.2", "Forwarded": "for=127.0.0.2", "X_Real_IP": "127.0.0.2",
        "X_Gateway_Client": "127.0.0.2", "X_Gateway_Network": "corporate",
        "X_Gateway_Request_Id": "1-1", "X_Client_IP": "127.0.0.2",
    }  # fmt: skip
    form = browser.get(LOGON, **inside).form_to(LOGON)
    fields = form | {"username": case.victim, "password": PASSWORD}
    assert browser.post(LOGON, fields, **inside).status == 403


@ends("code.sent", "sent", "*")
def a_way_back_over_a_public_route(case: Case) -> None:
    browser = case.browser()
    answer = browser.password(case.victim, way="/static/contact.css")
    assert answer.location.startswith(OTP)


@ends("logon.code", "refused", "no-challenge", of=NOBODY)
def guessed_codes(case: Case) -> None:
    browser = case.browser()
    browser.password(case.victim)
    code, form = case.code(), browser.get(OTP).form_to(OTP)
    challenge = browser.cookies[CHALLENGE]
    for by in range(1, 6):
        assert browser.post(OTP, form | {"code": wrong(code, by)}).status == 401
    browser.cookies[CHALLENGE] = challenge
    assert browser.post(OTP, form | {"code": code}).status == 401


@ends("logon.locked", "locked", "code")
def guessed_codes_from_one_logon_to_the_next(case: Case) -> None:
    statuses = []
    while 429 not in statuses and len(statuses) < 60:
        browser = case.browser()
        before = len(case.messages(case.phone))
        browser.password(case.victim)
        code, form = case.code(before=before), browser.get(OTP).form_to(OTP)
        statuses += [
            browser.post(OTP, form | {"code": wrong(code, by)}).status for by in range(1, 5)
        ]
    assert set(statuses) == {401, 429}
    assert browser.post(OTP, form | {"code": code}).status == 429, "the right one is not judged"


@ends("logon.code", "refused", "no-challenge", of=NOBODY)
def a_code_typed_where_none_is_awaited(case: Case) -> None:
    case.victims_browser().password(case.victim)
    browser = case.browser()
    browser.password(case.victim)
    form = browser.get(OTP).form_to(OTP) | {"code": case.code()}
    for forged in ("", "A" * 43, "x", browser.cookies["gateway-form"]):
        browser.cookies[CHALLENGE] = forged
        assert browser.post(OTP, form).status == 401


@ends("logon.code", "wrong")
def the_code_of_another_browser(case: Case) -> None:
    victims = case.victims_browser()
    victims.password(case.victim)
    code = case.code()
    browser = case.browser()
    browser.password(case.victim)
    assert browser.code(code).status == 401
    assert victims.code(code).status == 303, "it was not burnt for the victim"


@ends("logon.code", "wrong")
def two_browsers_race_for_one_code(case: Case) -> None:
    victims, browser = case.victims_browser(), case.browser()
    victims.password(case.victim)
    code = case.code()
    browser.password(case.victim)
    mine, theirs = at_once(lambda: browser.code(code), lambda: victims.code(code))
    assert (mine.status, theirs.status) == (401, 303)


@ends("logon.code", "refused", "no-challenge", of=NOBODY)
def a_code_replayed_with_its_cookies(case: Case) -> None:
    victims = case.victims_browser()
    victims.password(case.victim)
    stolen, form = dict(victims.cookies), victims.get(OTP).form_to(OTP) | {"code": case.code()}
    assert victims.post(OTP, form).status == 303
    browser = case.browser()
    browser.cookies = stolen
    assert browser.post(OTP, form).status == 401


@ends("logon.code", "wrong")
def own_code_with_the_victims_challenge(case: Case) -> None:
    browser = case.browser()
    browser.password(case.own)
    code = case.code(case.own_phone)
    browser.password(case.victim)
    assert browser.code(code).status == 401


@ends("session.opened", "opened", "pwd+otp", of=SELF)
def own_code_and_the_victims_name_beside_it(case: Case) -> None:
    browser = case.browser()
    browser.password(case.own)
    form = browser.get(OTP).form_to(OTP) | {"code": case.code(case.own_phone)}
    form |= {"username": case.victim, "user": case.victim}
    assert browser.post(f"{OTP}?username={case.victim}", form).status == 303


@ends("logon.code", "refused", "directory-changed")
def a_code_asked_for_with_the_old_password(case: Case) -> None:
    browser = case.browser()
    browser.password(case.victim)
    code = case.code()
    case.victim_changes(mobile=case.phone, new_password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    assert browser.code(code).status == 401


@ends("logon.code", "refused", "directory-changed")
def a_code_on_its_way_to_the_old_number(case: Case) -> None:
    browser = case.browser()
    browser.password(case.victim)
    code = case.code()
    case.victim_changes(mobile=f"+467043000{case.number:02}")
    assert browser.code(code).status == 401


@ends("logon.code", "refused", "directory-changed")
def the_right_code_of_a_disabled_victim(case: Case) -> None:
    browser = case.browser()
    browser.password(case.victim)
    code = case.code()
    case.place.gateway.cli("user", "disable", case.victim)
    assert browser.code(code).status == 401
    assert case.browser().password(case.victim).status == 401


# Codes of other purposes.


@ends("logon.code", "wrong")
def a_code_for_a_reset_typed_at_the_logon(case: Case) -> None:
    browser = case.browser()
    case.ask_for_reset(browser, case.victim)
    code = case.code()
    browser.password(case.victim)
    assert browser.code(code).status == 401


@ends("password.reset", "wrong-code")
def a_code_for_a_logon_typed_at_the_reset(case: Case) -> None:
    browser = case.browser()
    browser.password(case.victim)
    code = case.code()
    case.ask_for_reset(browser, case.victim)
    assert case.type_reset_code(browser, code).status == 401


@ends("logon.code", "refused", "no-challenge")
def the_challenge_of_a_reset_put_in_place_of_a_logons(case: Case) -> None:
    browser = case.browser()
    browser.password(case.victim)
    form = browser.get(OTP).form_to(OTP)
    before = len(case.messages(case.phone))
    case.ask_for_reset(browser, case.victim)
    browser.cookies[CHALLENGE] = browser.cookies[ERRAND]
    assert browser.post(OTP, form | {"code": case.code(before=before)}).status == 401


@ends("password.reset", "refused", "no-challenge", of=NOBODY)
def the_challenge_of_a_logon_put_in_place_of_a_resets(case: Case) -> None:
    browser = case.browser()
    case.ask_for_reset(browser, case.victim)
    form = browser.get(RESET_CODE).form_to(RESET_CODE)
    before = len(case.messages(case.phone))
    browser.password(case.victim)
    browser.cookies[ERRAND] = browser.cookies[CHALLENGE]
    assert browser.post(RESET_CODE, form | {"code": case.code(before=before)}).status == 401


@ends("mobile.changed", "refused", "no-challenge", of=SELF, proving=True)
def the_challenge_of_a_logon_put_in_place_of_a_proof(case: Case) -> None:
    browser, page = case.own_proof()
    other = case.browser()
    other.password(case.victim)
    browser.cookies[ERRAND] = other.cookies[CHALLENGE]
    answer = browser.post(PROOF, page.form_to(PROOF) | {"code": case.code()})
    assert answer.location == ACCOUNT


# Step-up.


@ends("access.denied", "denied", "no-session", of=NOBODY)
def a_step_up_of_nobody(case: Case) -> None:
    browser = case.browser()
    browser.password(case.victim)
    form = browser.get(OTP).form_to(RESEND)
    del browser.cookies[CHALLENGE]
    assert browser.post(RESEND, form).location.startswith(LOGON)


@ends("logon.code", "wrong")
def a_step_up_of_what_the_password_alone_opens(case: Case) -> None:
    browser = case.with_password_only()
    page = browser.get(OTP)
    assert browser.post(RESEND, page.form_to(RESEND)).location.startswith(OTP)
    assert browser.code(wrong(case.code())).status == 401
    assert browser.get("/debug/echo").location.startswith(OTP)


@ends("logon.code", "refused", "no-challenge", of=SELF)
def own_step_up_with_the_victims_session(case: Case) -> None:
    own, victims = case.browser(), case.with_password_only()
    own.password(case.own, way=OPEN)
    own.post(RESEND, own.get(OTP).form_to(RESEND))
    form = own.get(OTP).form_to(OTP) | {"code": case.code(case.own_phone)}
    own.cookies[SESSION] = victims.cookies[SESSION]
    assert own.post(OTP, form).status == 401


# The number.


@ends("mobile.changed", "refused", "network", has_number=False)
def a_first_number_with_what_the_password_alone_opens(case: Case) -> None:
    browser = case.with_password_only()
    assert case.wish(browser, mobile=case.own_phone).status == 422


@ends("password.changed", "refused", "network", has_number=False)
def a_new_password_with_what_the_password_alone_opens(case: Case) -> None:
    browser = case.with_password_only()
    answer = case.wish(browser, new_password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    assert answer.status == 422


@ends("access.denied", "denied", "stale-form", of=NOBODY)
def another_number_with_what_the_password_alone_opens(case: Case) -> None:
    browser = case.with_password_only()
    assert browser.get(ACCOUNT).location.startswith(OTP), "a code comes first"
    form = browser.get(OTP).form_to(RESEND)
    assert browser.post(ACCOUNT, form | account_fields(mobile=case.own_phone)).status == 403


@ends("access.denied", "denied", "stale-form", of=NOBODY, has_number=False)
def the_victims_sessions_with_what_the_password_alone_opens(case: Case) -> None:
    victims, browser = case.victims_browser(INSIDE), case.with_password_only()
    victims.password(case.victim)
    page = browser.get(ACCOUNT)
    assert OWN_SESSIONS not in page.text
    form = page.form_to(ACCOUNT) | {"session": "others"}
    assert browser.post(OWN_SESSIONS, form).status == 403
    assert victims.get("/debug/echo").status == 200


@ends("mobile.changed", "refused", "network", has_number=False)
def two_logons_race_to_register_a_number(case: Case) -> None:
    browser = case.with_password_only()

    def of_the_victim() -> int:
        case.victim_changes(mobile=case.phone)
        return 303

    mine, _ = at_once(lambda: case.wish(browser, mobile=case.own_phone).status, of_the_victim)
    assert mine == 422
    assert case.place.row(case.victim)[0] == case.phone
    # Whoever logs on now is asked for a code, and it goes to the victim's phone.
    assert case.browser().password(case.victim).location.startswith(OTP)
    assert not case.messages(case.own_phone)


@ends("access.denied", "denied", "stale-form", of=NOBODY)
def a_number_posted_without_a_session(case: Case) -> None:
    browser = case.browser()
    form = browser.get(LOGON).form_to(LOGON)
    fields = account_fields(mobile=case.own_phone) | {"username": case.victim}
    assert browser.post(ACCOUNT, fields).status == 403
    assert browser.post(ACCOUNT, form | fields).status == 403


@ends("access.denied", "denied", "no-session", of=NOBODY)
def a_number_posted_with_the_form_of_a_session_that_ended(case: Case) -> None:
    browser = case.logged_on_as_self()
    form = browser.get(ACCOUNT).form_to(ACCOUNT)
    token = browser.cookies[SESSION]
    browser.post("/.gateway/logout", browser.get("/.gateway/logout").form_to("/.gateway/logout"))
    browser.cookies[SESSION] = token
    fields = account_fields(mobile=case.other_phone) | {"username": case.victim}
    assert browser.post(ACCOUNT, form | fields).location.startswith(LOGON)


@ends("access.denied", "denied", "stale-form", of=NOBODY)
def own_form_with_what_the_password_alone_opens(case: Case) -> None:
    own, victims = case.logged_on_as_self(), case.with_password_only()
    form = own.get(ACCOUNT).form_to(ACCOUNT) | account_fields(mobile=case.other_phone)
    own.cookies[SESSION] = victims.cookies[SESSION]
    assert own.post(ACCOUNT, form).status == 403


@ends("mobile.changed", "changed", "*", of=SELF)
def own_form_with_the_victims_name(case: Case) -> None:
    browser = case.logged_on_as_self()
    wished = {"mobile": case.other_phone, "username": case.victim, "user": case.victim}
    assert "notice=updated" in case.wish(browser, **wished).location


@ends("code.sent", "sent", "*")
def another_number_beside_every_form(case: Case) -> None:
    browser = case.browser()
    other = dict.fromkeys(("mobile", "to", "phone", "number"), case.own_phone)
    form = browser.get(LOGON).form_to(LOGON) | {"username": case.victim, "password": PASSWORD}
    assert browser.post(f"{LOGON}?mobile=%2B46704100000", form | other).location.startswith(OTP)
    case.code()
    form = browser.get(OTP).form_to(RESEND)
    for _ in range(2):
        assert browser.post(f"{RESEND}?to=%2B46704100000", form | other).status in {303, 429}
    case.ask_for_reset(browser, case.victim, **other)
    case.code(before=len(case.messages(case.phone)) - 1)
    assert not case.messages(case.own_phone)


@ends("mobile.changed", "refused", "no-challenge", of=SELF, proving=True)
def a_resend_of_a_proof_that_is_the_victims(case: Case) -> None:
    browser, page = case.own_proof()
    other = case.browser()
    other.password(case.victim)
    browser.cookies[ERRAND] = other.cookies[CHALLENGE]
    before = len(case.messages(case.phone))
    form = page.form_to(PROOF_RESEND) | {"mobile": case.own_phone}
    assert browser.post(PROOF_RESEND, form).location == ACCOUNT
    assert len(case.messages(case.phone)) <= max(1, before)


@ends("access.denied", "denied", "stale-form", of=NOBODY, proving=True)
def own_proof_with_what_the_password_alone_opens(case: Case) -> None:
    browser, page = case.own_proof()
    browser.cookies[SESSION] = case.with_password_only().cookies[SESSION]
    form = page.form_to(PROOF) | {"code": case.code(case.other_phone)}
    assert browser.post(PROOF, form).status == 403
    assert browser.post(PROOF_RESEND, page.form_to(PROOF_RESEND)).status == 403


@ends("access.denied", "denied", "no-session", of=NOBODY, proving=True)
def own_proof_after_the_session_ended(case: Case) -> None:
    browser, page = case.own_proof()
    token = browser.cookies[SESSION]
    browser.post("/.gateway/logout", browser.get("/.gateway/logout").form_to("/.gateway/logout"))
    browser.cookies[SESSION] = token
    form = page.form_to(PROOF) | {"code": case.code(case.other_phone)}
    assert browser.post(PROOF, form).location.startswith(LOGON)
    assert browser.post(PROOF_RESEND, page.form_to(PROOF_RESEND)).location.startswith(LOGON)


# The reset.


@ends("password.reset", "wrong-code")
def guessed_codes_of_a_reset(case: Case) -> None:
    browser = case.browser()
    case.ask_for_reset(browser, case.victim)
    code, form = case.code(), browser.get(RESET_CODE).form_to(RESET_CODE)
    errand = browser.cookies[ERRAND]
    for by in range(1, 6):
        assert browser.post(RESET_CODE, form | {"code": wrong(code, by)}).status == 401
    browser.cookies[ERRAND] = errand
    assert browser.post(RESET_CODE, form | {"code": code}).status == 401, "it is over"


@ends("logon.locked", "locked", "reset")
def one_reset_after_the_other(case: Case) -> None:
    statuses = [case.ask_for_reset(case.browser(), case.victim).status for _ in range(7)]
    assert (statuses[0], statuses[-1]) == (303, 429)


@ends("password.reset", "asked", "no-number", has_number=False)
def a_reset_where_no_number_is_known(case: Case) -> None:
    browser = case.browser()
    assert case.ask_for_reset(browser, case.victim).location == RESET_CODE
    assert case.type_reset_code(browser, "000000").status == 401


@ends("password.reset", "wrong-code")
def the_code_of_the_victims_own_reset(case: Case) -> None:
    victims, browser = case.victims_browser(), case.browser()
    case.ask_for_reset(victims, case.victim)
    code = case.code()
    case.ask_for_reset(browser, case.victim)
    mine, theirs = at_once(
        lambda: case.type_reset_code(browser, code), lambda: case.type_reset_code(victims, code)
    )
    assert (mine.status, theirs.location) == (401, RESET_PASSWORD)


@ends("password.reset", "wrong-code")
def own_code_for_the_victims_reset(case: Case) -> None:
    browser = case.browser()
    case.ask_for_reset(browser, case.own)
    code = case.code(case.own_phone)
    case.ask_for_reset(browser, case.victim)
    assert case.type_reset_code(browser, code).status == 401


@ends("password.reset", "refused", "no-challenge", of=NOBODY)
def a_new_password_without_the_code(case: Case) -> None:
    browser, form = case.ticket_form()
    case.ask_for_reset(browser, case.victim)
    assert browser.post(RESET_PASSWORD, form).status == 401


@ends("password.reset", "reset", of=SELF)
def own_ticket_with_the_victims_name(case: Case) -> None:
    browser, form = case.ticket_form()
    answer = browser.post(RESET_PASSWORD, form | {"username": case.victim, "user": case.victim})
    assert answer.location.startswith(LOGON)


@ends("password.reset", "refused", "no-challenge", of=NOBODY)
def a_ticket_replayed_with_its_cookies(case: Case) -> None:
    victims = case.victims_browser()
    case.ask_for_reset(victims, case.victim)
    assert case.type_reset_code(victims, case.code()).location == RESET_PASSWORD
    stolen, form = dict(victims.cookies), victims.get(RESET_PASSWORD).form_to(RESET_PASSWORD)
    chosen = {"new_password": "Zrn5mulkt8", "confirm_password": "Zrn5mulkt8"}
    assert victims.post(RESET_PASSWORD, form | chosen).status == 303
    case.known = case.place.row(case.victim)
    browser = case.browser()
    browser.cookies = stolen
    mine = {"new_password": NEW_PASSWORD, "confirm_password": NEW_PASSWORD}
    assert browser.post(RESET_PASSWORD, form | mine).status == 401


@ends("password.reset", "refused", "directory-changed")
def a_reset_asked_for_while_the_number_was_the_attackers(case: Case) -> None:
    case.victim_changes(mobile=case.other_phone)
    browser = case.browser()
    case.ask_for_reset(browser, case.victim)
    code = case.code(case.other_phone)
    case.victim_changes(mobile=case.phone)
    assert case.type_reset_code(browser, code).status == 401


@ends("password.reset", "refused", "directory-changed")
def a_ticket_got_while_the_number_was_the_attackers(case: Case) -> None:
    case.victim_changes(mobile=case.other_phone)
    browser = case.browser()
    case.ask_for_reset(browser, case.victim)
    case.type_reset_code(browser, case.code(case.other_phone))
    form = browser.get(RESET_PASSWORD).form_to(RESET_PASSWORD)
    case.victim_changes(mobile=case.phone)
    chosen = {"new_password": NEW_PASSWORD, "confirm_password": NEW_PASSWORD}
    assert browser.post(RESET_PASSWORD, form | chosen).status == 401


@ends("password.reset", "refused", "directory-changed")
def a_reset_asked_for_before_the_victim_chose_another_password(case: Case) -> None:
    browser = case.browser()
    case.ask_for_reset(browser, case.victim)
    code = case.code()
    case.victim_changes(mobile=case.phone, new_password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    assert case.type_reset_code(browser, code).status == 401


# Forms that are not ours.


@ends("access.denied", "denied", "cross-site", of=NOBODY)
def a_form_posted_from_another_site(case: Case) -> None:
    browser = case.browser()
    form = browser.get(LOGON).form_to(LOGON) | {"username": case.victim, "password": PASSWORD}
    assert browser.post(LOGON, form, Origin="https://evil.example").status == 403
    assert browser.post(LOGON, form, Sec_Fetch_Site="cross-site").status == 403


@ends("access.denied", "denied", "stale-form", of=NOBODY)
def a_form_of_another_browser(case: Case) -> None:
    form = case.browser().get(LOGON).form_to(LOGON)
    browser = case.browser()
    browser.get(LOGON)
    fields = form | {"username": case.victim, "password": PASSWORD}
    assert browser.post(LOGON, fields).status == 403


@ends("access.denied", "denied", "unreadable-form", of=NOBODY)
def two_names_in_one_form(case: Case) -> None:
    browser = case.browser()
    form = browser.get(RESET).form_to(RESET)
    body = "&".join([f"{k}={v}" for k, v in form.items()])
    body += f"&username={case.own}&username={case.victim}"
    kind = {
        "Content_Type": "application/x-www-form-urlencoded",
        "Origin": case.place.gateway.origin,
    }
    assert browser.request("POST", RESET, body, **kind).status == 400


@ends("access.denied", "denied", "unreadable-form", of=NOBODY)
def a_form_as_json(case: Case) -> None:
    browser = case.browser()
    form = browser.get(LOGON).form_to(LOGON) | {"username": case.victim, "password": PASSWORD}
    kind = {"Content_Type": "application/json", "Origin": case.place.gateway.origin}
    assert browser.request("POST", LOGON, json.dumps(form), **kind).status == 415
