"""gateway/auth/audit.py: one shape for every line; without the audit nobody gets in."""

from __future__ import annotations

import pytest

from gateway.auth.audit import note, note_done
from gateway.auth.model import Client
from gateway.auth.ports import AuditEvent, Unavailable
from tests.auth.support import INSIDE, LoginScript
from tests.fakes import ListAudit

CLIENT = Client("203.0.113.9", "internet", "request-1", "sv")


def test_a_note_says_who_what_and_from_where() -> None:
    audit = ListAudit()
    note(audit, "logon.code", CLIENT, "refused", "anna", "no-number")
    assert audit.events == [
        AuditEvent(
            event="logon.code",
            client="203.0.113.9",
            network="internet",
            outcome="refused",
            user="anna",
            reason="no-number",
            ref="request-1",
            request_id="request-1",
        )
    ]


def test_a_megabyte_of_user_name_is_cut() -> None:
    audit = ListAudit()
    note(audit, "logon.password", CLIENT, "rejected", "a" * 10**6)
    assert len(audit.events[0].user) == 128


def test_what_is_done_is_not_stopped_by_a_full_disk() -> None:
    audit = ListAudit()
    audit.full = True
    note_done(audit, "session.ended", CLIENT, "ended", "anna")
    with pytest.raises(Unavailable):
        note(audit, "logon.password", CLIENT, "right", "anna")


@pytest.mark.asyncio
async def test_on_a_full_disk_nobody_logs_on_but_everybody_may_log_off() -> None:
    script = LoginScript()
    script.go(INSIDE)
    await script.password()
    assert await script.whoami()
    script.audit.full = True
    token = script.browser.session
    await script.logon.log_off(token, INSIDE)
    assert await script.whoami() is None
    with pytest.raises(Unavailable, match="audit"):
        await script.password()
    assert not script.memory.kept, "no session was opened"


@pytest.mark.asyncio
async def test_on_a_full_disk_nothing_is_changed() -> None:
    script = LoginScript()
    script.go(INSIDE)
    await script.password()
    before = dict(script.directory.people), dict(script.directory.passwords)
    script.audit.full = True
    for wish in ({"mobile": "0709999999"}, {"new": "Ny4tLosen"}):
        with pytest.raises(Unavailable, match="audit"):
            await script.change(**wish)
    assert (script.directory.people, script.directory.passwords) == before
    assert await script.whoami(), "and nobody is logged off by it"
