"""gateway/receipts.py: a secret for each provider, and only so many receipts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway import receipts
from gateway.auth.deliveries import Deliveries
from gateway.auth.sealing import Sealer
from gateway.auth.sms_ports import Taken
from gateway.receipts import PostedReceipts, receipt_secret, receipt_url
from gateway.settings.phones import Dialect, HttpSms
from tests.auth.support import SECRET, make_settings
from tests.fakes import FakeClock, FakeDeliveries, FakeEntropy, FakeStore

pytestmark = pytest.mark.asyncio

MOBILE = "+46701234567"
ELKS = HttpSms(name="elks", url="http://x/", dialect=Dialect.ELKS, receipts=True)
QUIET = replace(ELKS, name="quiet", receipts=False)
SEALER = Sealer(SECRET, FakeEntropy())
YES = {"id": "s1", "status": "delivered"}


def posted() -> tuple[PostedReceipts, Deliveries]:
    clock = FakeClock()
    deliveries = Deliveries(FakeDeliveries(clock), SEALER, clock)
    settings = replace(make_settings(), sms=(ELKS, QUIET))
    return PostedReceipts(settings, SEALER, FakeStore(clock), deliveries, clock), deliveries


async def test_what_is_posted_to_its_address_is_kept() -> None:
    receiving, deliveries = posted()
    await deliveries.sent(MOBILE, Taken("elks", ("s1",)), 0.0)
    url = receipt_url(make_settings(), SEALER, "elks")
    assert url.startswith("https://portal.example.se:8443/.gateway/receipts/elks/")
    assert await receiving.hear("elks", url.rpartition("/")[2], YES)
    (one,) = await deliveries.of(MOBILE)
    assert one.state == "delivered"
    assert await receiving.hear("elks", url.rpartition("/")[2], {"odd": "form"})


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("elks", ""),
        ("elks", "å"),
        ("elks", receipt_secret(SEALER, "elks")[:-1]),
        ("elks", receipt_secret(SEALER, "quiet")),
        ("quiet", receipt_secret(SEALER, "quiet")),  # was never asked for receipts
        ("nobody", receipt_secret(SEALER, "nobody")),
    ],
)
async def test_nobody_else_is_heard(name: str, secret: str) -> None:
    receiving, deliveries = posted()
    await deliveries.sent(MOBILE, Taken(name, ("s1",)), 0.0)
    assert await receiving.hear(name, secret, YES) is False
    (one,) = await deliveries.of(MOBILE)
    assert one.state == "sent"


async def test_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "_MOST", 3)
    receiving, _ = posted()
    secret = receipt_secret(SEALER, "elks")
    heard = [await receiving.hear("elks", secret, {**YES, "id": f"s{n}"}) for n in range(4)]
    assert heard == [True, True, True, None]
