"""User enumeration by text, by status, by fields and by SMS (ASVS 6.3.8, threats T34, T35).

Bytes of answers to every kind of user: tests/system/test_answers_alike.py. By time: the bench
compares every kind of user in every step and fails when two can be told apart
(`python -m bench oracle`), because time on a busy machine is no matter for a test.
"""

from __future__ import annotations

import re

import pytest

from tests.security.wall import APPS, HELP, LOGON, RESET, Wall
from tests.system.gateway import PASSWORD
from tests.system.visitor import Answer

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

NOBODY = "nobody.at.all"


def shape(answer: Answer, name: str) -> tuple[int, list[str], str]:
    """Return what an answer says, less what is random or was typed."""
    plain = re.sub(r"[0-9a-f]{10}-[0-9a-f]+|\d{9,12}\.[0-9a-f]{64}|[0-9a-f]{32}", "*", answer.text)
    fields = [name for name in answer.headers if name not in {"Date", "Content-Length"}]
    return answer.status, fields, plain.replace(name, "NAME").replace("14 minutes", "15 minutes")


def test_user_enumeration_at_the_logon_until_it_is_locked(wall: Wall) -> None:
    person = wall.person()
    for password in ("", "x", PASSWORD + "x", "x" * 2000, "\xe5", "x\x0b"):
        known, unknown = wall.browser(), wall.browser()
        seen = []
        for browser, name in ((known, person.user), (unknown, NOBODY)):
            answer = browser.password(name, password)
            seen.append(shape(answer, name))
        assert seen[0] == seen[1]
    locked = []
    for name in (person.user, "nobody.else"):
        browser = wall.browser()
        statuses = [browser.password(name, PASSWORD + "x").status for _ in range(6)]
        assert statuses == [401] * 5 + [429]
        right = browser.password(name, PASSWORD)
        assert right.status == 429, "a right password is not told from a wrong one"
        locked.append(shape(right, name))
    assert locked[0] == locked[1]


def test_user_enumeration_at_the_reset(wall: Wall) -> None:
    """Same steps and pages; only the phone tells."""
    person, seen, cookies = wall.person(), [], []
    for name in (person.user, NOBODY):
        browser = wall.browser()
        form = browser.get(RESET).form_to(RESET)
        steps = [browser.post(RESET, form | {"username": name}), browser.get(f"{RESET}/code")]
        for code in ("000000", "", "abc"):
            form = browser.get(f"{RESET}/code").form()
            steps.append(browser.post(f"{RESET}/code", form | {"code": code}))
        seen.append([shape(step, name) for step in steps])
        cookies.append({key: len(value) for key, value in browser.cookies.items()})
    assert seen[0] == seen[1]
    assert cookies[0] == cookies[1]


def test_user_enumeration_by_sms(wall: Wall) -> None:
    """What a phone is told never names who asked, nor whether another number is anybody's."""
    person = wall.person()
    browser = wall.browser()
    browser.password(person.user, PASSWORD + "x")
    browser.post(RESET, browser.get(RESET).form_to(RESET) | {"username": NOBODY})
    assert wall.peer.messages(person.phone) == []
    browser.password(person.user)
    wall.code(person)
    (text,) = wall.peer.messages(person.phone)
    assert person.user not in text
    assert browser.source not in text
    shown = browser.get("/.gateway/otp").text
    assert person.phone not in shown
    assert person.phone[3:] not in shown
    assert person.phone[-2:] in shown


@pytest.mark.parametrize(
    "path",
    [LOGON, HELP, APPS, RESET, "/.gateway/session", "/.gateway/jwks.json", "/.gateway/nothing",
     "/.gateway/static/nothing", "/.gateway/verify"],
)  # fmt: skip
def test_user_enumeration_without_a_session(wall: Wall, path: str) -> None:
    """No page tells a stranger of anybody, nor what it runs on (T35)."""
    answer = wall.browser().get(path)
    told = answer.text + str(answer.headers)
    for secret in ("p00", "Vera Ek", "+4670", "Traceback", "aiohttp", "Python", "portvakt/"):
        assert secret not in told.replace("portvakt.", ""), (path, secret)
    assert "Server" not in answer.headers
