"""Cookies and forms of browsers: fixed, tossed, swapped, forged, and posted by other sites."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlencode

import jwt

from tests.security.advisories.replay import Replay, attack, fields, status
from tests.security.attacker import (
    ACCOUNT,
    CHALLENGE,
    LOGON,
    NEW_PASSWORD,
    OTP,
    RESET,
    SESSION,
    account_fields,
)
from tests.system.gateway import INSIDE, PASSWORD
from tests.system.visitor import Visitor

LOGOUT = "/.gateway/logout"
PAGES = {LOGON: LOGON, RESET: RESET, LOGOUT: LOGOUT, ACCOUNT: ACCOUNT}


def opens(case: Replay, cookie: str) -> bool:
    """Whether a Cookie value opens a guarded page from inside; the portal is the judge."""
    case.place.stub.new_requests()
    answer = case.get("/debug/echo", cookie=cookie, source=INSIDE)
    seen = [one for one in case.reached() if one["target"] == "/debug/echo"]
    assert (status(answer) == 200) == bool(seen), case.told(cookie, answer[:200])
    return bool(seen)


@attack("planted-token", people=True)
def a_session_that_the_attacker_chose(case: Replay) -> None:
    """A cookie planted before the logon: the logon makes another, and that one never opens."""
    for planted in case.row.tries:
        browser = Visitor(case.place.gateway, INSIDE)
        browser.cookies[SESSION] = planted
        browser.log_on(case.victim)
        assert browser.cookies[SESSION] != planted, case.told(planted)
        assert opens(case, f"{SESSION}={browser.cookies[SESSION]}")
        assert not opens(case, f"{SESSION}={planted}"), case.told(planted)


@attack("second-logon", people=True)
def another_person_in_the_same_browser(case: Replay) -> None:
    """A second logon in one browser: a new token, the old one is over, nothing is inherited."""
    for second in case.row.tries:
        browser = Visitor(case.place.gateway, INSIDE)
        browser.log_on(case.victim)
        first = browser.cookies[SESSION]
        page = Visitor(case.place.gateway, INSIDE)
        form = page.get(LOGON).form_to(LOGON)
        browser.cookies |= page.cookies
        name = {"same": case.victim, "other": case.own}[second]
        assert browser.post(LOGON, form | {"username": name, "password": PASSWORD}).status == 303
        assert browser.cookies[SESSION] != first
        assert not opens(case, f"{SESSION}={first}"), case.told("the first session lives on")
        answer = case.get(
            "/debug/echo", cookie=f"{SESSION}={browser.cookies[SESSION]}", source=INSIDE
        )
        assert f'"{name}"'.encode() in answer


@attack("token-at-each-step", people=True)
def a_token_from_before_the_step(case: Replay) -> None:
    """Before the code there is no session; a changed password makes a new token."""
    outside = case.browser()
    outside.password(case.victim)
    before = outside.cookies.get(SESSION, "")
    assert outside.code(case.code()).status == 303
    assert not before
    assert not opens(
        case,
        f"{SESSION}={outside.cookies[CHALLENGE]}"
        if CHALLENGE in outside.cookies
        else f"{SESSION}=x",
    )
    browser = Visitor(case.place.gateway, INSIDE)
    browser.log_on(case.victim)
    old = browser.cookies[SESSION]
    done = case.wish(
        browser, mobile=case.phone, new_password=NEW_PASSWORD, confirm_password=NEW_PASSWORD
    )
    assert done.status == 303
    assert browser.cookies[SESSION] != old
    assert opens(case, f"{SESSION}={browser.cookies[SESSION]}")
    assert not opens(case, f"{SESSION}={old}")
    assert not opens(case, f"{SESSION}={outside.cookies[SESSION]}"), "sessions elsewhere are over"


def _tokens(case: Replay) -> dict[str, str]:
    """Return values that are secrets of something else, by the names that rows use."""
    browser = case.browser()
    browser.password(case.victim)
    answer = case.get("/debug/echo", cookie=case.place.anna, source=INSIDE)
    echo = dict(json.loads(answer.partition(b"\r\n\r\n")[2])["headers"])
    assertion = echo["X-Gateway-Assertion"]
    claims = jwt.decode(assertion, options={"verify_signature": False})
    live = case.place.anna.partition("=")[2]
    return {
        "challenge": browser.cookies[CHALLENGE],
        "form": browser.get(OTP).form_to(OTP)["form_token"],
        "assertion": assertion,
        "jti": claims["jti"],
        "sid": claims["sid"],
        "sha256": hashlib.sha256(live.encode()).hexdigest(),
        "listed": case.place.listed,
        "half": live[:-1],
        "longer": live + "A",
        "live": live,
    }


@attack("other-tokens", people=True)
def values_that_are_no_session(case: Replay) -> None:
    """Whole Cookie values: none of them opens anything, and none is an error of ours."""
    known = _tokens(case)
    for cookie in case.row.tries:
        for name, value in known.items():
            cookie = cookie.replace("{" + name + "}", value)  # noqa: PLW2901
        case.place.stub.new_requests()
        lines = [f"Cookie: {one}" for one in cookie.split("\n")]
        answer = case.get("/debug/echo", *lines, source=INSIDE)
        assert status(answer) in {302, 400, 401, 431}, case.told(cookie, answer[:200])
        assert case.reached() == [], case.told(cookie)


@attack("assertion-elsewhere", people=True)
def an_assertion_used_as_something_else(case: Replay) -> None:
    """The portal's assertion opens no page of ours, and names one upstream only."""
    assertion = _tokens(case)["assertion"]
    case.reached()
    for lines in case.row.tries:
        filled = lines.replace("{assertion}", assertion)
        for target in ("/.gateway/session", "/debug/echo", "/told/x"):
            answer = case.get(
                target, *filled.split("\n"), "Accept: application/json", source=INSIDE
            )
            assert status(answer) in {302, 400, 401}, case.told(filled, target, answer[:200])
    assert case.reached() == []
    assert status(case.get("/told/x", cookie=case.place.anna, source=INSIDE)) == 200
    head = case.place.liar.heads("/told/x")[-1]
    other = head.split(b"X-Gateway-Assertion: ")[1].split(b"\r\n")[0].decode()
    audiences = [
        jwt.decode(one, options={"verify_signature": False})["aud"] for one in (assertion, other)
    ]
    assert audiences == ["portal", "liar"]


