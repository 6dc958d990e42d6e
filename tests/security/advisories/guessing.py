"""Passwords guessed under many names, answers that tell who exists, and locks used as a weapon."""

from __future__ import annotations

import base64
import re
from collections import Counter
from functools import partial

from tests.security.advisories.replay import Replay, attack, status
from tests.security.attacker import (
    LOGON,
    NEW_PASSWORD,
    RESET,
    RESET_PASSWORD,
    SESSION,
    Case,
    at_once,
)
from tests.system.gateway import INSIDE, PASSWORD
from tests.system.visitor import Answer, Visitor

WRONG = "Vrk7tolm8"
_RANDOM = re.compile(r"\d{9,12}\.[0-9a-f]{64}|[\w-]{43}|[0-9a-f]{32}|[0-9a-f]{10}-[0-9a-f]+")


def post_password(browser: Visitor, name: str, password: str) -> Answer:
    form = browser.get(LOGON).form_to(LOGON)
    return browser.post(LOGON, form | {"username": name, "password": password})


def alike(answer: Answer, *typed: str) -> tuple[int, str, list[str]]:
    """Return an answer less what is random or was typed."""
    text = answer.text
    for word in typed:
        text = text.replace(word, "NAME")
    fields = sorted(name for name in answer.headers if name != "Date")
    return answer.status, _RANDOM.sub("RANDOM", text), fields


@attack("one-counter", people=True)
def one_person_under_many_names(case: Replay) -> None:
    """Wrong passwords under every spelling of one name: counted as one; then the right one waits."""
    judged = 0
    for number in range(8):
        spelled = case.row.tries[number % len(case.row.tries)].replace("{user}", case.victim)
        spelled = spelled.replace("{USER}", case.victim.upper())
        spelled = spelled.replace("{wide}", "".join(chr(ord(c) + 0xFEE0) for c in case.victim))
        answer = post_password(case.browser(), spelled, WRONG)
        assert answer.status in {400, 401, 429}, case.told(spelled, answer.status)
        judged += answer.status == 401
    assert judged <= 5 or any("{" not in one for one in case.row.tries), case.told(judged)
    if all("{" in one for one in case.row.tries):
        assert post_password(case.browser(), case.victim, PASSWORD).status == 429
    assert Case.browser(case).password(case.own).status == 303 or judged > 5, (
        "nobody else is locked"
    )


@attack("names-of-nobody", people=True)
def names_that_are_nobodys(case: Replay) -> None:
    """Empty, blank, wild and broken names: refused, and never somebody's."""
    for name in case.row.tries:
        answer = post_password(case.browser(), name, PASSWORD)
        assert answer.status in {400, 401, 429}, case.told(name, answer.status)
        assert SESSION not in case.browsers[-1].cookies
        case.address = f"127.0.9.{100 + len(case.browsers) % 100}"


@attack("all-doors", people=True)
def every_door_spends_the_same_tries(case: Replay) -> None:
    """Tries at one door count at the others: logon, current password, and no door by fields."""
    basic = base64.b64encode(f"{case.victim}:{PASSWORD}".encode()).decode()
    for line in (f"Authorization: Basic {basic}", f"Proxy-Authorization: Basic {basic}"):
        for target in ("/secret", "/.gateway/verify", "/.gateway/session"):
            assert status(case.get(target, line)) in {302, 401, 403}, case.told(line, target)
            assert status(case.get(target, line, source=INSIDE)) in {302, 401, 403}
    assert case.reached() == []
    owner = Visitor(case.place.gateway, INSIDE)
    owner.log_on(case.victim)
    for doors in case.row.tries:
        judged: Counter[str] = Counter()
        for door in doors.split() * 7:
            if door == "account":
                wished = {"mobile": case.phone, "current_password": WRONG}
                judged[door] += case.wish(owner, **wished).status == 401
            else:
                judged[door] += post_password(case.browser(), case.victim, WRONG).status == 401
        assert max(judged.values()) <= 5, case.told(doors, judged)
        assert post_password(case.browser(), case.victim, PASSWORD).status == 429


@attack("guessed-in-parallel", people=True)
def passwords_guessed_at_once(case: Replay) -> None:
    """Many wrong passwords in one moment: no more are judged than one after the other."""
    for count in case.row.tries:
        browsers = [case.browser() for _ in range(count)]
        forms = [browser.get(LOGON).form_to(LOGON) for browser in browsers]
        guess = {"username": case.victim, "password": WRONG}
        works = [
            partial(browser.post, LOGON, form | guess)
            for browser, form in zip(browsers, forms, strict=True)
        ]
        statuses = [answer.status for answer in at_once(*works)]
        assert statuses.count(401) <= 5, case.told(statuses)
        assert set(statuses) <= {401, 429}


@attack("lock-as-a-weapon", people=True)
def somebody_locks_another_out(case: Replay) -> None:
    """A stranger's wrong passwords lock the pair of name and address, not the person."""
    for source in case.row.tries:
        for _ in range(7):
            post_password(case.browser(), case.victim, WRONG)
        assert post_password(case.browser(), case.victim, PASSWORD).status == 429
        assert (
            post_password(Visitor(case.place.gateway, source), case.victim, PASSWORD).status == 303
        )


@attack("who-exists", people=True)
def answers_that_could_tell_who_exists(case: Replay) -> None:
    """Known, unknown and disabled people: the same bytes, less what is random or was typed."""
    names = (case.victim, "dora", f"x{case.number:02}")
    for page in case.row.tries:
        seen = []
        for name in names:
            browser = case.browser()
            form = browser.get(page).form_to(page) | {"username": name, "password": WRONG}
            if page == RESET:
                form.pop("password")
            seen.append(alike(browser.post(page, form), name))
        assert seen[0] == seen[1] == seen[2], case.told(page, [one[0] for one in seen])


