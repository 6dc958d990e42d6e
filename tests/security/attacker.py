"""Somebody who knows a victim's password and sits outside, and what is asked of every attempt.

One case is one attempt with people and addresses of its own. The victim's row in the directory and
the portal's own record are the judges, never an answer's status.
"""

from __future__ import annotations

import dataclasses
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tests.system.gateway import INSIDE, PASSWORD, RunningGateway, Stub, wait_for
from tests.system.sms_peer import SmsPeer
from tests.system.visitor import Answer, Visitor

LOGON, OTP, RESEND = "/.gateway/logon", "/.gateway/otp", "/.gateway/otp/resend"
RESET, RESET_CODE, RESET_PASSWORD = (
    "/.gateway/reset", "/.gateway/reset/code", "/.gateway/reset/password",
)  # fmt: skip
ACCOUNT, PROOF, PROOF_RESEND = (
    "/.gateway/account", "/.gateway/account/code", "/.gateway/account/resend",
)  # fmt: skip
OWN_SESSIONS = "/.gateway/account/sessions"
CHALLENGE, ERRAND, SESSION = "gateway-challenge", "gateway-errand", "gateway"
NEW_PASSWORD = "Kvm4dripz7"
OPEN = "/open/"
"""A route of the test configuration that asks for the password only."""

_T = TypeVar("_T")


def at_once(*works: Callable[[], _T]) -> list[_T]:
    """Do all of it at the same moment; return what each returned."""
    barrier = threading.Barrier(len(works))

    def begin(work: Callable[[], _T]) -> _T:
        barrier.wait(30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


@dataclasses.dataclass
class Place:
    """A gateway, the portal behind it and the phones."""

    gateway: RunningGateway
    stub: Stub
    peer: SmsPeer

    def row(self, user: str) -> tuple[str | None, str]:
        """Return number and password hash as the directory has them."""
        file = self.gateway.state_dir / "directory.sqlite3"
        with sqlite3.connect(file) as connection:
            one = "SELECT mobile, password_hash FROM users WHERE user_name = ?"
            found = connection.execute(one, (user,)).fetchone()
        connection.close()
        return found


@dataclasses.dataclass
class Case:
    """One attempt: the victim, and the attacker, who has an account of their own too."""

    place: Place
    number: int
    browsers: list[Visitor] = dataclasses.field(default_factory=list)
    password_opens: bool = False
    """Whether a way was gone on which the password alone opens a session."""

    def __post_init__(self) -> None:
        self.victim, self.own = f"v{self.number:02}", f"e{self.number:02}"
        self.phone, self.own_phone = f"+467040000{self.number:02}", f"+467041000{self.number:02}"
        self.address, self.home = f"127.0.8.{self.number + 1}", f"127.0.7.{self.number + 1}"
        self.known = self.place.row(self.victim)

    # The attacker's side.

    def browser(self) -> Visitor:
        """Return a new browser of the attacker."""
        self.browsers.append(Visitor(self.place.gateway, self.address))
        return self.browsers[-1]

    def logged_on_as_self(self) -> Visitor:
        """Return a browser of the attacker with a session of their own, with a code."""
        browser = self.browser()
        before = len(self.messages(self.own_phone))
        assert browser.password(self.own).status == 303
        assert browser.code(self.code(self.own_phone, before)).status == 303
        return browser

    def with_password_only(self) -> Visitor:
        """Return a browser with what the password alone gives where nothing more is asked."""
        browser, self.password_opens = self.browser(), True
        assert browser.password(self.victim, way=OPEN).location.startswith((OPEN, "/.gateway/acc"))
        assert SESSION in browser.cookies
        return browser

    def ask_for_reset(self, browser: Visitor, user: str, **more: str) -> Answer:
        """Post the first form of a reset."""
        form = browser.get(RESET).form_to(RESET)
        return browser.post(RESET, form | {"username": user, **more})

    def type_reset_code(self, browser: Visitor, code: str) -> Answer:
        """Post the second form of a reset."""
        return browser.post(
            RESET_CODE, browser.get(RESET_CODE).form_to(RESET_CODE) | {"code": code}
        )

    def ticket_form(self) -> tuple[Visitor, dict[str, str]]:
        """Return a browser with a ticket for the attacker's own account, and its form."""
        browser = self.browser()
        before = len(self.messages(self.own_phone))
        self.ask_for_reset(browser, self.own)
        answer = self.type_reset_code(browser, self.code(self.own_phone, before))
        assert answer.location == RESET_PASSWORD
        form = browser.get(RESET_PASSWORD).form_to(RESET_PASSWORD)
        return browser, form | {"new_password": NEW_PASSWORD, "confirm_password": NEW_PASSWORD}

    def own_proof(self) -> tuple[Visitor, Answer]:
        """Return a browser that is proving a new number of the attacker's own, and its page."""
        browser = self.logged_on_as_self()
        assert self.wish(browser, mobile=self.other_phone).location == PROOF
        return browser, browser.get(PROOF)

    @property
    def other_phone(self) -> str:
        """A second phone of the attacker."""
        return f"+467042000{self.number:02}"

    def wish(self, browser: Visitor, **fields: str) -> Answer:
        """Post the account's form as it is shown to this browser."""
        form = browser.get(ACCOUNT).form_to(ACCOUNT)
        assert form is not None, "the account page shows no form"
        return browser.post(ACCOUNT, form | account_fields(**fields))

    # The victim's side, and what anybody might overhear of it.

    def victims_browser(self, source: str | None = None) -> Visitor:
        """Return the victim's own browser, at home or where `source` says."""
        return Visitor(self.place.gateway, source or self.home)

    def victim_changes(self, **fields: str) -> None:
        """Let the victim change their logon details in the office."""
        browser = self.victims_browser(INSIDE)
        assert browser.password(self.victim).status == 303
        assert "notice=updated" in self.wish(browser, **fields).location
        self.known = self.place.row(self.victim)

    def messages(self, phone: str) -> list[str]:
        """Return what has arrived on a phone."""
        return self.place.peer.messages(phone)

    def code(self, phone: str | None = None, before: int = 0) -> str:
        """Return the newest code on the victim's phone, or on another, once there are more."""
        to = phone or self.phone
        wait_for(lambda: len(self.messages(to)) > before, f"a message to {to}", 20)
        return self.place.peer.code(to)


def account_fields(**fields: str) -> dict[str, str]:
    """Return the account's form filled in."""
    return {
        "mobile": "", "current_password": PASSWORD, "new_password": "", "confirm_password": "",
        **fields,
    }  # fmt: skip


def wrong(code: str, by: int = 1) -> str:
    """Return another code."""
    return f"{(int(code) + by) % 10**6:06}"
