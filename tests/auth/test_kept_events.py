"""The audit of the pages keeps what it says no to."""

from __future__ import annotations

import pytest

from gateway.auth.kept_events import KeepingAudit, refused
from gateway.auth.model import Client
from gateway.auth.ports import AuditEvent, Unavailable
from gateway.auth.refusals import Refusals, read_refusal
from gateway.auth.sealing import Sealer
from tests.fakes import FakeClock, FakeEntropy, FakeRefusals, ListAudit
from tests.proxy.parts import plan

pytestmark = pytest.mark.asyncio

SNAPSHOT = plan({"[[upstream]]": "[lockout]\n[[upstream]]"}).snapshot


class Desk:
    def __init__(self) -> None:
        clock = FakeClock()
        self.store = FakeRefusals(clock)
        self.sealer = Sealer(b"0123456789abcdef", FakeEntropy())
        self.refusals = Refusals(self.store, self.sealer, clock)
        self.below = ListAudit()
        settings = SNAPSHOT.settings
        self.audit = KeepingAudit(self.below, self.refusals, clock, settings, SNAPSHOT.digest)

    def write(self, name: str, outcome: str, reason: str = "", user: str = "anna") -> None:
        event = AuditEvent(
            name, "192.0.2.9", "internet", outcome, user, reason=reason, ref="r-1", request_id="r-1"
        )
        self.audit.write(event)

    async def told(self) -> dict[str, object] | None:
        await self.refusals.write_down()
        record = await read_refusal(self.store, self.sealer, "r-1")
        if record is None:
            return None
        assert record["digest"] == SNAPSHOT.digest
        return dict(record["told"])


@pytest.mark.parametrize(
    ("name", "outcome", "reason", "status", "line", "words"),
    [
        ("logon.locked", "locked", "password", 429, 2, "wrong passwords"),
        ("logon.password", "rejected", "unknown-user", 401, None, "no user"),
        ("logon.password", "rejected", "", 401, None, "disabled"),
        ("logon.code", "wrong", "", 401, None, "was wrong"),
        ("access.denied", "denied", "cross-site", 403, None, "another site"),
        ("code.failed", "refused", "beyond-budget", None, None, ""),
    ],
)
async def test_a_refusal_is_kept_with_its_reason(
    name: str, outcome: str, reason: str, status: int | None, line: int | None, words: str
) -> None:
    desk = Desk()
    desk.write(name, outcome, reason)
    told = await desk.told()
    assert told is not None
    answer = told["outcome"]
    assert isinstance(answer, dict)
    assert (answer["status"], answer["line"]) == (status, line)
    assert answer["reason"] == (reason or outcome)
    assert words in answer["words"]
    assert told["user"] == {
        "name": "anna", "enabled": None, "groups": None, "has_mobile": None,
    }  # fmt: skip
    assert [one.event for one in desk.below.events] == [name]


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("logon.password", "right"), ("session.opened", "opened"), ("code.sent", "sent")],
)
async def test_what_went_well_is_not_kept(name: str, outcome: str) -> None:
    desk = Desk()
    desk.write(name, outcome)
    assert await desk.told() is None


async def test_nothing_is_kept_of_what_could_not_be_written() -> None:
    desk = Desk()
    desk.below.full = True
    with pytest.raises(Unavailable):
        desk.audit.ready()
    with pytest.raises(Unavailable):
        desk.write("logon.password", "rejected")
    assert await desk.told() is None


async def test_what_is_only_kept_is_not_written() -> None:
    desk = Desk()
    client = Client("192.0.2.9", "internet", "r-1")
    desk.audit.keep(refused(client, "logon.password", "rejected", "empty", "/.gateway/logon"))
    told = await desk.told()
    assert told is not None
    assert isinstance(told["outcome"], dict)
    assert told["outcome"]["words"] == "User name or password was left empty."
    assert told["user"] is None
    assert desk.below.events == []
