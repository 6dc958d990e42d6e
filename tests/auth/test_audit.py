"""gateway/auth/audit.py: one shape for every line."""

from __future__ import annotations

from gateway.auth.audit import note
from gateway.auth.model import Client
from gateway.auth.ports import AuditEvent
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
            request_id="request-1",
        )
    ]


def test_a_megabyte_of_user_name_is_cut() -> None:
    audit = ListAudit()
    note(audit, "logon.password", CLIENT, "rejected", "a" * 10**6)
    assert len(audit.events[0].user) == 128
