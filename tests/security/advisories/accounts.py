"""What people may change of their own account, and what nobody else may."""

from __future__ import annotations

import re

from tests.security.advisories.replay import Replay, attack
from tests.security.attacker import ACCOUNT, LOGON, OTP, SESSION, account_fields
from tests.system.gateway import INSIDE


@attack("account-as-json", people=True)
def an_account_changed_without_its_proof(case: Replay) -> None:
    """A new number with no, a wrong or another's password, from outside, or by a stolen cookie."""
    known = case.place.row(case.victim)
    owner = case.victims_browser(INSIDE)
    owner.log_on(case.victim)
    form = owner.get(ACCOUNT).form_to(ACCOUNT)
    for try_ in case.row.tries:
        fields = account_fields(mobile=case.own_phone) | try_
        assert owner.post(ACCOUNT, form | fields).status in {401, 422, 429, 400}, case.told(try_)
        assert case.place.row(case.victim) == known, case.told(try_)
    thief = case.browser()
    thief.cookies[SESSION] = owner.cookies[SESSION]
    stolen = thief.get(ACCOUNT)
    assert stolen.location.startswith(OTP), "from outside a code comes first"
    answer = thief.post(ACCOUNT, form | account_fields(mobile=case.own_phone))
    assert answer.status in {302, 303, 403}
    assert case.place.row(case.victim) == known
    assert not case.messages(case.own_phone)


@attack("odd-numbers", people=True)
def numbers_that_are_none_of_a_phone(case: Replay) -> None:
    """Numbers spelled oddly or far away: one normal form, or refused."""
    owner = case.victims_browser(INSIDE)
    owner.log_on(case.victim)
    form = owner.get(ACCOUNT).form_to(ACCOUNT)
    for number in case.row.tries:
        answer = owner.post(ACCOUNT, form | account_fields(mobile=number))
        kept = case.place.row(case.victim)[0]
        assert answer.status in {303, 413, 422}, case.told(number[:40], answer.status)
        assert re.fullmatch(r"\+[0-9]{8,15}", kept), case.told(number, kept)
        assert not kept.startswith(("+1900", "+881", "+882", "+979")), case.told(number, kept)


@attack("new-passwords", people=True)
def passwords_against_the_rules(case: Replay) -> None:
    """New passwords that break a rule, posted past every check in a browser."""
    known = case.place.row(case.victim)
    owner = case.victims_browser(INSIDE)
    owner.log_on(case.victim)
    form = owner.get(ACCOUNT).form_to(ACCOUNT)
    for new in case.row.tries:
        filled = new.replace("{victim}", case.victim)
        wish = account_fields(new_password=filled, confirm_password=filled, mobile=case.phone)
        answer = owner.post(ACCOUNT, form | wish)
        assert answer.status in {400, 413, 422}, case.told(new[:40], answer.status)
        assert case.place.row(case.victim) == known, case.told(new[:40])
    long = {"new_password": "aB3" * 350_000, "confirm_password": "x"}
    assert owner.post(ACCOUNT, form | account_fields(**long)).status == 413


@attack("passwords-of-nothing", people=True)
def passwords_that_some_directory_takes(case: Replay) -> None:
    """Passwords that a careless directory takes for a bind without one: never somebody."""
    for number, password in enumerate(case.row.tries):
        browser = case.victims_browser(f"127.0.9.{20 + number}")
        form = browser.get(LOGON).form_to(LOGON)
        answer = browser.post(LOGON, form | {"username": case.victim, "password": password})
        assert answer.status in {400, 401, 413, 429}, case.told(password[:20], answer.status)
        assert SESSION not in browser.cookies
        assert browser.get(OTP).status in {302, 303}
