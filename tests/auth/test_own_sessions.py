from __future__ import annotations

import pytest

from gateway.auth.own_sessions import OwnSessions
from gateway.auth.sealing import key_name
from gateway.auth.session_list import SessionList
from tests.auth.support import ANNA, BO, INSIDE, OUTSIDE, LoginScript, make_settings

pytestmark = pytest.mark.asyncio


async def test_own_sessions_are_seen_and_ended_from_another_one() -> None:
    script = LoginScript()
    listing = SessionList(script.memory, script.sealer, make_settings().session, script.clock)
    own = OwnSessions(script.sessions, listing)
    office, phone, tablet = [
        await script.sessions.open(ANNA, ("pwd",), INSIDE, None) for _ in range(3)
    ]
    other = await script.sessions.open(BO, ("pwd",), OUTSIDE, None)
    live = await script.sessions.resolve(office.encode())
    assert live is not None
    first, *rest = await own.view(live.record, office)
    assert first.is_this
    assert first.listed.key == key_name(office.encode())
    assert [one.listed.key for one in rest] == [key_name(t.encode()) for t in (tablet, phone)]
    assert not any(one.is_this for one in rest)

    assert await own.end(live.record, key_name(phone.encode()), INSIDE)
    assert not await own.end(live.record, key_name(other.encode()), INSIDE)
    assert await own.end_others(live.record, office, INSIDE) == 1
    assert [one.is_this for one in await own.view(live.record, office)] == [True]
    assert await script.sessions.resolve(other.encode()) is not None
    reasons = [one.reason for one in script.audit.events if one.event == "session.ended"]
    assert reasons == ["ended-by-user", "ended-by-user"]