@attack("cookie-not-passed-on")
def our_own_cookie_at_an_upstream(case: Replay) -> None:
    """Spellings of our cookie among others: the upstream never sees a value of ours."""
    live = case.place.anna.partition("=")[2]
    for cookie in case.row.tries:
        lines = [f"Cookie: {one}" for one in cookie.replace("{live}", live).split("\n")]
        answer = case.get("/debug/echo", *lines, source=INSIDE)
        for request in case.reached():
            assert not any(live in value for value in fields(request, "Cookie")), case.told(cookie)
        assert live.encode() not in answer, case.told(cookie)


def _posted(case: Replay, action: str) -> tuple[Visitor, dict[str, str]]:
    browser = Visitor(case.place.gateway, INSIDE)
    if action in {ACCOUNT, LOGOUT}:
        browser.log_on(case.victim)
    form = browser.get(action).form_to(action)
    assert form is not None
    fill = {
        LOGON: {"username": case.victim, "password": PASSWORD},
        RESET: {"username": case.victim},
        LOGOUT: {},
        ACCOUNT: account_fields(mobile=case.own_phone),
    }[action]
    return browser, form | fill


@attack("cross-site-post", people=True)
def a_form_that_another_site_posts(case: Replay) -> None:
    """Ways of another site to post: refused with a way back, and nothing has changed."""
    before = case.place.row(case.victim)
    for way in case.row.tries:
        action, how = way["form"], way.get("fields", {})
        browser, form = _posted(case, action)
        token = form.pop("form_token")
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        query = ""
        match way.get("token", "kept"):
            case "kept":
                form["form_token"] = token
            case "in query":
                query = "?" + urlencode({"form_token": token})
            case "of another":
                form["form_token"] = _posted(case, action)[1]["form_token"]
            case "old":
                form["form_token"] = "1000000000." + token.partition(".")[2]
            case "none":
                pass
        answer = browser.request("POST", action + query, urlencode(form), **(kind | how))
        assert answer.status in {400, 403, 415}, case.told(way, answer.status, answer.location)
        assert answer.status != 403 or "href=" in answer.text, case.told(way, "no way back")
        if action == LOGON:
            assert SESSION not in browser.cookies, case.told(way)
        elif action == LOGOUT:
            assert opens(case, f"{SESSION}={browser.cookies[SESSION]}"), case.told(way)
    assert case.place.row(case.victim) == before
    assert not case.messages(case.own_phone)


@attack("get-changes-nothing", people=True)
def a_link_or_picture_of_another_site(case: Replay) -> None:
    """GET of what acts: nothing is changed by it, and twenty tabs need no twenty cookies."""
    browser = Visitor(case.place.gateway, INSIDE)
    browser.log_on(case.victim)
    cookie = f"{SESSION}={browser.cookies[SESSION]}"
    for target in case.row.tries:
        filled = target.replace("{user}", case.victim).replace("{password}", PASSWORD)
        case.get(filled, cookie=cookie, source=INSIDE)
        assert opens(case, cookie), case.told(target)
    tabs = Visitor(case.place.gateway, INSIDE)
    forms = [tabs.get(f"{LOGON}?next=/tab{number}").form_to(LOGON) for number in range(20)]
    assert sum(len(name) + len(value) for name, value in tabs.cookies.items()) < 4096
    for form in (forms[0], forms[19]):
        done = tabs.post(LOGON, form | {"username": case.victim, "password": PASSWORD})
        assert done.status == 303
