"""Sessions: opened, found, used and ended, with a cache that needs no store while it is warm.

The store is the truth. A worker keeps what it has read, hears of every end by the store's channel,
writes uses behind, and goes on with what it knows for `grace` when the store is away: trouble with
the store is not a log-out, and it never deletes anything. NIST SP 800-63B section 7, ASVS 7.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from gateway.auth.audit import note, note_done
from gateway.auth.live import LiveSession, OtherVersion, dump, load
from gateway.auth.model import Client, Person, SessionRecord
from gateway.auth.ports import (
    Audit,
    Clock,
    SessionPlace,
    SessionStore,
    StoredSession,
    Unavailable,
)
from gateway.auth.sealing import Sealer, key_name, parse_token
from gateway.auth.session_cache import SessionCache
from gateway.auth.session_labels import SessionLabel, seal_label, user_index
from gateway.auth.session_times import SessionTimes
from gateway.auth.session_upkeep import SessionUpkeep
from gateway.settings.model import Session as Rules
from gateway.tasks import spawn

__all__ = ["CACHED", "LiveSession", "Sessions"]

CACHED: Final = 100_000
_AT_ONCE: Final = 2_000
"""Sessions judged by new lifetimes without a pause: some 3 ms."""
_PURPOSE: Final = "session"


Reading = asyncio.Task[LiveSession | Unavailable | None]
"""A read under way; see `Sessions.reading`."""


class _Reading(enum.Enum):
    """What was heard while the answer of the store was on its way."""

    NOTHING = enum.auto()
    DOUBT = enum.auto()
    ENDED = enum.auto()


class Sessions:
    """All sessions, as one worker sees them."""

    def __init__(
        self, store: SessionStore, sealer: Sealer, rules: Rules, clock: Clock, audit: Audit
    ) -> None:
        self._store: Final = store
        self._sealer: Final = sealer
        self._audit: Final = audit
        self._now: Final[Callable[[], float]] = clock.now
        self._cache: Final = SessionCache(CACHED)
        self._warm: Final = self._cache.by_token
        self._reads: Final[dict[bytes, Reading]] = {}
        self._reading: Final[dict[str, _Reading]] = {}
        self._good_until = 0.0
        self._judging: Iterator[LiveSession] = iter(())
        self.times = SessionTimes.of(rules)
        self.configure(rules)
        self._upkeep: Final = SessionUpkeep(store, self._cache, self, clock)
        self._dirty: Final = self._upkeep.dirty

    def configure(self, rules: Rules) -> None:
        """Use other lifetimes from now on, for the sessions that live too."""
        before, self.times = self.times, SessionTimes.of(rules)
        self._idle_s = self.times.idle_s
        self._pause_s = self.times.pause_s
        self._most: int = rules.max_per_user
        if self.times != before:
            self._judging = iter(self._cache.all())
            self._judge_some()

    def _judge_some(self) -> None:
        """Judge sessions by the new lifetimes; when there are many, requests come in between."""
        some = list(islice(self._judging, _AT_ONCE))
        for live in some:
            self.times.judge_anew(live, live.seen)
        if len(some) == _AT_ONCE:
            asyncio.get_running_loop().call_soon(self._judge_some)

    async def run(self) -> None:
        """Do what needs doing behind the requests, until cancelled. One task a worker."""
        await self._upkeep.run()

    async def tick(self) -> None:
        """Do one round of it: write down uses, look for what has run out, ask after the store."""
        await self._upkeep.tick()

    # The hot path.

    def warm(self, token: bytes) -> LiveSession | None:
        """Return the session of a cookie value when this worker knows that it lives now.

        None says nothing: `resolve` must ask the store.
        """
        live = self._warm.get(token)
        if live is None:
            return None
        now = self._now()
        # After a pause that matters to a route another worker may know of uses since.
        known = now < live.expires_at and now < self._good_until and now < live.seen + self._pause_s
        return live if known else None

    def used(self, live: LiveSession) -> None:
        """Mark the session used now; `run` writes it down later."""
        now = self._now()
        live.seen = now
        end = now + self._idle_s
        if end > live.absolute_end:  # noqa: PLR1730 - min() costs more than the rest of this
            end = live.absolute_end
        live.expires_at = end
        if not live.dirty:
            live.dirty = True
            self._dirty.append(live)

    # Reading.

    def reading(self, token: bytes) -> Reading | None:
        """Return the read of a cookie value's session, begun unless it is under way.

        Any bytes are taken; None when they are no token at all. Whoever asks for the same token
        at once shares one read, so nobody may cancel it. Its result is Unavailable where nothing
        is known about the session; then nothing has happened to it.
        """
        reading = self._reads.get(token)
        if reading is None:
            if parse_token(token) is None:
                return None
            reading = spawn(self._read(token), "read session")
            self._reads[token] = reading
            reading.add_done_callback(lambda _: self._reads.pop(token, None))
        return reading

    async def resolve(self, token: bytes) -> LiveSession | None:
        """Return the session of a cookie value, or None when there is no live one.

        Any bytes are taken. Raises Unavailable; see `reading`.
        """
        reading = self.reading(token)
        if reading is None:
            return None
        answer = await asyncio.shield(reading)
        if isinstance(answer, Unavailable):
            raise Unavailable(answer.what) from answer
        return answer

    async def _read(self, token: bytes) -> LiveSession | Unavailable | None:
        """Read once. An end that is announced while the answer is on its way wins over it."""
        key = key_name(token)
        heard = _Reading.DOUBT
        stored = None
        while heard is _Reading.DOUBT:
            self._reading[key] = _Reading.NOTHING
            try:
                stored = await self._store.read(key)
            except Unavailable as error:
                return error
            finally:
                heard = self._reading.pop(key)
        self.reached()
        live = self._cache.find(key)
        if live is None and stored is not None:
            try:
                live = self._open_record(token, key, stored)
            except OtherVersion:  # gateways of two versions run side by side, and it is the other's
                return Unavailable("session of another version")
        if live is None or stored is None or heard is _Reading.ENDED or live.ended:
            self._end_here([key])
            return None
        self.times.judge_anew(live, max(stored.seen, live.seen))
        now = self._now()
        if now >= live.expires_at:
            self._end_here([key])
            return None
        self._cache.put(live)
        self._remember_pause(live, max(stored.idle_s, now - live.seen))
        return live

    def _remember_pause(self, live: LiveSession, idle_s: float) -> None:
        """Keep a pause longer than all before, and have it written down with the next use."""
        if idle_s <= live.idle_s:
            return
        live.idle_s = idle_s
        if idle_s >= self._pause_s and not live.dirty:
            live.dirty = True
            self._dirty.append(live)

    def _open_record(self, token: bytes, key: str, stored: StoredSession) -> LiveSession | None:
        plain = self._sealer.unseal(_PURPOSE, token, stored.record)
        return None if plain is None else LiveSession(token, key, load(plain), stored.seen)

    # Opening and ending.

    async def open(
        self, person: Person, factors: tuple[str, ...], client: Client, replaces: str | None
    ) -> str:
        """Open a session and return its token, always a new one (ASVS 7.2.4).

        The session of the token `replaces`, and the user's oldest beyond `max_per_user`, end in
        the same step. Raises Unavailable; then the old session may or may not live.
        """
        old = await self._living(replaces)
        now = self._now()
        record = SessionRecord(
            user=person.user,
            name=person.name,
            email=person.email,
            groups=person.groups,
            factors=factors,
            network=client.network,
            created=now,
        )
        token, ended = await self._place(record, client, old)
        note(self._audit, "session.opened", client, "opened", person.user, "+".join(factors))
        for name in ended:
            whose, why = (
                (old.record.user, "replaced")
                if old and name == old.key
                else (person.user, "too-many")
            )
            note_done(self._audit, "session.ended", client, "ended", whose, why)
        return token

    async def renew(self, token: str, client: Client) -> str:
        """Give a session another token and return it; the one before opens nothing from now on.

        All else stays as it was, its age too. Returns "" when there is no such session. Raises
        Unavailable; then the old token may or may not be good.
        """
        old = await self._living(token)
        if old is None:
            return ""
        renewed, ended = await self._place(old.record, client, old)
        if old.key not in ended:  # it was revoked meanwhile, and what is revoked has no successor
            await self.end(renewed, client, "revoked")
            return ""
        note_done(self._audit, "session.ended", client, "ended", old.record.user, "renewed")
        return renewed

    async def _living(self, token: str | None) -> LiveSession | None:
        return await self.resolve(token.encode()) if token and token.isascii() else None

    async def _place(
        self, record: SessionRecord, client: Client, old: LiveSession | None
    ) -> tuple[str, Sequence[str]]:
        """Put a record under a new token; return the token and the keys of what ended for it."""
        now = self._now()
        token = self._sealer.new_token()
        raw = token.encode()
        key = key_name(raw)
        label = SessionLabel(
            record.user,
            record.created,
            client.network,
            client.address,
            record.factors,
            client.device,
        )
        sealed = StoredSession(self._sealer.seal(_PURPOSE, raw, dump(record)), now)
        place = SessionPlace(
            user=self._index(record.user),
            lifetime_s=self.times.store_lifetime(record.created, now, now),
            limit=self._most,
            replaces=old.key if old else None,
            label=seal_label(self._sealer, key, label),
        )
        ended = await self._store.open(key, sealed, place)
        self.reached()
        self._end_here(ended)
        return token, ended

    async def end(self, token: str, client: Client, reason: str = "logged-off") -> None:
        """End the session of a token, everywhere; nothing happens when there is none.

        Raises Unavailable; then it still lives.
        """
        live = await self.resolve(token.encode()) if token.isascii() else None
        if live is None:
            return
        there = await self._store.end(live.key, self._index(live.record.user))
        self.reached()
        self._end_here([live.key])
        if there:
            note_done(self._audit, "session.ended", client, "ended", live.record.user, reason)

    async def end_listed(self, key: str, user: str, client: Client, reason: str) -> bool:
        """End the session of a key, if it is the user's; False when there is none.

        Raises Unavailable; then it still lives.
        """
        if key not in await self._store.keys_of(self._index(user)):
            return False
        there = await self._store.end(key, self._index(user))
        self.reached()
        self._end_here([key])
        if there:
            note_done(self._audit, "session.ended", client, "ended", user, reason)
        return there

    async def end_all(
        self, user: str, client: Client, reason: str = "revoked", *, but: str | None = None
    ) -> int:
        """End every session of a user (canonical name), but that of the token `but`; count them."""
        kept = key_name(but.encode()) if but and but.isascii() else None
        ended = await self._store.end_all(self._index(user), but=kept)
        self.reached()
        self._end_here(ended)
        for _ in ended:
            note_done(self._audit, "session.ended", client, "ended", user, reason)
        return len(ended)

    def known(self) -> Iterable[LiveSession]:
        """Return the sessions that this worker knows now; others may live in others."""
        return self._cache.all()

    # What the upkeep and the store's channel tell.

    def reached(self) -> None:
        """Take note that the store has answered just now."""
        self._good_until = self._now() + self.times.grace_s

    def heard(self, key: str) -> None:
        """Take note that a session ended somewhere: forget it and tell its watchers."""
        if key in self._reading:
            self._reading[key] = _Reading.ENDED
        self._end_here([key])

    def doubt(self) -> None:
        """Take note of a gap in listening: what is being read now may already be old."""
        for key, heard in self._reading.items():
            if heard is _Reading.NOTHING:
                self._reading[key] = _Reading.DOUBT

    def _end_here(self, keys: Iterable[str]) -> None:
        for key in keys:
            live = self._cache.drop(key)
            if live is not None:
                live.end()

    def _index(self, user: str) -> str:
        return user_index(self._sealer, user)
