"""Canary secrets: no password, code, token or number is found where it does not belong (T59, T21).

They go through every step, with a provider that answers 500 and repeats the message; then every
file of the gateway (log, audit, the store's dump and its append-only file), what the upstream was
told, command lines and metrics are searched. With two workers: tests/system/test_codes.py.
"""

from __future__ import annotations

import dataclasses
import re
import urllib.request

import pytest

from tests.security.wall import ACCOUNT, LOGON, OTP, RESET, Person, Wall, wrong
from tests.system.gateway import PASSWORD, wait_for
from tests.system.processes import command_line, tree
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

TYPED = "Kanarie7fagel"
NEW, NEWEST = "Kvm4dripz7", "Bqx8wolnt3"


@dataclasses.dataclass
class Trail:
    """What must be found nowhere: words, and codes."""

    words: set[str] = dataclasses.field(default_factory=lambda: {PASSWORD, TYPED, NEW, NEWEST})
    codes: set[str] = dataclasses.field(default_factory=set)


def passwords_in_wrong_places(browser: Visitor, person: Person) -> None:
    form = browser.get(f"{LOGON}?password={TYPED}").form()
    browser.post(LOGON, form | {"username": TYPED, "password": TYPED})
    browser.post(LOGON, {"username": person.user, "password": TYPED})
    browser.request("POST", LOGON, TYPED * 3000, Content_Type="text/plain", Authorization=TYPED)
    browser.get("/.gateway/nothing", Authorization=f"Basic {TYPED}", Cookie=f"gateway={TYPED}")


def logon_past_a_provider_that_fails(wall: Wall, browser: Visitor, person: Person) -> Trail:
    """Log on; the provider answers 500 and repeats the message, then it sends."""
    wall.peer.failing.add(person.phone)
    browser.password(person.user)
    wait_for(
        lambda: any(one["event"] == "code.failed" for one in wall.lines_about(person)), "a 500"
    )
    wall.peer.failing.clear()
    challenge = browser.cookies["gateway-challenge"]

    def resent() -> bool:
        return (
            browser.post(f"{OTP}/resend", browser.get(OTP).form_to(f"{OTP}/resend")).status == 303
        )

    wait_for(resent, "a resend", 10)
    code = wall.code(person)
    assert browser.code(wrong(code)).status == 401
    assert browser.code(code).status == 303
    tokens = {challenge, browser.cookies["gateway"], browser.cookies["gateway-known"]}
    return Trail(tokens, {code, wrong(code)})


def change_of_everything(browser: Visitor, number: str) -> Trail:
    """Change number and password, with everything wrong and then right."""
    fields = {"mobile": number, "current_password": TYPED, "new_password": NEW}
    form = browser.get(ACCOUNT).form_to(ACCOUNT)
    browser.post(ACCOUNT, form | fields | {"confirm_password": TYPED})
    form = browser.get(ACCOUNT).form_to(ACCOUNT)
    right = fields | {"current_password": PASSWORD, "confirm_password": NEW}
    assert "updated" in browser.post(ACCOUNT, form | right).location
    assert browser.get("/debug/echo").status == 200
    return Trail({browser.cookies["gateway"], number, number[3:]})


def reset(wall: Wall, browser: Visitor, person: Person, number: str) -> Trail:
    before = len(wall.peer.messages(number))
    form = browser.get(RESET).form_to(RESET)
    browser.post(RESET, form | {"username": person.user, "password": TYPED})
    wait_for(lambda: len(wall.peer.messages(number)) > before, "a message", 20)
    code, errand = wall.peer.code(number), browser.cookies["gateway-errand"]
    browser.post(f"{RESET}/code", browser.get(f"{RESET}/code").form() | {"code": code})
    ticket = browser.cookies["gateway-errand"]
    page = browser.get(f"{RESET}/password").form()
    browser.post(f"{RESET}/password", page | {"new_password": NEWEST, "confirm_password": NEWEST})
    assert browser.password(person.user, NEWEST).status == 303
    return Trail({errand, ticket}, {code})


def test_canary_secrets(wall: Wall) -> None:
    person, browser, number = wall.person(), wall.browser(), "+46706123987"
    secrets = Trail()
    secrets.words |= {person.phone, person.phone[3:]}
    passwords_in_wrong_places(browser, person)
    for trail in (
        logon_past_a_provider_that_fails(wall, browser, person),
        change_of_everything(browser, number),
        reset(wall, wall.browser(), person, number),
    ):
        secrets.words |= trail.words
        secrets.codes |= trail.codes
    assert found(wall, secrets.words, secrets.codes) == []


def found(wall: Wall, secrets: set[str], codes: set[str]) -> list[tuple[str, bytes]]:
    """Return where any of it stands. Six digits alone are a code, in a digest they are none."""
    patterns = [re.escape(one.encode()) for one in secrets]
    patterns += [rb"(?<![\w.])%b(?!\w)" % one.encode() for one in codes]
    kept = {
        str(file): file.read_bytes()
        for file in wall.gateway.directory.rglob("*")
        if file.is_file() and not file.name.startswith(("directory.sqlite3", "people.csv"))
    }
    assert {"gateway.log", "audit.jsonl", "portal.jsonl"} <= {
        one.rpartition("/")[2] for one in kept
    }
    assert any("appendonly" in one for one in kept), "the store's own file was searched"
    with urllib.request.urlopen(f"{wall.gateway.admin}/metrics", timeout=10) as answer:
        kept["metrics"] = answer.read()
    for pid in tree(wall.gateway.process.pid):
        kept[f"process {pid}"] = command_line(pid).encode()
    return [(one, word) for one, text in kept.items() for word in patterns if re.search(word, text)]
