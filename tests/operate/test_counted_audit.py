"""gateway/operate/counted_audit.py: what is written down is counted."""

from __future__ import annotations

import pytest

from gateway.auth.ports import AuditEvent, Unavailable
from gateway.counters import Counters
from gateway.operate.counted_audit import CountedAudit
from gateway.operate.metric_families import FAMILIES
from tests.fakes import ListAudit

EVENTS = [
    ("logon.password", "right", "", ("logons", ("password", "right"))),
    ("logon.code", "wrong", "", ("logons", ("code", "wrong"))),
    ("logon.locked", "locked", "password", ("lockouts", ("password",))),
    ("code.sent", "sent", "http-1", ("codes_sent", ("http-1",))),
    ("code.failed", "failed", "timeout", ("codes_failed", ("timeout",))),
    ("code.failed", "refused", "sms-budget", ("messages_refused", ("code",))),
    ("notice.password-reset", "refused", "sms-budget", ("messages_refused", ("notice",))),
    ("session.opened", "opened", "pwd+otp", ("sessions_opened", ())),
    ("session.ended", "ended", "replaced", ("sessions_ended", ("replaced",))),
    ("access.denied", "denied", "group-missing", ("audit_events", ("access.denied", "denied"))),
]


@pytest.mark.parametrize(("name", "outcome", "reason", "counted"), EVENTS)
def test_an_event_counts_under_its_own_name_too(name, outcome, reason, counted) -> None:
    inner, counters = ListAudit(), Counters()
    audit = CountedAudit(inner, counters)
    audit.write(AuditEvent(name, "192.0.2.7", "internet", outcome, "anna", reason=reason))
    assert [event.event for event in inner.events] == [name]
    assert counters.values[counted] == 1
    assert counters.values[("audit_events", (name, outcome))] == 1
    for family, labels in counters.values:
        assert len(labels) == len(FAMILIES[family].labels)
        assert "anna" not in labels


def test_what_cannot_be_kept_is_told_and_not_counted() -> None:
    inner, counters = ListAudit(), Counters()
    audit = CountedAudit(inner, counters)
    audit.ready()
    inner.full = True
    with pytest.raises(Unavailable):
        audit.write(AuditEvent("logon.password", "", "", "right"))
    with pytest.raises(Unavailable):
        audit.ready()
    assert counters.values == {}
