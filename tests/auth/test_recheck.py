"""Who is logged on is held to the directory: what it takes away ends sessions, its silence does not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from gateway.auth.live import LiveSession
from gateway.auth.model import Client, Person, SessionRecord
from gateway.auth.ports import Unavailable
from gateway.auth.recheck import LOOK_S, Recheck
from tests.fakes import FakeClock

pytestmark = pytest.mark.asyncio

EVERY_S = 60.0
ANNA = Person("anna", "Anna", "", None, ("hr", "staff"), enabled=True)


@dataclass
class Place:
    """A worker's sessions and a directory, both of them plain tables."""

    clock: FakeClock = field(default_factory=FakeClock)
    lives: list[LiveSession] = field(default_factory=list)
    people: dict[str, Person | Unavailable] = field(default_factory=lambda: {"anna": ANNA})
    asked: list[str] = field(default_factory=list)
    ended: list[tuple[str, str]] = field(default_factory=list)
    every_s: float = EVERY_S

    def __post_init__(self) -> None:
        self.recheck = Recheck(self, lambda: (self, self.every_s), self.clock)

    def log_on(self, user: str = "anna", groups: tuple[str, ...] = ("hr", "staff")) -> None:
        record = SessionRecord(user, "", "", groups, ("pwd",), "corporate", 0.0)
        self.lives.append(LiveSession(user.encode(), user, record, 0.0))

    def known(self) -> list[LiveSession]:
        return self.lives

    async def find(self, user_name: str) -> Person | None:
        self.asked.append(user_name)
        found = self.people.get(user_name)
        if isinstance(found, Unavailable):
            raise found
        return found

    async def end_all(self, user: str, client: Client, reason: str) -> int:
        assert client.network == "directory"
        self.ended.append((user, reason))
        for live in self.lives:
            live.ended = live.ended or live.record.user == user
        return 1

    async def pass_by(self, seconds: float) -> None:
        for _ in range(int(seconds / LOOK_S)):
            self.clock.forward(seconds=LOOK_S)
            await self.recheck.look()


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (None, "no-longer-allowed"),
        (replace(ANNA, enabled=False), "no-longer-allowed"),
        (replace(ANNA, groups=("staff",)), "group-lost"),
    ],
)
async def test_what_the_directory_takes_away_ends_sessions(now: Person | None, reason: str) -> None:
    place = Place()
    place.log_on()
    await place.pass_by(LOOK_S)
    place.people["anna"] = now
    await place.pass_by(EVERY_S)
    assert place.ended == [("anna", reason)]
    await place.pass_by(2 * EVERY_S)
    assert len(place.ended) == 1


@pytest.mark.parametrize("now", [ANNA, replace(ANNA, groups=("hr", "it", "staff"))])
async def test_who_has_no_less_than_before_goes_on(now: Person) -> None:
    place = Place()
    place.log_on()
    place.people["anna"] = now
    await place.pass_by(3 * EVERY_S)
    assert place.ended == []
    assert 2 <= len(place.asked) <= 4


async def test_a_directory_that_does_not_answer_ends_nothing_and_is_asked_again() -> None:
    place = Place()
    place.log_on()
    place.people["anna"] = Unavailable("directory")
    await place.pass_by(2 * EVERY_S)
    assert place.ended == []
    place.people.clear()
    await place.pass_by(EVERY_S)
    assert place.ended == [("anna", "no-longer-allowed")]


async def test_the_lesser_of_two_sessions_counts() -> None:
    place = Place()
    place.log_on(groups=())
    place.log_on(groups=("old",))
    await place.pass_by(2 * EVERY_S)
    assert place.ended == [("anna", "group-lost")]


async def test_many_are_spread_and_none_is_forgotten() -> None:
    place = Place()
    for number in range(300):
        place.people[f"u{number}"] = replace(ANNA, user=f"u{number}")
        place.log_on(f"u{number}")
    await place.pass_by(LOOK_S)
    before = len(place.asked)
    await place.pass_by(LOOK_S)
    assert len(place.asked) - before <= 51
    await place.pass_by(2 * EVERY_S)
    assert set(place.asked) == {f"u{number}" for number in range(300)}


async def test_where_changes_are_told_nobody_is_asked() -> None:
    place = Place(every_s=0.0)
    place.log_on()
    await place.pass_by(EVERY_S)
    assert place.asked == []
