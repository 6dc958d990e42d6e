"""gateway/sms/making.py: each table gets the sender of its kind, in their order."""

from pathlib import Path

import pytest

from gateway.settings.model import Secret
from gateway.settings.phones import OutboxSms, SmppSms
from gateway.sms import making
from gateway.sms.making import Around, make_sms, require_extras
from tests.fakes import FakeClock, FakeEntropy
from tests.sms.conftest import MOBILE, TEXT, Misbehaving

AROUND = Around(FakeClock(), FakeEntropy(), lambda _: None, lambda name: f"https://x/{name}")


@pytest.mark.asyncio
async def test_made_of_settings_in_their_order(server: Misbehaving, tmp_path: Path) -> None:
    outbox = OutboxSms(name="file", path=tmp_path / "o")
    sms = make_sms([server.settings("broken", name="net"), outbox], AROUND)
    try:
        assert (await sms.send(MOBILE, TEXT)).provider == "file"
    finally:
        await sms.close()
    assert len(server.seen) == 1
    assert (tmp_path / "o").read_text().count("\n") == 1


def test_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    smsc = SmppSms(
        name="smsc", host="h", port=1, tls=True, username="u", password=Secret("p"),
        system_type="", sender="A",
    )  # fmt: skip
    require_extras(smsc)
    monkeypatch.setattr(making, "find_spec", lambda _: None)
    require_extras(OutboxSms(name="o", path=tmp_path / "o"))
    with pytest.raises(ValueError, match=r"portvakt\[smpp\]"):
        require_extras(smsc)
