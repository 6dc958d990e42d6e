"""A scripted logon domain and a browser that speaks to the pages as the front door does."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from gateway.auth.challenges import Purpose
from gateway.auth.live import LiveSession
from gateway.auth.model import Client, SessionRecord
from gateway.auth.outcomes import (
    AccountOutcome,
    AccountView,
    ChallengeOver,
    ChallengeView,
    Changed,
    CodeOutcome,
    LockedOut,
    NewPasswordOutcome,
    PasswordOutcome,
    ProofOutcome,
    Rejected,
    ResendOutcome,
    Resent,
    ResetAsked,
    ResetDone,
    ResetOutcome,
    ResetView,
    StepUpOutcome,
)
from gateway.auth.own_sessions import OwnSession
from gateway.auth.ports import AuditEvent, Unavailable
from gateway.auth.self_service import Presence, Wish
from gateway.pages.look import Look
from gateway.pages.services import PageServices
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
from policies.fields import CookieNames, own_cookies
from policies.routes import Route, RouteTable
from policies.self_service import Permission
from tests.fakes import ListAudit

ORIGIN = "http://localhost:8080"
SESSION = "s" * 43
VIEW = ChallengeView(
    mobile_tail="67", digits=6, expires_in_s=290, resend_in_s=25, resends_left=3, delivery="sent"
)


def record(*factors: str, groups: tuple[str, ...] = ()) -> SessionRecord:
    return SessionRecord(
        user="anna", name="Anna Andersson", email="anna@example.se", groups=groups,
        factors=factors, network="corporate", created=0.0,
    )  # fmt: skip


def make_settings(*, https: bool = False, **branding: str) -> Settings:
    scheme, port = ("https", 443) if https else ("http", 8080)
    origin = "https://localhost" if https else ORIGIN
    return Settings(
        public_url=PublicUrl(scheme=scheme, host="localhost", port=port, origin=origin),
        state_dir=Path("var"),
        listen=Listen(
            (HostPort("127.0.0.1", 8080),), (), proxy_protocol=False, workers=1, tls=None
        ),
        admin=HostPort("127.0.0.1", 8081),
        redis_url=Secret("embedded"),
        secret_key=Secret("k" * 32),
        secret_key_file=None,
        networks=(),
        directory=Directory("sqlite", Secret("")),
        sms=(),
        upstreams=(),
        routes=(),
        audit_file=Path("audit.jsonl"),
        branding=Branding(**branding),
    )


@dataclass
class FakeSnapshot:
    settings: Settings
    cookies: CookieNames
    own_origins: frozenset[str]
    own_hosts: frozenset[bytes]
    routes: RouteTable


ROUTES = (
    Route("/", "portal"),
    Route("/vault/", "portal", second_factor=SecondFactor.ALWAYS),
    Route("/news/", "portal", second_factor=SecondFactor.NEVER),
)


def make_snapshot(
    *, https: bool = False, routes: tuple[Route, ...] = ROUTES, **branding: str
) -> FakeSnapshot:
    settings = replace(make_settings(https=https, **branding), routes=routes)
    hosts = frozenset({b"localhost"})
    origins = frozenset({settings.public_url.origin})
    return FakeSnapshot(
        settings, own_cookies(https=https), origins, hosts, RouteTable(routes, hosts)
    )


@dataclass
class FakeClock:
    time: float = 1_700_000_000.0

    def now(self) -> float:
        return self.time


class FakeEntropy:
    def __init__(self) -> None:
        self._count = itertools.count(1)

    def token(self, size: int) -> bytes:
        return next(self._count).to_bytes(size, "big")


@dataclass
class FakeLogon:
    """Answers what it was told to; keeps every call."""

    password: PasswordOutcome | Exception = field(default_factory=Rejected)
    code: CodeOutcome | Exception = field(default_factory=ChallengeOver)
    resent: ResendOutcome | Exception = field(default_factory=Resent)
    stepped: StepUpOutcome | Exception = field(default_factory=ChallengeOver)
    challenges: dict[str, ChallengeView] = field(default_factory=dict)
    sessions: dict[str, SessionRecord] = field(default_factory=dict)
    live: dict[str, LiveSession] = field(default_factory=dict)
    away: bool = False
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def submit_password(
        self, user_name: str, password: str, client: Client, browser: str,
        second_factor: SecondFactor, replaces: str | None,
    ) -> PasswordOutcome:  # fmt: skip
        self._call("password", user_name, password, client, browser, second_factor, replaces)
        return _or_raise(self.password)

    async def submit_code(
        self, challenge: str, code: str, client: Client, replaces: str | None
    ) -> CodeOutcome:
        self._call("code", challenge, code, client, replaces)
        return _or_raise(self.code)

    async def resend(self, challenge: str, client: Client) -> ResendOutcome:
        self._call("resend", challenge, client)
        return _or_raise(self.resent)

    async def view(self, challenge: str) -> ChallengeView | None:
        self._check()
        return self.challenges.get(challenge)

    async def step_up(self, session_token: str, client: Client, browser: str) -> StepUpOutcome:
        self._call("step_up", session_token, client, browser)
        return _or_raise(self.stepped)

    async def log_off(self, session_token: str, client: Client) -> None:
        self._call("log_off", session_token, client)

    async def who(self, token: str) -> SessionRecord | None:
        self._check()
        return self.sessions.get(token)

    async def session(self, token: str) -> LiveSession | None:
        self._check()
        return self.live.get(token)

    def _call(self, *call: Any) -> None:
        self.calls.append(call)
        self._check()

    def _check(self) -> None:
        if self.away:
            raise Unavailable("redis")


def _or_raise(outcome: Any) -> Any:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


VIEW_OF_ANNA = AccountView(
    user="anna", name="Anna Andersson", mobile="+46701234567",
    mobile_here=Permission.YES, password_here=Permission.YES,
)  # fmt: skip


@dataclass
class FakeAccount:
    """Answers what it was told to; keeps every call."""

    shown: AccountView | None = VIEW_OF_ANNA
    changed: AccountOutcome = field(default_factory=Changed)
    proof: ChallengeView | None = None
    proven: ProofOutcome = field(default_factory=Changed)
    resent: ResendOutcome = field(default_factory=Resent)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def view(self, session: SessionRecord, client: Client) -> AccountView | None:
        return self.shown

    async def change(self, wish: Wish, presence: Presence) -> AccountOutcome:
        self.calls.append(("change", wish, presence))
        return self.changed

    async def view_proof(self, session: SessionRecord, challenge: str) -> ChallengeView | None:
        return self.proof

    async def resend_proof(
        self, session: SessionRecord, challenge: str, client: Client
    ) -> ResendOutcome:
        self.calls.append(("resend", challenge))
        return self.resent

    async def submit_proof(self, challenge: str, code: str, presence: Presence) -> ProofOutcome:
        self.calls.append(("proof", challenge, code, presence))
        return self.proven


@dataclass
class FakeReset:
    """Answers what it was told to; keeps every call. `steps` are the live ones by purpose."""

    asked: ResetAsked | LockedOut = field(default_factory=lambda: ResetAsked("e" * 43))
    judged: ResetOutcome = field(default_factory=ChallengeOver)
    ended: NewPasswordOutcome = field(default_factory=ResetDone)
    steps: dict[Purpose, ResetView] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def ask(self, user_name: str, client: Client, browser: str) -> ResetAsked | LockedOut:
        self.calls.append(("ask", user_name, client, browser))
        return self.asked

    async def view(self, token: str, purpose: Purpose) -> ResetView | None:
        return self.steps.get(purpose)

    async def submit_code(
        self, token: str, code: str, client: Client, browser: str
    ) -> ResetOutcome:
        self.calls.append(("code", token, code))
        return self.judged

    async def set_password(
        self, token: str, new: str, confirm: str, client: Client
    ) -> NewPasswordOutcome:
        self.calls.append(("password", token, new, confirm))
        return self.ended


def denied(house: House) -> list[tuple[str, str]]:
    """Return page and reason of each post that was turned away."""
    events = house.audit.events
    assert {(one.event, one.outcome) for one in events} <= {("access.denied", "denied")}
    return [(one.route, one.reason) for one in events]


@dataclass
class FakeOwnSessions:
    """Shows what it was told to; keeps every call."""

    shown: list[OwnSession] = field(default_factory=list)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def view(self, session: SessionRecord, token: str) -> list[OwnSession]:
        return self.shown

    async def end(self, session: SessionRecord, key: str, client: Client) -> bool:
        self.calls.append(("end", session.user, key))
        return True

    async def end_others(self, session: SessionRecord, token: str, client: Client) -> int:
        self.calls.append(("end others", session.user, token))
        return 1


@dataclass
class House:
    """Everything behind the pages, to be changed by a test."""

    logon: FakeLogon = field(default_factory=FakeLogon)
    account: FakeAccount = field(default_factory=FakeAccount)
    reset: FakeReset = field(default_factory=FakeReset)
    own_sessions: FakeOwnSessions = field(default_factory=FakeOwnSessions)
    snapshot: FakeSnapshot = field(default_factory=make_snapshot)
    clock: FakeClock = field(default_factory=FakeClock)
    entropy: FakeEntropy = field(default_factory=FakeEntropy)
    audit: ListAudit = field(default_factory=ListAudit)
    kept: list[AuditEvent] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    hears: bool | None = True

    def look(self) -> Look:
        """The look of the settings as they are, made anew as a worker does."""
        settings, last = self.snapshot.settings, self.looks[-1] if self.looks else None
        if last is None or not last.is_of(settings):
            last = Look(settings.branding, settings.public_url, last)
            self.looks.append(last)
        return last

    async def hear(self, name: str, secret: str, fields: Any) -> bool | None:
        if secret != "s3cret":
            return False
        self.heard.append((name, dict(fields)))
        return self.hears

    def services(self) -> PageServices:
        return PageServices(
            snapshot=self.snapshot,
            look=self.look(),
            logon=self.logon,
            account=self.account,
            reset=self.reset,
            own_sessions=self.own_sessions,
            audit=self.audit,
            keep=self.kept.append,
            who=self.logon.who,
            session=self.logon.session,
            hear=self.hear,
            jwks=lambda: {"keys": []},
            clock=self.clock,
            entropy=self.entropy,
            secret=b"0123456789abcdef",
        )

    def challenge(self, **changes: Any) -> str:
        """Begin a challenge; return the cookie's value."""
        self.logon.challenges["c" * 43] = replace(VIEW, **changes)
        return "c" * 43

    def session(self, *factors: str, groups: tuple[str, ...] = ()) -> str:
        """Log somebody on; return the cookie's value."""
        self.logon.sessions[SESSION] = record(*factors, groups=groups)
        return SESSION

    def resends_after(self, wait: timedelta) -> None:
        one = self.snapshot.settings.one_time_password
        self.snapshot.settings = replace(
            self.snapshot.settings, one_time_password=replace(one, resend_after=wait)
        )


