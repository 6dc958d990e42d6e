"""Steps of a logon or a reset that are skipped, turned to another person, or sent elsewhere."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.security.advisories.codes import awaits_code
from tests.security.advisories.replay import Replay, attack
from tests.security.attacker import (
    CHALLENGE,
    LOGON,
    OTP,
    RESEND,
    RESET,
    RESET_CODE,
    RESET_PASSWORD,
    SESSION,
)
from tests.system.gateway import PASSWORD
from tests.system.visitor import Answer, Visitor


@attack("skipped-steps", people=True)
def forms_before_their_turn(case: Replay) -> None:
    """Posts of later steps without the earlier ones: a session is never the outcome."""
    known = case.place.row(case.victim)
    for step in case.row.tries:
        browser = case.browser()
        token = browser.get(LOGON).form_to(LOGON)
        if step.get("after") == "password":
            browser.password(case.victim)
            token = browser.get(OTP).form_to(OTP)
        elif step.get("after") == "reset":
            case.ask_for_reset(browser, case.victim)
            token = browser.get(RESET_CODE).form_to(RESET_CODE)
        elif step.get("after") == "own ticket":
            browser, token = case.ticket_form()
        filled = {
            name: value.replace("{victim}", case.victim).replace("{password}", PASSWORD)
            for name, value in step.get("fields", {}).items()
        }
        body = filled if step.get("bare") else (token or {}) | filled
        answer = browser.post(step["post"], body)
        assert answer.status in {302, 303, 400, 401, 403, 422}, case.told(step, answer.status)
        assert SESSION not in browser.cookies, case.told(step)
        assert browser.get("/debug/echo").status == 302, case.told(step)
        if answer.status == 303:
            assert answer.location.startswith(("/.gateway/logon", "/.gateway/reset"))
    assert case.place.row(case.victim) == known, "number and password are untouched"


@attack("hidden-fields", people=True)
def hidden_fields_left_out(case: Replay) -> None:
    """Each hidden field left out or emptied: refused, or as if nothing were asked for."""
    for name in case.row.tries:
        for change in (lambda form, n: form.pop(n, None), lambda form, n: form.update({n: ""})):
            browser = case.browser()
            form = browser.get(LOGON + "?next=/x").form_to(LOGON)
            change(form, name)
            answer = browser.post(LOGON, form | {"username": case.victim, "password": PASSWORD})
            if name == "form_token":
                assert answer.status == 403, case.told(name, answer.status)
            else:
                assert answer.location.startswith(OTP), case.told(name, answer.status)
            assert SESSION not in browser.cookies


@attack("odd-forms", people=True)
def bodies_that_are_no_form(case: Replay) -> None:
    """Bodies of a logon without a value, a sign or a name: one and the same plain refusal."""
    seen: dict[str, set[tuple[int, int]]] = {}
    for body in case.row.tries:
        for page in (LOGON, OTP):
            browser = case.browser()
            form = browser.get(LOGON).form_to(LOGON)
            sent = f"{urlencode(form)}&{body}"
            kind = {"Content_Type": "application/x-www-form-urlencoded"}
            kind["Origin"] = case.place.gateway.origin
            answer = browser.request("POST", page, sent, **kind)
            assert answer.status in {303, 400, 401, 403}, case.told(body, page, answer.status)
            assert SESSION not in browser.cookies
            assert PASSWORD not in answer.text
            size = len(answer.text.replace(str(form["form_token"]), ""))
            seen.setdefault(page, set()).add((answer.status, size))
            again = browser.request("POST", page, sent, **kind)
            assert again.status in {answer.status, 429}
            assert len(again.body) == len(answer.body) or again.status == 429, case.told(body)


def _sent_to(case: Replay) -> None:
    assert not case.messages(case.own_phone), case.told("a message to the attacker")


@attack("other-recipient", people=True)
def another_number_beside_the_form(case: Replay) -> None:
    """Fields that name another number or person: messages go to the directory's number alone."""
    for extra in case.row.tries:
        filled = {
            k: v.replace("{phone}", case.own_phone).replace("{own}", case.own)
            for k, v in extra.items()
        }
        browser = case.browser()
        query = urlencode(filled)
        before = len(case.messages(case.phone))
        form = browser.get(LOGON).form_to(LOGON) | filled | {"username": case.victim}
        answer = browser.post(f"{LOGON}?{query}", form | {"password": PASSWORD})
        assert answer.status in {303, 400}, case.told(extra, answer.status)
        if answer.status == 303:
            case.code(before=before)
            again = browser.get(OTP).form_to(RESEND)
            assert browser.post(f"{RESEND}?{query}", again | filled).status in {303, 400, 429}
        assert case.ask_for_reset(case.browser(), case.victim, **filled).status in {303, 400}
        _sent_to(case)


@attack("two-names", people=True)
def two_names_or_another_form(case: Replay) -> None:
    """The same field twice, JSON, XML, multipart: refused, and no message to anybody."""
    for kind, body in case.row.tries:
        for page in (LOGON, RESET):
            browser = case.browser()
            form = urlencode(browser.get(page).form_to(page))
            text = body.replace("{own}", case.own).replace("{victim}", case.victim)
            text = text.replace("{password}", PASSWORD)
            data = f"{form}&{text}" if "urlencoded" in kind else text
            fields = {"Content_Type": kind, "Origin": case.place.gateway.origin}
            answer = browser.request("POST", page, data.encode(), **fields)
            assert answer.status in {400, 403, 415}, case.told(kind, body, answer.status)
    assert not case.messages(case.phone)
    _sent_to(case)


@attack("anothers-code", people=True)
def a_code_of_one_person_for_another(case: Replay) -> None:
    """One's own code with another's challenge, and own reset turned to another at its end."""
    known = case.place.row(case.victim)
    for how in case.row.tries:
        before = len(case.messages(case.own_phone))
        if how == "logon":
            own, other = case.browser(), case.browser()
            own.password(case.own)
            code = case.code(case.own_phone, before)
            other.password(case.victim)
            own.cookies[CHALLENGE] = other.cookies[CHALLENGE]
            form = own.get(OTP).form_to(OTP) or other.get(OTP).form_to(OTP)
            answer: Answer = own.post(OTP, form | {"code": code})
            assert answer.status in {401, 403}, case.told(how, answer.status)
        elif how == "browser":
            own, form, code = awaits_code(case)
            other = case.browser()
            other.cookies[CHALLENGE] = own.cookies[CHALLENGE]
            mine = other.get(LOGON).form_to(LOGON)
            assert other.post(OTP, mine | {"code": code}).status in {401, 403}
        else:
            browser, form = case.ticket_form()
            extra = {"username": case.victim, "user": case.victim}
            browser.post(f"{RESET_PASSWORD}?username={case.victim}", form | extra)
        assert case.place.row(case.victim) == known, case.told(how)
        assert Visitor(case.place.gateway, case.address).get("/debug/echo").status == 302
    assert all(SESSION not in browser.cookies for browser in case.browsers)
