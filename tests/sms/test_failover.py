"""gateway/sms/failover.py: in order, once each, and silent about what was sent."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.auth.ports import Unavailable
from gateway.settings.model import OutboxSms
from gateway.sms.failover import Failover, make_sms
from tests.sms.conftest import MOBILE, TEXT, Misbehaving

pytestmark = pytest.mark.asyncio


@dataclass
class Fake:
    name: str
    works: bool
    calls: list[tuple[str, str]] = field(default_factory=list)
    closed: int = 0

    async def send(self, mobile: str, text: str) -> str:
        self.calls.append((mobile, text))
        if not self.works:
            raise Unavailable(f"sms {self.name}")
        return self.name

    async def close(self) -> None:
        self.closed += 1


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
    sms = Failover(fakes)
    if sent_by is None:
        with pytest.raises(Unavailable, match=r"\Asms\Z"):
            await sms.send(MOBILE, TEXT)
    else:
        assert await sms.send(MOBILE, TEXT) == sent_by
    assert tuple(len(fake.calls) for fake in fakes) == asked
    assert MOBILE not in caplog.text
    assert TEXT not in caplog.text


async def test_a_fault_of_ours_is_not_swallowed() -> None:
    class Faulty(Fake):
        async def send(self, mobile: str, text: str) -> str:
            raise ZeroDivisionError

    second = Fake("second", works=True)
    with pytest.raises(ZeroDivisionError):
        await Failover([Faulty("first", works=True), second]).send(MOBILE, TEXT)
    assert second.calls == []


async def test_made_of_settings_in_their_order(server: Misbehaving, tmp_path: Path) -> None:
    class At:
        def now(self) -> float:
            return 0.0

    outbox = OutboxSms(name="file", path=tmp_path / "o")
    sms = make_sms([server.settings("broken", name="net"), outbox], At())
    try:
        assert await sms.send(MOBILE, TEXT) == "file"
    finally:
        await sms.close()
    assert len(server.seen) == 1
    assert (tmp_path / "o").read_text().count("\n") == 1


async def test_closing_closes_all() -> None:
    fakes = [Fake("a", works=True), Fake("b", works=False)]
    await Failover(fakes).close()
    assert [fake.closed for fake in fakes] == [1, 1]