@dataclass
class Page:
    """An answer and its text."""

    answer: ClientResponse
    text: str

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def location(self) -> str:
        return self.answer.headers["Location"]

    def hidden(self, action: str) -> dict[str, str]:
        """The hidden fields of the form that posts to `action`."""
        form = re.search(
            rf'<form[^>]* action="{re.escape(action)}["?].*?</form>', self.text, re.DOTALL
        )
        assert form is not None, f"no form to {action}"
        found = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
        return {name: html.unescape(value) for name, value in found}

    def set_cookies(self) -> dict[str, Any]:
        found: SimpleCookie = SimpleCookie()
        for line in self.answer.headers.getall("Set-Cookie", []):
            found.load(line)
        return dict(found)


class Browser:
    """Keeps cookies, sends what the front door sends; follows nothing by itself."""

    def __init__(self, client: TestClient[Any, Any], house: House, **headers: str) -> None:
        self.client = client
        self.house = house
        self.cookies: dict[str, str] = {}
        self.headers = {
            "X-Gateway-Client": "203.0.113.9",
            "X-Gateway-Network": "internet",
            "X-Gateway-Request-Id": "R-4711",
            "X-Gateway-Host": "localhost",
            "Host": "localhost:8080",
            **headers,
        }

    async def get(self, path: str, **headers: str) -> Page:
        return await self.request("GET", path, headers=headers)

    async def post(
        self, path: str, fields: Mapping[str, str] | list[tuple[str, str]], **headers: str
    ) -> Page:
        return await self.request(
            "POST", path, urlencode(fields).encode(),
            {"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN,
             "Sec-Fetch-Site": "same-origin", **headers},
        )  # fmt: skip

    async def request(
        self, method: str, path: str, body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:  # fmt: skip
        sent = {name: value for name, value in {**self.headers, **(headers or {})}.items() if value}
        if self.cookies and "Cookie" not in sent:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self.client.request(
            method, path, data=body, headers=sent, allow_redirects=False
        )
        page = Page(answer, await answer.text())
        for name, morsel in page.set_cookies().items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return page

    async def submit(self, page: Page, action: str, **fields: str) -> Page:
        """Post the form of `page` that goes to `action`, with these fields filled in."""
        return await self.post(action, {**page.hidden(action), **fields})
