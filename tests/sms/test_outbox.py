"""gateway/sms/outbox.py: one JSON object a line, in a file nobody else reads."""

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest

from gateway.auth.ports import Unavailable
from gateway.auth.sms_ports import Taken
from gateway.settings.phones import OutboxSms
from gateway.sms.outbox import OutboxSender

pytestmark = pytest.mark.asyncio


class At:
    def now(self) -> float:
        return 1700000000.1234


def sender(path: Path) -> OutboxSender:
    return OutboxSender(OutboxSms(name="outbox", path=path), At())


async def test_one_line_a_message(tmp_path: Path) -> None:
    outbox = sender(tmp_path / "outbox.jsonl")
    assert await outbox.send("+46701234567", "123456 är\nkoden") == Taken("outbox")
    await outbox.send("+46701234568", "654321")
    await outbox.close()
    lines = (tmp_path / "outbox.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"time": 1700000000.123, "mobile": "+46701234567", "text": "123456 är\nkoden"},
        {"time": 1700000000.123, "mobile": "+46701234568", "text": "654321"},
    ]


async def test_messages_at_once_stay_whole(tmp_path: Path) -> None:
    outbox = sender(tmp_path / "o")
    await asyncio.gather(*(outbox.send("+1", str(number) * 50) for number in range(50)))
    texts = [json.loads(line)["text"] for line in (tmp_path / "o").read_text().splitlines()]
    assert sorted(texts) == sorted(str(number) * 50 for number in range(50))


@pytest.mark.parametrize("before", [None, 0o644, 0o666])
async def test_only_the_owner_may_read(tmp_path: Path, before: int | None) -> None:
    path = tmp_path / "o"
    if before is not None:
        path.touch()
        path.chmod(before)
    umask = os.umask(0)
    try:
        await sender(path).send("+1", "x")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_what_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    for path in (tmp_path / "absent" / "o", tmp_path):
        with pytest.raises(Unavailable, match=r"\Asms outbox\Z"):
            await sender(path).send("+1", "secret")


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "o").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable):
        await sender(tmp_path / "o").send("+1", "secret")
    assert not (tmp_path / "elsewhere").exists()
