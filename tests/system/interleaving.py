"""One employee who clicks about, and a model of how many messages that may cost.

An interleaving is made from its number alone, so it can be played again. The model knows when a
challenge must be found again and when a new one begins; what a resend was given is read from its
answer, or, where a reset says nothing, from the clock: what falls too near the limit counts as
"perhaps".
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from tests.system.gateway import INSIDE, OUTSIDE, PASSWORD, RunningGateway, wait_for
from tests.system.sms_peer import SmsPeer
from tests.system.visitor import Answer, Visitor

RESEND_AFTER_S = 1.0
RESENDS = 3
LONGEST = 7
"""Acts after the first."""
ACTS = ("refresh", "back", "double", "tab", "resend", "due", "resends", "wrong", "right")
_ONCE = frozenset({"due", "wrong", "right"})
_CLOCK_S = 0.05
"""How far the gateway's reading of the clock may lie from ours."""


class Dice:
    """Choices that follow from a seed, on every machine the same."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, 0

    def below(self, end: int) -> int:
        self._count += 1
        digest = hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % end

    def pick(self, options: Sequence[str]) -> str:
        return options[self.below(len(options))]


@dataclasses.dataclass
class Tally:
    """How many messages must have left, and how many may have."""

    least: int = 0
    most: int = 0
    challenges: int = 0
    sends: int = 0
    """Of the challenge that lives now."""
    sent: tuple[float, float] = (0.0, 0.0)
    """Between which moments the last of them was claimed."""

    def begun(self, moment: tuple[float, float]) -> None:
        self.challenges += 1
        self.least += 1
        self.most += 1
        self.sends, self.sent = 1, moment

    def granted(self, moment: tuple[float, float]) -> None:
        self.least += 1
        self.most += 1
        self.sends, self.sent = self.sends + 1, moment

    def asked_again(self, moment: tuple[float, float]) -> None:
        """Count a resend whose answer says nothing."""
        if self.sends > RESENDS or moment[1] < self.sent[0] + RESEND_AFTER_S - _CLOCK_S:
            return
        if moment[0] > self.sent[1] + RESEND_AFTER_S + _CLOCK_S:
            self.granted(moment)
            return
        self.most += 1
        self.sends, self.sent = self.sends + 1, (self.sent[0], moment[1])


@dataclasses.dataclass(frozen=True)
class Journey:
    """What one kind of code is asked for with, and where it is typed."""

    name: str
    start: str
    code: str
    cookie: str
    source: str
    tells: bool
    """Whether a resend says in its answer what became of it."""
    resend: str


JOURNEYS = (
    Journey("logon", "/.gateway/logon", "/.gateway/otp", "gateway-challenge", OUTSIDE, True,
            "/.gateway/otp/resend"),
    Journey("reset", "/.gateway/reset", "/.gateway/reset/code", "gateway-errand", OUTSIDE, False,
            "/.gateway/reset"),
    Journey("prove", "/.gateway/account", "/.gateway/account/code", "gateway-errand", INSIDE, True,
            "/.gateway/account/resend"),
)  # fmt: skip


def interleaving(number: int) -> tuple[Journey, tuple[str, ...]]:
    """Return what the employee of this number does."""
    journey, dice = JOURNEYS[number % len(JOURNEYS)], Dice(f"interleaving {number}")
    acts: list[str] = []
    while len(acts) < 3 + dice.below(LONGEST - 2):
        act = dice.pick(ACTS)
        if act not in _ONCE or act not in acts:
            acts.append(act)
    return journey, (dice.pick(["start", "double"]), *acts)


def user_of(number: int) -> str:
    return f"p{number:03}"


def first_number(number: int) -> str:
    return f"+46702{number:06}"


def new_number(number: int) -> str:
    return f"+46703{number:06}"


class Employee:
    """Plays one interleaving. `said` is the transcript."""

    pool: ClassVar[ThreadPoolExecutor]

    def __init__(self, gateway: RunningGateway, peer: SmsPeer, number: int) -> None:
        self.journey, self.acts = interleaving(number)
        self.number, self.peer = number, peer
        self.phone = (new_number if self.journey.name == "prove" else first_number)(number)
        self.browser = Visitor(gateway, self.journey.source)
        self.tally = Tally()
        self.seen: set[str] = set()
        self.alive = self.done = False
        self.form: dict[str, str] = {}
        self.said: list[str] = []

    def play(self) -> None:
        """Do everything in turn."""
        if self.journey.name == "prove":
            assert self.browser.password(user_of(self.number)).status == 303
        self.form = self._start_form() or {}
        assert self.form
        for act in self.acts:
            self.said.append(f"{act}:")
            getattr(self, f"_{act}")()

    # What an employee does.

    def _start(self) -> None:
        self._begin(1, self.form)

    _back = _start

    def _double(self) -> None:
        self._begin(2, self.form)

    def _tab(self) -> None:
        form = self._start_form()
        if form is not None:
            self._begin(1, form)

    def _refresh(self) -> None:
        self._say(self.browser.get(self.journey.code), self.browser.get(self.journey.code))

    def _resend(self) -> None:
        self._again(1)

    def _resends(self) -> None:
        self._again(2)

    def _due(self) -> None:
        """Wait until a resend must be granted."""
        due = self.tally.sent[1] + RESEND_AFTER_S + 2 * _CLOCK_S
        threading.Event().wait(max(0.0, due - time.monotonic()))
        self._again(1)

    def _wrong(self) -> None:
        """Type a wrong code, and load its answer anew."""
        form = self._form(self.journey.code)
        if form is None or not self.alive:
            return
        wrong = form | {"code": f"{(int(self._code()) + 1) % 10**6:06}"}
        for _ in range(2):
            answer = self.browser.post(self.journey.code, wrong)
            self._say(answer)
            assert answer.status == 401

    def _right(self) -> None:
        """Type the right code with a double click: once it is right."""
        form = self._form(self.journey.code)
        if form is None or not self.alive:
            return
        form |= {"code": self._code()}
        answers, _ = self._at_once(2, lambda tab: tab.post(self.journey.code, form))
        # The other one finds nothing under way: the account page is where a proof is begun anew.
        passed = [answer for answer in answers if self._passed(answer)]
        assert len(passed) == 1, self.said
        self.alive, self.done = False, self.journey.name == "prove"

    def _passed(self, answer: Answer) -> bool:
        if self.journey.name == "prove":
            return "notice=updated" in answer.location
        return answer.status == 303 and not answer.location.startswith("/.gateway/logon")

    # How it is done, and what it costs.

    def _begin(self, tabs: int, form: dict[str, str]) -> None:
        answers, moment = self._at_once(tabs, lambda tab: tab.post(self.journey.start, form))
        if self.done:
            assert {answer.status for answer in answers} == {422}
            return
        assert {answer.status for answer in answers} == {303}, self.said
        for answer in answers:
            found = re.search(rf"{self.journey.cookie}=([^;]+)", str(answer.headers))
            self.seen.add(found[1])
        if not self.alive:
            self.tally.begun(moment)
        elif not self.journey.tells:
            self.tally.asked_again(moment)
        self.alive = True

    def _again(self, tabs: int) -> None:
        """Press the button of the code page."""
        form = self._form(self.journey.resend)
        if form is None or not self.alive:
            return
        if not self.journey.tells:
            self._begin(tabs, form)
            return
        answers, moment = self._at_once(tabs, lambda tab: tab.post(self.journey.resend, form))
        granted = [answer for answer in answers if "notice=resent" in answer.location]
        assert len(granted) <= 1, self.said
        assert {answer.status for answer in answers} <= {303, 429, 409}, self.said
        if granted:
            self.tally.granted(moment)

    def _at_once(
        self, tabs: int, post: Callable[[Visitor], Answer]
    ) -> tuple[list[Answer], tuple[float, float]]:
        """Post from so many tabs at the same moment; the browser keeps the cookies of all."""
        twins = [Visitor(self.browser.gateway, self.browser.source) for _ in range(tabs)]
        before = dict(self.browser.cookies)
        barrier = threading.Barrier(tabs)

        def one(twin: Visitor) -> Answer:
            twin.cookies = dict(before)
            barrier.wait(30)
            return post(twin)

        begun = time.monotonic()
        answers = list(self.pool.map(one, twins)) if tabs > 1 else [one(twins[0])]
        moment = (begun, time.monotonic())
        for twin in twins:
            for name in before.keys() - twin.cookies.keys():
                self.browser.cookies.pop(name, None)
            changed = {k: v for k, v in twin.cookies.items() if before.get(k) != v}
            self.browser.cookies.update(changed)
        self._say(*answers)
        return answers, moment

    def _start_form(self) -> dict[str, str] | None:
        """Load the first page anew; None where there is nothing to be begun."""
        form = self.browser.get(self.journey.start).form_to(self.journey.start)
        if form is None:
            return None
        name = user_of(self.number)
        return form | {
            "logon": {"username": name, "password": PASSWORD},
            "reset": {"username": name},
            "prove": {
                "mobile": new_number(self.number), "current_password": PASSWORD,
                "new_password": "", "confirm_password": "",
            },
        }[self.journey.name]  # fmt: skip

    def _form(self, action: str) -> dict[str, str] | None:
        return self.browser.get(self.journey.code).form_to(action)

    def _code(self) -> str:
        wait_for(lambda: self.peer.messages(self.phone), f"a message to {self.phone}", 20)
        return self.peer.code(self.phone)

    def _say(self, *answers: Answer) -> None:
        self.said += [f"{answer.status} {answer.location}".strip() for answer in answers]