@attack("locked-tells-nothing", people=True)
def a_lock_that_tells_whether_one_was_right(case: Replay) -> None:
    """While locked the right and the wrong password get one answer; and so for made-up names."""
    for _ in range(5):
        post_password(case.browser(), case.victim, WRONG)
        post_password(case.browser(), f"y{case.number:02}", WRONG)
    answers = [
        alike(post_password(case.browser(), name, password), name)
        for name, password in (
            (case.victim, PASSWORD), (case.victim, WRONG), (f"y{case.number:02}", WRONG),
        )
    ]  # fmt: skip
    assert answers[0][0] == 429
    assert [re.sub(r"\d+", "N", one[1]) for one in answers[:1] * 3] == [
        re.sub(r"\d+", "N", one[1]) for one in answers
    ]
    for target in case.row.tries:
        told = case.get(target)
        for word in (case.victim, "aiohttp", "Python", "Traceback", "redis", "sqlite"):
            assert word.lower().encode() not in told.lower(), case.told(target, word)
        assert b"\r\nServer:" not in told


@attack("poisoned-reset", people=True)
def a_reset_asked_under_another_name_of_ours(case: Replay) -> None:
    """Fields of the request that could stand in the message: it holds configured words alone."""
    for fields in case.row.tries:
        browser, before = case.browser(), len(case.messages(case.phone))
        form = browser.get(RESET).form_to(RESET) | {"username": case.victim}
        answer = browser.post(RESET, form, **fields)
        assert answer.status in {303, 400, 403}, case.told(fields, answer.status)
        assert "evil" not in answer.text + answer.location
        if "Host" in fields:
            assert answer.status == 400
        if "Origin" in fields:
            assert answer.status == 403
        if answer.status == 303:
            case.code(before=before)
        for text in case.messages(case.phone)[before:]:
            assert not re.search("evil|http", text), case.told(text)


@attack("reset-ticket", people=True)
def a_ticket_used_more_than_once(case: Replay) -> None:
    """One ticket posted at once, after a fault, after its use, and for somebody just disabled."""
    for how in case.row.tries:
        browser, form = case.ticket_form()
        if how == "at once":
            tabs = []
            for _ in range(10):
                tab = Visitor(browser.gateway, browser.source)
                tab.cookies = dict(browser.cookies)
                tabs.append(tab)
            done = at_once(*[partial(tab.post, RESET_PASSWORD, form) for tab in tabs])
            good = [one for one in done if one.status == 303 and "reset" not in one.location]
            assert len(good) == 1, case.told([(one.status, one.location) for one in done])
            resets = [
                line for line in case.place.gateway.audit()
                if line["user"] == case.own and line["event"] == "password.reset"
                and line["outcome"] == "reset"
            ]  # fmt: skip
            assert len(resets) == 1
            assert all(SESSION not in tab.cookies for tab in tabs), "a reset opens no session"
            again = browser.post(
                RESET_PASSWORD, form | {"new_password": WRONG, "confirm_password": WRONG}
            )
            assert again.status != 200
            assert post_password(case.browser(), case.own, WRONG).status == 401
            back = post_password(case.browser(), case.own, NEW_PASSWORD)
            assert back.location.startswith("/.gateway/otp"), "both are asked for next time"
        else:
            known = case.place.row(case.own)
            case.place.operate("user", "disable", case.own)
            browser.post(RESET_PASSWORD, form)
            assert case.place.row(case.own) == known, case.told(how)
            assert post_password(case.browser(), case.own, PASSWORD).status == 401
            assert post_password(case.browser(), case.own, NEW_PASSWORD).status == 401


@attack("disabled", people=True)
def somebody_who_was_disabled(case: Replay) -> None:
    """Disabled while a challenge, a reset and a session were open: no way in is left."""
    for way in case.row.tries:
        inside = case.victims_browser(INSIDE)
        inside.log_on(case.victim)
        outside, errand = case.browser(), case.browser()
        outside.password(case.victim)
        code = case.code()
        case.ask_for_reset(errand, case.victim)
        case.code(before=1)
        case.place.operate("user", *way.split(), case.victim)
        assert outside.code(code).status == 401
        assert post_password(case.browser(), case.victim, PASSWORD).status == 401
        assert (
            post_password(Visitor(case.place.gateway, INSIDE), case.victim, PASSWORD).status == 401
        )
        case.type_reset_code(errand, case.place.peer.code(case.phone))
        assert errand.get(RESET_PASSWORD).status != 200 or way == "disable"
        assert inside.get("/debug/echo").status == 302


@attack("name-of-anothers-mail", people=True)
def a_user_named_like_anothers_mail(case: Replay) -> None:
    """An account whose name is another's address in mail: messages go where the name says."""
    for mail in case.row.tries:
        filled = mail.replace("{user}", case.victim)
        words = [
            "user",
            "add",
            filled,
            "--name",
            "Eve",
            "--mobile",
            case.own_phone,
            "--password-stdin",
        ]
        added = case.place.operate(*words, stdin=PASSWORD)
        assert added.exit_code == 1, case.told("added", added.stdout)
        assert filled in added.stderr, case.told(added.stderr)
        case.ask_for_reset(case.browser(), filled)
    assert not case.messages(case.own_phone)
