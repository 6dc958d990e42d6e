"""What the logon domain needs of the world: one Protocol a neighbour.

Every adapter is held to the same contract suite as its fake (tests/contracts). An adapter that
cannot answer raises `Unavailable`; nothing else crosses this border, and it never means *allow*.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gateway.auth.model import Person
from policies.lockout import State


class Unavailable(Exception):
    """A neighbour (named by `what`) could not answer in time; the caller says 503, never yes."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class PasswordRefused(Exception):
    """The directory has rules of its own, and this password breaks one: nothing was changed."""


class Clock(Protocol):
    """The time of day, and its passing."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when so much time has passed."""
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


class Accounts(Protocol):
    """What employees may change in the directory."""

    async def set_mobile(self, user_name: str, mobile: str | None) -> bool:
        """Set the number (E.164) of a canonical user name; False when there is no such user."""
        ...

    async def set_password(self, user_name: str, password: str) -> bool:
        """Set the password of a canonical user name; False when there is no such user.

        Raises PasswordRefused when the directory does not take it, and Unavailable.
        """
        ...


class PasswordJudge(Protocol):
    """The password rules of the configuration."""

    async def reasons(self, password: str, person: Person) -> Sequence[str]:
        """Return the name of every rule that this password of this person breaks.

        A password without reasons can be set. Raises Unavailable.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A sealed record, when it was last used, and its longest pause between two uses (seconds)."""

    record: bytes
    seen: float
    idle_s: float = 0.0


class Use(NamedTuple):
    """A last use to be written down: when, how long the record is kept, the longest pause so far.

    Times in seconds.
    """

    key: str
    seen: float
    lifetime_s: float
    idle_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """Where a new session goes: under whose index, for how long, beside how many, instead of which.

    `user` is any text that stands for the user (the domain hands in a keyed hash); `limit` >= 1.
    `label` is what the session is listed under, sealed.
    """

    user: str
    lifetime_s: float
    limit: int
    replaces: str | None = None
    label: bytes = b""


@dataclass(frozen=True, slots=True)
class SessionListing:
    """What lists show of a session: its sealed label, and when it was last used (seconds)."""

    key: str
    label: bytes
    seen: float


class SessionStore(Protocol):
    """Sealed session records by key; a key is a hex digest that opens nothing by itself."""

    async def open(self, key: str, stored: StoredSession, place: SessionPlace) -> Sequence[str]:
        """Write a new record, index it by user, end the one it replaces and the oldest too many.

        Atomic. Returns the keys that were ended (and announces them as `end` does).
        """
        ...

    async def read(self, key: str) -> StoredSession | None:
        """Return the record, or None when there is none."""
        ...

    async def touch(self, uses: Sequence[Use]) -> Sequence[bool]:
        """For each use move `seen` forward, never back, and set the lifetime; `idle_s` only grows.

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

    async def labels(self, keys: Sequence[str]) -> Sequence[SessionListing]:
        """Return the listings of those sessions that live, in the order of `keys`."""
        ...

    def all_keys(self) -> AsyncIterator[Sequence[str]]:
        """Yield the keys of all live sessions, in batches, each at least once.

        One that is opened or ends meanwhile may or may not be among them.
        """
        ...

    def ended(self) -> AsyncIterator[str | None]:
        """Yield the key of each session that ends, anywhere; None after any gap in listening.

        The time before the first subscription is a gap too. Never raises Unavailable: it goes on
        trying until it is closed.
        """
        ...

    async def ping(self) -> None:
        """Raise Unavailable when the store does not answer."""
        ...


@dataclass(frozen=True, slots=True)
class Bucket:
    """One counter of failures: at most `count` in `period_s`, then locks of growing length.

    Without locks it is a budget: what fills it waits until the window has room again. With a
    count of 0 it is only looked at: a lock that another spending set there holds.
    """

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

    async def states(self, buckets: Sequence[Bucket]) -> Sequence[State]:
        """Return what stands in each bucket, and count nothing."""
        ...

    async def refund(self, buckets: Sequence[Bucket], at: float) -> None:
        """Take back the try that was counted at `at`, after it proved to be right."""
        ...

    async def clear(self, buckets: Sequence[Bucket]) -> None:
        """Forget failures and locks of these buckets."""
        ...

    async def clear_like(self, prefix: str) -> None:
        """Forget failures and locks of every bucket whose name begins so. Slow: reads all names."""
        ...

    async def remember(self, name: str, seconds: float) -> None:
        """Remember a name, which is no bucket's, for so long."""
        ...

    async def remembers(self, name: str) -> bool:
        """Whether a name is remembered."""
        ...


@dataclass(frozen=True, slots=True)
class NewChallenge:
    """A challenge to be written: `record` is sealed, `digest` stands for the right code.

    `pointer` stands for (browser, user, purpose), `nonce` is what `key` was derived with; none of
    them opens anything.
    """

    pointer: str
    nonce: str
    key: str
    record: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class StoredChallenge:
    """A live challenge: tries spent, messages sent and when (seconds), and how the last one went.

    `delivery` is "pending", "sent" or "failed".
    """

    record: bytes
    tries: int
    sends: int
    sent_at: float
    delivery: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one try. A right one has consumed the challenge, and so has the last one."""

    right: bool
    tries_left: int


class ChallengeStore(Protocol):
    """Live challenges by key, and which of them a browser already has."""

    async def begin(self, challenge: NewChallenge, lifetime_s: float) -> str:
        """Write the challenge unless its pointer leads to a live one. Atomic.

        Returns the nonce of the live challenge: the given one or the one found.
        """
        ...

    async def read(self, key: str) -> StoredChallenge | None:
        """Return the challenge, or None when it is over."""
        ...

    async def judge(self, key: str, digest: str, attempts: int) -> Judged | None:
        """Spend one try, compare, consume on success or on the last try. Atomic.

        Returns None, and spends nothing, when there is no such challenge.
        """
        ...

    async def claim(self, key: str, sends: int, now: float) -> bool:
        """Claim the send after `sends` earlier ones; True for exactly one caller."""
        ...

    async def unclaim(self, key: str, before: StoredChallenge) -> None:
        """Put back what stood there `before` the last claim, unless a later one was made."""
        ...

    async def settle(self, key: str, send: int, delivery: str) -> None:
        """Write down how the `send`-th message went, unless a later one was claimed."""
        ...

    async def end(self, key: str) -> None:
        """Delete the challenge."""
        ...


class KeptRefusal(NamedTuple):
    """A refusal as it lies in the store: what names it, and sealed what explains it."""

    name: str
    sealed: bytes


class RefusalStore(Protocol):
    """What was refused lately, to be explained by its reference."""

    async def keep(
        self, refusals: Sequence[KeptRefusal], shelf: str, most: int, lifetime_s: float, now: float
    ) -> None:
        """Put refusals on a shelf that holds `most`; the oldest on it make room.

        Each is gone after `lifetime_s`. Raises Unavailable.
        """
        ...

    async def read(self, name: str) -> bytes | None:
        """Return what is kept under a name, or None. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line of the audit (docs/outside.md). Never a password, a code or a whole number."""

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

    def ready(self) -> None:
        """Raise Unavailable when events cannot be kept just now, before something is changed."""
        ...


Cancel = Callable[[], None]
