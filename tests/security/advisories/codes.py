"""One-time passwords and the steps around them: guessed, raced, replayed, skipped, misdirected."""

from __future__ import annotations

from collections import Counter
from functools import partial

from tests.security.advisories.replay import Replay, attack
from tests.security.attacker import (
    CHALLENGE,
    ERRAND,
    OTP,
    RESET_CODE,
    RESET_PASSWORD,
    SESSION,
    at_once,
    wrong,
)
from tests.system.gateway import wait_for
from tests.system.processes import kill, workers_of
from tests.system.visitor import Visitor


def twin(browser: Visitor, address: str | None = None) -> Visitor:
    """Return the same browser once more, elsewhere when an address is given."""
    other = Visitor(browser.gateway, address or browser.source)
    other.cookies = dict(browser.cookies)
    return other


def awaits_code(case: Replay) -> tuple[Visitor, dict[str, str], str]:
    """Return a browser that gave the password, its form, and the right code."""
    browser, before = case.browser(), len(case.messages(case.phone))
    assert browser.password(case.victim).status == 303
    return browser, browser.get(OTP).form_to(OTP), case.code(before=before)


@attack("guessed-codes", people=True)
def guesses_from_wherever(case: Replay) -> None:
    """Five guesses of a challenge, from wherever and under whatever name; then never the right one."""
    for disguise in case.row.tries:
        browser, form, code = awaits_code(case)
        for by in range(1, 6):
            other, fields = twin(browser), {}
            if disguise == "addresses":
                other.source = f"127.0.9.{by}"
            elif disguise == "fields":
                fields = {"X_Forwarded_For": f"10.9.8.{by}", "User_Agent": f"agent {by}"}
            elif disguise == "cookies":
                other.cookies["gateway-form"] = browser.cookies["gateway-form"]
                other.cookies["visited"] = str(by)
            answer = other.post(OTP, form | {"code": wrong(code, by)}, **fields)
            assert answer.status in {401, 429}, case.told(disguise, by, answer.status)
            assert SESSION not in other.cookies
        late = twin(browser).post(OTP, form | {"code": code})
        assert late.status in {401, 429}, case.told(disguise, "the right one", late.status)
        assert "gateway" not in {name for name in browser.cookies if name == SESSION}


@attack("guessed-at-once", people=True)
def guesses_all_at_once(case: Replay) -> None:
    """Many guesses in the same moment, the right one last of all: five are judged at most."""
    for count in case.row.tries:
        browser, form, code = awaits_code(case)
        tries = [form | {"code": wrong(code, by)} for by in range(1, count)]
        answers = at_once(*[partial(twin(browser).post, OTP, one) for one in tries])
        assert {answer.status for answer in answers} <= {401, 429}
        judged = [
            line for line in case.place.gateway.audit()
            if line["user"] == case.victim and line["event"] in {"code.failed", "logon.code"}
            and line["outcome"] == "wrong"
        ]  # fmt: skip
        assert len(judged) <= 5, case.told(len(judged))
        assert twin(browser).post(OTP, form | {"code": code}).status in {401, 429}


@attack("guessed-over-challenges", people=True)
def guesses_over_many_challenges(case: Replay) -> None:
    """A new challenge after every four guesses: the user's own budget ends it."""
    statuses: Counter[int] = Counter()
    while statuses[429] == 0 and statuses[401] < 60:
        browser, form, code = awaits_code(case)
        for by in range(1, 5):
            statuses[browser.post(OTP, form | {"code": wrong(code, by)}).status] += 1
    assert statuses[429] > 0, case.told(statuses)
    assert statuses[401] <= 50
    assert browser.post(OTP, form | {"code": code}).status == 429


def replace_workers(case: Replay) -> None:
    """Kill every worker and wait for as many new ones."""
    gateway = case.place.gateway
    pid = gateway.process.pid
    before = workers_of(pid)
    kill(*before)
    wait_for(lambda: len(set(workers_of(pid)) - set(before)) == len(before), "workers")
    wait_for(gateway.is_ready, "the gateway")


@attack("code-once", people=True)
def the_right_code_more_than_once(case: Replay) -> None:
    """The right code at once in many tabs, then again, and again after every worker died."""
    browser, form, code = awaits_code(case)
    right = form | {"code": code}
    tabs = [twin(browser) for _ in range(20)]
    answers = at_once(*[lambda tab=tab: tab.post(OTP, right).status for tab in tabs])
    assert Counter(answers)[303] == 1, case.told(answers)
    assert len({tab.cookies[SESSION] for tab in tabs if SESSION in tab.cookies}) == 1
    assert twin(browser).post(OTP, right).status in {401, 429}
    for again in case.row.tries:
        if again == "workers":
            replace_workers(case)
        elif again == "another browser":
            browser.source = "127.0.9.77"
            browser.cookies.pop("gateway-form", None)
        assert twin(browser).post(OTP, right).status in {401, 403, 429}, case.told(again)


@attack("one-time-values-swapped", people=True)
def values_of_one_step_in_another(case: Replay) -> None:
    """Challenge, errand and code of one purpose where another is awaited."""
    for swap in case.row.tries:
        logon, errand = case.browser(), case.browser()
        before = len(case.messages(case.phone))
        logon.password(case.victim)
        logon_code = case.code(before=before)
        case.ask_for_reset(errand, case.victim)
        reset_code = case.code(before=before + 1)
        if swap == "challenge as errand":
            form = errand.get(RESET_CODE).form_to(RESET_CODE) | {"code": logon_code}
            errand.cookies[ERRAND] = logon.cookies[CHALLENGE]
            answer = errand.post(RESET_CODE, form)
        elif swap == "errand as challenge":
            form = logon.get(OTP).form_to(OTP)
            logon.cookies[CHALLENGE] = errand.cookies[ERRAND]
            answer = logon.post(OTP, form | {"code": reset_code})
        elif swap == "codes":
            answer = logon.post(OTP, logon.get(OTP).form_to(OTP) | {"code": reset_code})
            assert case.type_reset_code(errand, logon_code).status == 401
        else:
            form = errand.get(RESET_CODE).form_to(RESET_CODE) | {"code": reset_code}
            done = errand.post(RESET_CODE, form)
            assert done.location == RESET_PASSWORD
            ticket = errand.cookies[ERRAND]
            form = logon.get(OTP).form_to(OTP)
            logon.cookies |= {CHALLENGE: ticket, SESSION: ticket}
            answer = logon.post(OTP, form | {"code": logon_code})
            assert case.browser().get("/debug/echo").status == 302
        assert answer.status in {302, 303, 401, 403}, case.told(swap, answer.status)
        assert answer.status != 303 or answer.location.startswith("/.gateway/"), case.told(swap)
        assert {logon.get("/debug/echo").status, errand.get("/debug/echo").status} == {302}
