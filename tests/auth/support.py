"""A scripted run of logon steps against fakes and a fixed clock, read as a transcript.

    script = LoginScript()
    await script.password("wrong") == Rejected()

Every step returns the outcome; the script keeps the cookies as a browser would.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.auth.challenges import Challenges
from gateway.auth.credentials import Credentials
from gateway.auth.lockout import Lockout, OpenTries
from gateway.auth.logon import Logon
from gateway.auth.model import Client, Person
from gateway.auth.notices import Notices
from gateway.auth.one_time_passwords import OneTimePasswords
from gateway.auth.outcomes import (
    Changed,
    CodeSent,
    ProofSent,
    ResetAllowed,
    ResetAsked,
    SessionOpened,
    TryAnother,
)
from gateway.auth.ports import ChallengeStore, FailureStore, SessionStore
from gateway.auth.reset import Reset
from gateway.auth.sealing import Sealer
from gateway.auth.self_service import Presence, SelfService, Wish
from gateway.auth.sessions import Sessions
from gateway.auth.sms_budget import SmsBudget
from gateway.settings.model import (
    Branding,
    Directory,
    HostPort,
    Listen,
    PublicUrl,
    Secret,
    Settings,
)
from policies.factors import SecondFactor
from tests.fakes import (
    FakeChallenges,
    FakeClock,
    FakeDirectory,
    FakeEntropy,
    FakeJudge,
    FakeSms,
    FakeStore,
    ListAudit,
)

SECRET = b"0123456789abcdef0123456789abcdef"
INSIDE = Client("10.0.0.7", "corporate", "r-in")
OUTSIDE = Client("203.0.113.9", "internet", "r-out")
ELSEWHERE = Client("198.51.100.1", "internet", "r-else")

ANNA = Person("anna", "Anna Andersson", "anna@example.se", "+46701234567", ("staff", "hr"), True)
BO = Person("bo", "Bo Berg", "bo@example.se", "+46709876543", ("staff",), True)
NEW = Person("new", "Nils Ny", "new@example.se", None, ("staff",), True)
PASSWORDS = {"anna": "Sommar2026x", "bo": "Vinter2026x", "new": "Lunch2026xx"}


def make_settings(**tables: Any) -> Settings:
    return Settings(
        public_url=PublicUrl("https", "portal.example.se", 8443, "https://portal.example.se:8443"),
        state_dir=Path("var"),
        listen=Listen((HostPort("127.0.0.1", 0),), (), proxy_protocol=False, workers=1, tls=None),
        admin=HostPort("127.0.0.1", 0),
        redis_url=Secret("embedded"),
        secret_key=Secret(SECRET.decode()),
        secret_key_file=None,
        networks=(("corporate", ("10.0.0.0/8",)),),
        directory=Directory("sqlite", Secret("sqlite+aiosqlite://")),
        sms=(),
        upstreams=(),
        routes=(),
        audit_file=Path("audit.jsonl"),
        branding=Branding(organisation="Securitas"),
        **tables,
    )


@dataclass
class Browser:
    """The cookies of one browser and where it is."""

    mark: str = "browser-1"
    client: Client = OUTSIDE
    session: str | None = None
    challenge: str = ""
    errand: str = ""


@dataclass
class LoginScript:
    """One gateway and a browser in front of it. `stores` are fakes unless given."""

    settings: Settings = field(default_factory=make_settings)
    stores: tuple[SessionStore, FailureStore, ChallengeStore] | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    browser: Browser = field(default_factory=Browser)

    def __post_init__(self) -> None:
        self.memory = FakeStore(self.clock)
        sessions = self.stores[0] if self.stores else self.memory
        self.directory = FakeDirectory(
            *((person, PASSWORDS[person.user]) for person in (ANNA, BO, NEW))
        )
        self.sms, self.audit = FakeSms(), ListAudit()
        self.sealer, self.open_tries = Sealer(SECRET, FakeEntropy()), OpenTries()
        rules, clock, audit = self.settings.session, self.clock, self.audit
        self.sessions = Sessions(sessions, self.sealer, rules, clock, audit)
        self.edit(self.settings)

    def edit(self, settings: Settings) -> None:
        """Build the domain for these settings, as gateway/generation.py does it for an edit."""
        fakes = (self.memory, self.memory, FakeChallenges(self.memory))
        _, failures, challenges = self.stores or fakes
        sealer, clock, audit = self.sealer, self.clock, self.audit
        self.lockout = Lockout(
            failures,
            sealer,
            settings.lockout,
            clock,
            self.open_tries,
            cool_down=settings.self_service.cool_down,
        )
        self.challenges = Challenges(challenges, sealer, settings.one_time_password, clock)
        self.budget = SmsBudget(failures, sealer, settings.sms_budget, clock)
        self.codes = OneTimePasswords(
            self.challenges, self.budget, self.sms, audit, clock, settings
        )
        self.notices = Notices(self.sms, self.budget, audit, settings)
        self.credentials = Credentials(
            self.directory,
            self.directory,
            self.lockout,
            self.challenges,
            self.sessions,
            self.notices,
        )
        self.self_service = SelfService(
            self.directory, self.credentials, self.codes, FakeJudge(), audit, settings
        )
        self.reset = Reset(
            self.directory, self.credentials, self.codes, self.budget, FakeJudge(), clock
        )
        self.logon = Logon(self.directory, self.lockout, self.codes, self.sessions, audit, settings)

    async def password(
        self,
        password: str | None = None,
        user: str = "anna",
        second_factor: SecondFactor = SecondFactor.OUTSIDE_CORPORATE,
    ) -> object:
        """Submit the password page; the right password unless another is given."""
        browser = self.browser
        typed = PASSWORDS.get(user, "x") if password is None else password
        outcome = await self.logon.submit_password(
            user, typed, browser.client, browser.mark, second_factor, browser.session
        )
        return self._kept(outcome)

    async def code(self, code: str | None = None) -> object:
        """Submit the code page; the code on the phone unless another is given."""
        typed = await self.sent_code() if code is None else code
        browser = self.browser
        outcome = await self.logon.submit_code(
            browser.challenge, typed, browser.client, browser.session
        )
        return self._kept(outcome)

    async def step_up(self) -> object:
        browser = self.browser
        return self._kept(
            await self.logon.step_up(browser.session or "", browser.client, browser.mark)
        )

    async def resend(self) -> object:
        return await self.logon.resend(self.browser.challenge, self.browser.client)

    async def view(self) -> Any:
        return await self.logon.view(self.browser.challenge)

    async def presence(self) -> Presence:
        """Return who is at the browser; somebody must be logged on."""
        token = self.browser.session or ""
        live = await self.sessions.resolve(token.encode())
        assert live is not None, "nobody is logged on"
        return Presence(live.record, token, self.browser.client, self.browser.mark)

    async def change(
        self,
        mobile: str = "",
        current: str | None = None,
        new: str = "",
        confirm: str | None = None,
    ) -> object:
        """Submit the account page; the right current password unless another is given."""
        presence = await self.presence()
        user = presence.session.user
        known = self.directory.people[user].mobile if user in self.directory.people else None
        typed = self.directory.passwords.get(user, "") if current is None else current
        wish = Wish(mobile or known or "", typed, new, new if confirm is None else confirm)
        return self._kept(await self.self_service.change(wish, presence))

    async def prove(self, code: str | None = None) -> object:
        """Submit the code that went to the new number, unless another is given."""
        typed = self.sms.code() if code is None else code
        return await self.self_service.submit_proof(
            self.browser.errand, typed, await self.presence()
        )

    async def ask_for_reset(self, user: str = "anna") -> object:
        browser = self.browser
        return self._kept(await self.reset.ask(user, browser.client, browser.mark))

    async def reset_code(self, code: str | None = None) -> object:
        """Submit the code of a reset, as it stands on the phone unless another is given."""
        if code is None:
            await self.settled()
        typed = self.sms.code() if code is None else code
        browser = self.browser
        return self._kept(
            await self.reset.submit_code(browser.errand, typed, browser.client, browser.mark)
        )

    async def new_password(self, new: str, confirm: str | None = None) -> object:
        again = new if confirm is None else confirm
        browser = self.browser
        return self._kept(await self.reset.set_password(browser.errand, new, again, browser.client))

    async def settled(self) -> None:
        """Wait until everything that is sent behind an answer has been sent."""
        while waiting := [*self.notices.pending, *self.codes.unseen, *self.codes._pending.values()]:
            await asyncio.wait(waiting)

    async def sent_code(self) -> str:
        """Return the code on the phone, once it is there."""
        await self.view()
        return self.sms.code()

    async def wrong_code(self) -> str:
        return str((int(await self.sent_code()) + 1) % 10**6).zfill(6)

    async def whoami(self) -> tuple[str, tuple[str, ...]] | None:
        """Return user and factors of the browser's session, as the front door would see them."""
        token = (self.browser.session or "").encode()
        live = self.sessions.warm(token) or await self.sessions.resolve(token)
        return None if live is None else (live.record.user, live.record.factors)

    def another_browser(self, client: Client = OUTSIDE) -> None:
        self.browser = Browser(mark=f"{self.browser.mark}'", client=client)

    def go(self, client: Client) -> None:
        """Be somewhere else, with the same browser."""
        self.browser.client = replace(client, known=self.browser.client.known)

    def wait(self, **duration: float) -> None:
        self.clock.forward(**duration)

    def _kept(self, outcome: object) -> object:
        if isinstance(outcome, Changed | ProofSent) and outcome.token:
            self.browser.session = outcome.token
        match outcome:
            case CodeSent(challenge=challenge):
                self.browser.challenge = challenge
            case SessionOpened(token=token, known=known):
                self.browser.session = token
                self.browser.client = replace(self.browser.client, known=known)
            case ProofSent(challenge=errand) | ResetAsked(challenge=errand):
                self.browser.errand = errand
            case ResetAllowed(ticket=errand) | TryAnother(ticket=errand):
                self.browser.errand = errand
        return outcome


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def edited(settings: Settings, table: str, **keys: Any) -> Settings:
    """Return the settings with some keys of one table changed."""
    return replace(settings, **{table: replace(getattr(settings, table), **keys)})
