"""Idle and absolute lifetime of a session, on the real clock with short times."""

from __future__ import annotations

import time

import pytest

from tests.system.gateway import running_gateway, running_stub, wait_for
from tests.system.visitor import insider

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_a_session_ends_when_idle_and_in_any_case(tmp_path):
    tables = '[session]\nidle = "2s"\nabsolute = "6s"\n'
    with (
        running_stub(tmp_path) as stub,
        running_gateway(tmp_path, portal=stub.portal, phone=stub.phone, tables=tables) as gateway,
    ):
        gateway.add_user("anna")
        busy, idle = insider(gateway, "anna"), insider(gateway, "anna")
        opened = time.monotonic()
        while time.monotonic() < opened + 3.5:  # longer than `idle`: use keeps it alive
            assert busy.get("/debug/echo").status == 200
        assert idle.get("/debug/echo").status == 302
        token = idle.cookies.get("gateway")
        assert token is not None, "an ended session clears no cookie by itself"
        wait_for(lambda: busy.get("/debug/echo").status == 302, "the absolute end", 6)
        assert time.monotonic() - opened > 4  # it was the absolute end, not the idle one
