"""The audit, counted on its way: what the logon domain does is in its metrics without its help."""

from __future__ import annotations

from typing import Final

from gateway.auth.ports import Audit, AuditEvent
from gateway.counters import Counters

_BUDGET: Final = "sms-budget"
_COUNTED: Final = {
    "logon.password": "logons",
    "logon.code": "logons",
    "logon.locked": "lockouts",
    "code.sent": "codes_sent",
    "code.failed": "codes_failed",
    "session.opened": "sessions_opened",
    "session.ended": "sessions_ended",
}
"""Events that have a metric of their own, besides `audit_events`."""


class CountedAudit:
    """Implements `gateway.auth.ports.Audit` on another one. What cannot be kept is not counted."""

    def __init__(self, audit: Audit, counters: Counters) -> None:
        self._audit: Final = audit
        self._counters: Final = counters

    def write(self, event: AuditEvent) -> None:
        """Append one event and count it. Raises Unavailable."""
        self._audit.write(event)
        count = self._counters.count
        count("audit_events", event.event, event.outcome)
        family = _COUNTED.get(event.event)
        if family is not None:
            count(family, *_labels(event))
        if event.reason == _BUDGET:
            kind = "notice" if event.event.startswith("notice.") else "code"
            count("messages_refused", kind)

    def ready(self) -> None:
        """Raise Unavailable when events cannot be kept just now."""
        self._audit.ready()


def _labels(event: AuditEvent) -> tuple[str, ...]:
    match event.event:
        case "logon.password" | "logon.code":
            return (event.event.removeprefix("logon."), event.outcome)
        case "session.opened":
            return ()
        case _:  # which lock, which provider, or why
            return (event.reason,)
