"""State machines: whatever the order of steps, the promises about codes and sessions hold."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from gateway.auth.outcomes import (
    ChallengeOver,
    CodeSent,
    LockedOut,
    NoMoreResends,
    Resent,
    SessionOpened,
    WrongCode,
)
from gateway.auth.sealing import key_name
from tests.auth.support import ANNA, BO, INSIDE, LoginScript, edited, make_settings

ATTEMPTS, LIFETIME_S = 5, 300


class Codes(RuleBasedStateMachine):
    """One browser and one user: issue, resend, try, wait."""

    @initialize()
    def begin(self) -> None:
        self.script = LoginScript()
        self.now = 0.0
        self.forget()

    def forget(self) -> None:
        self.challenge: str | None = None
        self.code = ""
        self.started = self.tries = self.messages = 0.0
        self.used: list[tuple[str, str]] = getattr(self, "used", [])

    def do(self, step: Any) -> Any:
        return asyncio.run(step)

    def live(self) -> bool:
        return self.challenge is not None and self.now < self.started + LIFETIME_S

    @rule()
    def password(self) -> None:
        async def step() -> tuple[object, str]:
            outcome = await self.script.password()
            return outcome, await self.script.sent_code()

        was, messages = self.live(), self.script.sms.tries
        try:
            outcome, code = self.do(step())
        except IndexError:  # locked before the first message
            return
        if isinstance(outcome, LockedOut):
            return
        assert isinstance(outcome, CodeSent)
        if was:
            assert outcome.challenge == self.challenge
            assert self.script.sms.tries == messages
            return
        assert outcome.challenge != self.challenge
        assert self.script.sms.tries == messages + 1
        self.challenge, self.code = outcome.challenge, code
        self.started, self.tries, self.messages = self.now, 0, 1

    @rule()
    def resend(self) -> None:
        async def step() -> object:
            outcome = await self.script.resend()
            await self.script.view()
            return outcome

        messages = self.script.sms.tries
        outcome = self.do(step())
        assert (outcome == ChallengeOver()) == (not self.live())
        sent = self.script.sms.tries - messages
        assert sent == (outcome == Resent())
        self.messages += sent
        assert self.messages <= 4
        if outcome == NoMoreResends():
            assert self.messages == 4
        if sent:
            assert self.script.sms.code() == self.code

    @rule(right=st.booleans(), times=st.integers(1, 4))
    def attempt(self, right: bool, times: int) -> None:
        typed = self.code if right else f"{(int(self.code or 0) + 1) % 10**6:06}"

        async def step() -> list[object]:
            return list(await asyncio.gather(*(self.script.code(typed) for _ in range(times))))

        was = self.live()
        outcomes = self.do(step())
        opened = [one for one in outcomes if isinstance(one, SessionOpened)]
        wrong = [one for one in outcomes if isinstance(one, WrongCode)]
        assert len(opened) <= 1
        if not was:
            assert outcomes == [ChallengeOver()] * times
        if opened:
            assert right
            assert (self.challenge, typed) not in self.used
            self.used.append((str(self.challenge), typed))
        self.tries += len(wrong)
        assert self.tries <= ATTEMPTS
        assert [one.tries_left for one in wrong] == [
            ATTEMPTS - self.tries + place for place in reversed(range(len(wrong)))
        ]
        if opened or self.tries == ATTEMPTS:
            self.forget()

    @rule(seconds=st.sampled_from([1, 30, 31, 100, 299, 300]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.script.wait(seconds=seconds)

    @invariant()
    def no_try_is_forgotten(self) -> None:
        if self.live():
            (stored,) = [one.value for one in self.script.memory.challenges.values()][-1:]
            assert stored.tries == self.tries
            assert stored.sends == self.messages


class SessionsInStep(RuleBasedStateMachine):
    """Two workers, two users, one store, and a model of what must live."""

    tokens = Bundle("tokens")

    @initialize()
    def begin(self) -> None:
        rules = edited(make_settings(), "session", max_per_user=3)
        one = LoginScript(rules)
        stores = (one.memory, one.memory, one.challenges._store)
        two = LoginScript(rules, stores=stores, clock=one.clock)
        two.sealer._entropy.calls = 10**6  # type: ignore[attr-defined]  # other tokens than the first's
        self.workers = [one, two]
        self.memory, self.clock = one.memory, one.clock
        self.model: dict[bytes, tuple[str, float, float]] = {}
        self.dead: set[bytes] = set()

    def do(self, step: Any) -> Any:
        async def run() -> Any:
            return await asyncio.wait_for(step, 5)

        result = asyncio.run(run())
        for key in [key for key in self._heard() if key]:
            for worker in self.workers:
                worker.sessions.heard(key)
        return result

    def _heard(self) -> list[str]:
        """Every key that is gone, as the channel would have told both workers."""
        return [
            session.key
            for worker in self.workers
            for session in worker.sessions._cache.all()
            if session.key not in self.memory.kept
        ]

    def alive(self, token: bytes) -> bool:
        if token not in self.model:
            return False
        _, created, seen = self.model[token]
        now = self.clock.now()
        return now < created + 36000 and now < seen + 1800

    def kill(self, *tokens: bytes) -> None:
        for token in tokens:
            self.model.pop(token, None)
            self.dead.add(token)

    @rule(target=tokens, worker=st.integers(0, 1), anna=st.booleans())
    def open(self, worker: int, anna: bool) -> Any:
        person = ANNA if anna else BO
        token = self.do(self.workers[worker].sessions.open(person, ("pwd",), INSIDE, None)).encode()
        assert token not in self.model
        assert token not in self.dead
        now = self.clock.now()
        self.model[token] = (person.user, now, now)
        mine = [one for one, (user, _, _) in self.model.items() if user == person.user]
        stored = [one for one in mine if key_name(one) in self.memory.kept]
        assert len(stored) <= 3
        self.kill(*(one for one in mine if one not in stored))
        return token

    @rule(target=tokens, worker=st.integers(0, 1), old=tokens)
    def replace(self, worker: int, old: bytes) -> Any:
        token = self.do(
            self.workers[worker].sessions.open(BO, ("pwd", "otp"), INSIDE, old.decode())
        ).encode()
        self.kill(old)
        now = self.clock.now()
        self.model[token] = ("bo", now, now)
        gone = [one for one in self.model if key_name(one) not in self.memory.kept]
        self.kill(*gone)
        return token

    @rule(worker=st.integers(0, 1), token=tokens)
    def use(self, worker: int, token: bytes) -> None:
        sessions = self.workers[worker].sessions
        live = sessions.warm(token) or self.do(sessions.resolve(token))
        assert (live is not None) == self.alive(token), (token, self.model.get(token))
        if live is None:
            self.kill(token)
            return
        user, created, _ = self.model[token]
        assert live.record.user == user
        sessions.used(live)
        self.model[token] = (user, created, self.clock.now())
        live.written_at = 0.0  # as if the interval had passed: this machine is not about that
        self.do(sessions.tick())

    @rule(worker=st.integers(0, 1), token=tokens)
    def end(self, worker: int, token: bytes) -> None:
        self.do(self.workers[worker].sessions.end(token.decode(), INSIDE))
        self.kill(token)

    @rule(worker=st.integers(0, 1), anna=st.booleans())
    def end_all(self, worker: int, anna: bool) -> None:
        user = "anna" if anna else "bo"
        self.do(self.workers[worker].sessions.end_all(user, INSIDE))
        self.kill(*(token for token, (whose, _, _) in list(self.model.items()) if whose == user))

    @rule(seconds=st.sampled_from([1.0, 59.0, 600.0, 1700.0, 1800.0]))
    def wait(self, seconds: float) -> None:
        self.clock.forward(seconds=seconds)

    @rule(worker=st.integers(0, 1))
    def tick(self, worker: int) -> None:
        self.do(self.workers[worker].sessions.tick())

    @rule(tokens=st.lists(tokens, max_size=3), worker=st.integers(0, 1))
    def what_was_ended_never_resolves(self, tokens: list[bytes], worker: int) -> None:
        for token in tokens:
            if token in self.dead:
                assert self.workers[worker].sessions.warm(token) is None
                assert self.do(self.workers[worker].sessions.resolve(token)) is None

    @invariant()
    def the_store_keeps_nothing_beyond_its_absolute_end(self) -> None:
        for token, (_, created, _) in getattr(self, "model", {}).items():
            kept = self.memory.kept.get(key_name(token))
            assert kept is None or kept.until <= created + 36000


TestCodes = Codes.TestCase
TestCodes.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestSessionsInStep = SessionsInStep.TestCase
TestSessionsInStep.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
