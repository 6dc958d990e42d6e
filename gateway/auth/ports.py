"""What the logon domain needs of the world: one Protocol a neighbour.

Every adapter is held to the same contract suite as its fake (tests/contracts). An adapter that
cannot answer raises `Unavailable`; nothing else crosses this border, and it never means *allow*.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.auth.model import Person


class Unavailable(Exception):
    """A neighbour (named by `what`) could not answer in time; the caller says 503, never yes."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Clock(Protocol):
    """The time of day."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...


class Entropy(Protocol):
    """Unpredictable bytes."""

    def token(self, size: int) -> bytes:
        """Return `size` bytes of a CSPRNG."""
        ...


class Directory(Protocol):
    """User names, passwords, numbers and groups."""

    async def authenticate(self, user_name: str, password: str) -> Person | None:
        """Return the person when the password is right and the account enabled, else None.

        Costs the same time for an unknown user, a disabled one and a wrong password.
        Raises Unavailable.
        """
        ...

    async def find(self, user_name: str) -> Person | None:
        """Return the person by user name (folded as `canonical` does), enabled or not."""
        ...

    def canonical(self, user_name: str) -> str:
        """Return the one spelling under which failures of this name are counted. Pure."""
        ...

    async def ping(self) -> None:
        """Raise Unavailable when the directory does not answer."""
        ...


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A sealed record and when it was last used (seconds since the epoch)."""

    record: bytes
    seen: float


class SessionStore(Protocol):
    """Sealed session records by key; a key is a hex digest that opens nothing by itself."""

    async def open(
        self, key: str, stored: StoredSession, user: str, lifetime_s: float, limit: int
    ) -> Sequence[str]:
        """Write a new record, index it by user, end the user's oldest beyond `limit`.

        Atomic. Returns the keys that were ended (and announces them as `end` does).
        """
        ...

    async def read(self, key: str) -> StoredSession | None:
        """Return the record, or None when there is none."""
        ...

    async def touch(self, seen: Sequence[tuple[str, float, float]]) -> Sequence[bool]:
        """For each (key, seen, lifetime_s) move `seen` forward, never back, and set the lifetime.

        Never brings an ended session back; answers whether each is still there.
        """
        ...

    async def end(self, key: str, user: str) -> bool:
        """Delete the record and announce it to every worker; False when it was not there."""
        ...

    async def end_all(self, user: str, *, but: str | None = None) -> Sequence[str]:
        """End every session of `user` (but one); return their keys."""
        ...

    async def keys_of(self, user: str) -> Sequence[str]:
        """Return the live keys of `user`, oldest first."""
        ...

    def ended(self) -> AsyncIterator[str | None]:
        """Yield the key of each session that ends, anywhere; None after any gap in listening."""
        ...


@dataclass(frozen=True, slots=True)
class Bucket:
    """One counter of failures: at most `count` in `period_s`, then locks of growing length."""

    name: str
    count: int
    period_s: float
    locks_s: tuple[float, ...]


class FailureStore(Protocol):
    """Failures counted over a sliding window, shared by all workers."""

    async def spend(self, buckets: Sequence[Bucket], now: float) -> float | None:
        """Count one try as a failure in every bucket, before it is judged. Atomic.

        Returns None when the try may be judged, else the time until which it is locked (then
        nothing was counted). The try that fills a bucket is still judged; the next is locked.
        """
        ...

    async def refund(self, buckets: Sequence[Bucket], now: float) -> None:
        """Take one counted try back, after it proved to be right."""
        ...

    async def clear(self, buckets: Sequence[Bucket]) -> None:
        """Forget failures and locks of these buckets."""
        ...


class SmsSender(Protocol):
    """A way to a phone."""

    async def send(self, mobile: str, text: str) -> str:
        """Send one message; return the provider's name. Raises Unavailable. Never logs either."""
        ...


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line of the audit (contract section 6). Never a password, a code or a whole number."""

    event: str
    client: str
    network: str
    outcome: str
    user: str = ""
    route: str = ""
    reason: str = ""
    ref: str = ""
    request_id: str = ""


class Audit(Protocol):
    """Where decisions are written down."""

    def write(self, event: AuditEvent) -> None:
        """Append one event. Raises Unavailable when it cannot be kept."""
        ...


Cancel = Callable[[], None]
