"""gateway/sms/failover.py: in order, once each, in time, and silent about what was sent."""

import asyncio
import logging
from dataclasses import dataclass, field

import pytest

from gateway.auth.ports import Unavailable
from gateway.auth.sms_ports import Taken
from gateway.sms import failover
from gateway.sms.breaker import FAILURES, FIRST_PAUSE_S
from gateway.sms.failover import Failover, Line
from gateway.sms.provider import Declined
from tests.fakes import FakeClock
from tests.sms.conftest import MOBILE, TEXT

pytestmark = pytest.mark.asyncio

NORWEGIAN = "+4791234567"


@dataclass
class Fake:
    name: str
    works: bool = True
    declines: bool = False
    hangs: bool = False
    calls: list[tuple[str, str]] = field(default_factory=list)
    closed: int = 0

    async def send(self, mobile: str, text: str) -> Taken:
        self.calls.append((mobile, text))
        if self.hangs:
            await asyncio.sleep(3600)
        if self.declines:
            raise Declined(f"sms {self.name}")
        if not self.works:
            raise Unavailable(f"sms {self.name}")
        return Taken(self.name, ("id",))

    async def close(self) -> None:
        self.closed += 1


def over(*fakes: Fake, clock: FakeClock | None = None) -> Failover:
    return Failover([Line(fake.name, fake) for fake in fakes], clock or FakeClock())


async def by(sms: Failover, mobile: str = MOBILE) -> str | None:
    try:
        return (await sms.send(mobile, TEXT)).provider
    except Unavailable as error:
        return None if error.what == "sms" else error.what


@pytest.mark.parametrize(
    ("works", "sent_by", "asked"),
    [
        ((True, True, True), "0", (1, 0, 0)),
        ((False, True, True), "1", (1, 1, 0)),
        ((False, False, True), "2", (1, 1, 1)),
        ((False, False, False), None, (1, 1, 1)),
        ((), None, ()),
    ],
)
async def test_order(
    works: tuple[bool, ...], sent_by: str | None, asked: tuple[int, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    fakes = [Fake(str(number), one) for number, one in enumerate(works)]
    assert await by(over(*fakes)) == sent_by
    assert tuple(len(fake.calls) for fake in fakes) == asked
    assert MOBILE not in caplog.text
    assert TEXT not in caplog.text


async def test_a_fault_of_ours_is_not_swallowed() -> None:
    class Faulty(Fake):
        async def send(self, mobile: str, text: str) -> Taken:
            raise ZeroDivisionError

    second = Fake("second")
    with pytest.raises(ZeroDivisionError):
        await over(Faulty("first"), second).send(MOBILE, TEXT)
    assert second.calls == []


async def test_who_fails_again_and_again_is_passed_over_and_probed() -> None:
    clock, first, second = FakeClock(), Fake("first", works=False), Fake("second")
    sms = over(first, second, clock=clock)
    for _ in range(FAILURES + 5):
        assert await by(sms) == "second"
    assert len(first.calls) == FAILURES
    assert sms.passed_over() == {"first": True, "second": False}
    clock.forward(seconds=FIRST_PAUSE_S)
    assert [await by(sms), await by(sms)] == ["second", "second"]
    assert len(first.calls) == FAILURES + 1, "one probe"
    clock.forward(seconds=2 * FIRST_PAUSE_S)
    first.works = True
    assert [await by(sms), await by(sms)] == ["first", "first"]
    assert sms.passed_over() == {"first": False, "second": False}


async def test_who_is_passed_over_is_asked_for_want_of_better() -> None:
    first, second = Fake("first", works=False), Fake("second", works=False)
    sms = over(first, second)
    for _ in range(FAILURES):
        assert await by(sms) is None
    first.works = True
    assert await by(sms) == "first"


async def test_a_message_that_nobody_wants_passes_nobody_over() -> None:
    first, second = Fake("first", declines=True), Fake("second")
    sms = over(first, second)
    for _ in range(3 * FAILURES):
        assert await by(sms) == "second"
    assert len(first.calls) == 3 * FAILURES


async def test_who_hangs_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failover, "TOTAL_S", 0.9)
    loop = asyncio.get_running_loop()
    fakes = Fake("first", hangs=True), Fake("second", hangs=True), Fake("third")
    begin = loop.time()
    assert await by(over(*fakes)) == "third"
    assert loop.time() - begin > 0.45
    fakes[2].hangs = True
    assert await by(over(*fakes)) is None


async def test_a_provider_has_its_own_time_at_most() -> None:
    first, second = Fake("first", hangs=True), Fake("second")
    assert await by(Failover([Line("a", first, 0.05), Line("b", second)], FakeClock())) == "second"


async def test_countries(caplog: pytest.LogCaptureFixture) -> None:
    swedish, nordic, rest = Fake("swedish"), Fake("nordic"), Fake("rest")
    lines = [
        Line("swedish", swedish, countries=("SE",)),
        Line("nordic", nordic, countries=("NO", "DK")),
        Line("rest", rest),
    ]
    sms = Failover(lines, FakeClock())
    assert await by(sms, MOBILE) == "swedish"
    assert await by(sms, NORWEGIAN) == "nordic"
    assert await by(sms, "+4915123456789") == "rest"
    assert await by(sms, "+999123") == "rest"
    assert await by(Failover(lines[:2], FakeClock()), "+4915123456789") is None
    assert "numbers of DE" in caplog.text


async def test_closing_closes_all() -> None:
    fakes = [Fake("a"), Fake("b", works=False)]
    await over(*fakes).close()
    assert [fake.closed for fake in fakes] == [1, 1]
