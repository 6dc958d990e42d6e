"""gateway/sms/making.py: each table gets the sender of its kind, in their order."""

from pathlib import Path

import pytest

from gateway.settings.phones import OutboxSms
from gateway.sms.making import make_sms
from tests.fakes import FakeClock
from tests.sms.conftest import MOBILE, TEXT, Misbehaving

pytestmark = pytest.mark.asyncio


async def test_made_of_settings_in_their_order(server: Misbehaving, tmp_path: Path) -> None:
    outbox = OutboxSms(name="file", path=tmp_path / "o")
    sms = make_sms([server.settings("broken", name="net"), outbox], FakeClock())
    try:
        assert (await sms.send(MOBILE, TEXT)).provider == "file"
    finally:
        await sms.close()
    assert len(server.seen) == 1
    assert (tmp_path / "o").read_text().count("\n") == 1
