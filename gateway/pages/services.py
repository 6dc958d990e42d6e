"""What the pages need of the house, as Protocols and one bundle that the composition root fills."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from gateway.auth.challenges import Purpose
from gateway.auth.live import LiveSession
from gateway.auth.model import Client, SessionRecord
from gateway.auth.outcomes import (
    AccountOutcome,
    AccountView,
    ChallengeView,
    CodeOutcome,
    LockedOut,
    NewPasswordOutcome,
    PasswordOutcome,
    ProofOutcome,
    ResendOutcome,
    ResetAsked,
    ResetOutcome,
    ResetView,
    StepUpOutcome,
)
from gateway.auth.own_sessions import OwnSession
from gateway.auth.ports import Audit, AuditEvent, Clock, Entropy
from gateway.auth.self_service import Presence, Wish
from gateway.pages.look import Look
from gateway.settings.model import Settings
from gateway.spans import Tracer
from policies.factors import SecondFactor
from policies.fields import CookieNames
from policies.routes import Route

PAGES_PURPOSE: Final = "form tokens"
"""What the server's secret derives `PageServices.secret` for."""


class Routes(Protocol):
    """The compiled routes."""

    def route_for(self, host: bytes, target: bytes) -> Route | None:
        """Return the configured route of a request target on a canonical host, or None."""
        ...


class Snapshot(Protocol):
    """The compiled configuration, taken once a request."""

    @property
    def settings(self) -> Settings:
        """What gateway.toml says."""
        ...

    @property
    def cookies(self) -> CookieNames:
        """The names of our cookies."""
        ...

    @property
    def own_origins(self) -> frozenset[str]:
        """The origins (RFC 6454) that forms may be posted from."""
        ...

    @property
    def own_hosts(self) -> frozenset[bytes]:
        """The hosts of a Host field, without port, that are the public URL's."""
        ...

    @property
    def routes(self) -> Routes:
        """Where a return path leads, for the factors it asks for."""
        ...


class Logon(Protocol):
    """The logon domain. Every method raises Unavailable when a neighbour does not answer.

    `challenge` and `session_token` are cookie values as the browser sent them; `replaces` is the
    session cookie that a new session ends, or None; `browser` marks the browser.
    """

    async def submit_password(
        self,
        user_name: str,
        password: str,
        client: Client,
        browser: str,
        second_factor: SecondFactor,
        replaces: str | None,
        /,
    ) -> PasswordOutcome:
        """Judge a user name and a password."""
        ...

    async def submit_code(
        self, challenge: str, code: str, client: Client, replaces: str | None, /
    ) -> CodeOutcome:
        """Judge a one-time password."""
        ...

    async def resend(self, challenge: str, client: Client, /) -> ResendOutcome:
        """Send the same code once more."""
        ...

    async def view(self, challenge: str, /) -> ChallengeView | None:
        """Return what may be shown of a live challenge, or None when it is over."""
        ...

    async def step_up(self, session_token: str, client: Client, browser: str, /) -> StepUpOutcome:
        """Start a challenge for somebody who is logged on without a code."""
        ...

    async def log_off(self, session_token: str, client: Client, /) -> None:
        """End the session, if there is one."""
        ...


class Account(Protocol):
    """What employees change by themselves. `challenge` is the errand cookie's value."""

    async def view(self, session: SessionRecord, client: Client, /) -> AccountView | None:
        """Return what may be shown; None when the session's user is gone."""
        ...

    async def change(self, wish: Wish, presence: Presence, /) -> AccountOutcome:
        """Change what is wished, all of it or nothing."""
        ...

    async def view_proof(self, session: SessionRecord, challenge: str, /) -> ChallengeView | None:
        """Return what may be shown of a number to be proven; None when that is over."""
        ...

    async def resend_proof(
        self, session: SessionRecord, challenge: str, client: Client, /
    ) -> ResendOutcome:
        """Send the code to the new number again."""
        ...

    async def submit_proof(self, challenge: str, code: str, presence: Presence, /) -> ProofOutcome:
        """Judge the code that went to the new number."""
        ...


class Reset(Protocol):
    """A forgotten password. `token` is the errand cookie's value."""

    async def ask(self, user_name: str, client: Client, browser: str, /) -> ResetAsked | LockedOut:
        """Begin, or send the code again; nobody can tell whether there is such a user."""
        ...

    async def view(self, token: str, purpose: Purpose, /) -> ResetView | None:
        """Return what may be shown of a step; None when it is over."""
        ...

    async def submit_code(
        self, token: str, code: str, client: Client, browser: str, /
    ) -> ResetOutcome:
        """Judge a code."""
        ...

    async def set_password(
        self, token: str, new: str, confirm: str, client: Client, /
    ) -> NewPasswordOutcome:
        """Set the new password."""
        ...


class OwnSessions(Protocol):
    """An employee's own sessions. `token` is the session cookie's value."""

    async def view(self, session: SessionRecord, token: str, /) -> Sequence[OwnSession]:
        """Return them, the one of `token` first."""
        ...

    async def end(self, session: SessionRecord, key: str, client: Client, /) -> bool:
        """End the one with this key, if it is one of theirs."""
        ...

    async def end_others(self, session: SessionRecord, token: str, client: Client, /) -> int:
        """End all but the one of `token`; return how many."""
        ...


@dataclass(frozen=True, slots=True)
class PageServices:
    """Everything the pages are given under one configuration; a request keeps it to its end.

    `audit` keeps refusals so that their reference can be explained; `keep` keeps what is not
    worth a line. `who` and `session` tell whose a session cookie is: as this worker knows it, or
    as the store has it. `jwks` returns the published keys of assertions. `hear` takes
    what is posted to an SMS provider's address, by its name and secret: False for another's, None
    for too much. `secret` signs form tokens; 16 bytes at the least, and the same under each
    configuration. `tracer` records what the front door says is to be recorded.
    """

    snapshot: Snapshot
    look: Look
    logon: Logon
    account: Account
    reset: Reset
    own_sessions: OwnSessions
    audit: Audit
    keep: Callable[[AuditEvent], None]
    who: Callable[[str], Awaitable[SessionRecord | None]]
    session: Callable[[str], Awaitable[LiveSession | None]]
    jwks: Callable[[], dict[str, Any]]
    hear: Callable[[str, str, Mapping[str, str]], Awaitable[bool | None]]
    clock: Clock
    entropy: Entropy
    secret: bytes
    tracer: Tracer | None = None
