"""A worker that is told to end still sends what its answers have promised."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.gateway import INSIDE, PASSWORD, running_gateway
from tests.system.sms_peer import sms_peer
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow]

ACCOUNT, LOGON, RESET = "/.gateway/account", "/.gateway/logon", "/.gateway/reset"
ASKS, LOGS_ON, CHANGES = "+46702000001", "+46702000002", "+46702000003"


def test_no_message_is_lost_when_the_gateway_stops(tmp_path: Path) -> None:
    with (
        sms_peer() as peer,
        running_gateway(
            tmp_path, portal="http://127.0.0.1:1", phone=peer.url, listen="workers = 2"
        ) as gateway,
    ):
        people = {"asks": ASKS, "logson": LOGS_ON, "changes": CHANGES}
        gateway.add_users(*(f"{name},Pia Ek,{number}," for name, number in people.items()))
        inside, outside = Visitor(gateway, INSIDE), Visitor(gateway)
        inside.log_on("changes")
        change = inside.get(ACCOUNT).form_to(ACCOUNT) | {
            "mobile": CHANGES, "current_password": PASSWORD,
            "new_password": "Kvm4dripz7", "confirm_password": "Kvm4dripz7",
        }  # fmt: skip
        logon = outside.get(LOGON).form_to(LOGON) | {"username": "logson", "password": PASSWORD}
        reset = outside.get(RESET).form_to(RESET) | {"username": "asks"}
        assert outside.post(RESET, reset).status == 303
        assert inside.post(ACCOUNT, change).status == 303
        assert outside.post(LOGON, logon).status == 303
        assert gateway.stop() == 0
        assert {number: len(peer.messages(number)) for number in people.values()} == {
            ASKS: 1, LOGS_ON: 1, CHANGES: 1,
        }  # fmt: skip
        sent = [line["event"] for line in gateway.audit() if line["outcome"] == "sent"]
        assert sorted(sent) == ["code.sent", "code.sent", "notice.password-changed"]
