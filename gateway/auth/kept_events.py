"""The audit of the pages, which also keeps what it says no to: a reference explains it for a day.

The audit knows the reason that nobody is told (no such user, disabled), so what is kept is what
`portvakt explain REF` tells an operator, never what a page says.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from gateway.auth.model import Client
from gateway.auth.ports import Audit, AuditEvent, Clock
from gateway.auth.refusals import Record, Refusals
from gateway.settings.model import Settings
from policies.moments import timestamp

_STATUS: Final = {
    "rejected": 401,
    "wrong": 401,
    "wrong-code": 401,
    "no-session": 401,
    "locked": 429,
    "denied": 403,
    "stopped": 403,
    "refused": None,
}
"""The outcomes of events that end in a no, and the status of the page; None: it depends."""
_WORDS: Final = {
    ("logon.password", "unknown-user"): "There is no user of that name.",
    ("logon.password", "empty"): "User name or password was left empty.",
    ("logon.password", ""): "The password was wrong, or the account is disabled.",
    ("logon.code", ""): "The one-time password was wrong.",
    ("logon.code", "no-number"): "A code is needed there, and no mobile number is known.",
    ("logon.code", "disabled"): "The account is disabled.",
    ("logon.code", "directory-changed"): "Number, password or account changed meanwhile.",
    ("logon.locked", "password"): "Too many wrong passwords: nothing is judged for a while.",
    ("logon.locked", "code"): "Too many wrong one-time passwords: nothing is judged for a while.",
    ("logon.locked", "reset"): "Too many tries: no reset is begun for a while.",
    ("access.denied", "cross-site"): "The form was posted by a page of another site.",
    ("access.denied", "stale-form"): "The form was too old, or of another browser or session.",
    ("access.denied", "unreadable-form"): "The form could not be read.",
    ("logon.loop", "*"): "The browser came back to the logon again and again, so it was stopped.",
    ("session.asked", "no-session"): "Nobody is logged on.",
}
_OWN_PAGES: Final = {
    "path": "/.gateway/",
    "host": None,
    "upstream": None,
    "line": None,
    "public": True,
    "kind": "page",
    "report_only": False,
}
_LINES: Final = {"logon.locked": ("lockout",), "code.failed": ("sms_budget",)}
"""Where gateway.toml speaks of what an event is about."""


def refused(client: Client, event: str, outcome: str, reason: str, page: str) -> AuditEvent:
    """Return what is only kept: refused at `page` before anything was judged, so not audited."""
    return AuditEvent(
        event=event,
        client=client.address,
        network=client.network,
        outcome=outcome,
        route=page,
        reason=reason,
        ref=client.request_id,
        request_id=client.request_id,
    )


class KeepingAudit:
    """Writes to `audit`, and keeps refusals under one configuration."""

    def __init__(
        self, audit: Audit, refusals: Refusals, clock: Clock, settings: Settings, digest: str
    ) -> None:
        self._audit: Final = audit
        self._refusals: Final = refusals
        self._clock: Final = clock
        self._settings: Final = settings
        self._digest: Final = digest

    def write(self, event: AuditEvent) -> None:
        """Append one event; keep it when it is a refusal. Raises Unavailable."""
        self._audit.write(event)
        self.keep(event)

    def ready(self) -> None:
        """Raise Unavailable when events cannot be written just now."""
        self._audit.ready()

    def keep(self, event: AuditEvent) -> None:
        """Keep an event when it is a refusal that somebody was given a reference to."""
        if event.outcome in _STATUS and event.ref:
            tell = partial(self._recount, event, self._clock.now())
            self._refusals.note(event.ref, event.user, event.client, tell)

    def _recount(self, event: AuditEvent, now: float) -> Record:
        return {"digest": self._digest, "told": self._told(event, now), "again": None}

    def _told(self, event: AuditEvent, now: float) -> dict[str, Any]:
        """Return the document of an explanation as far as an event knows it."""
        lines = self._settings.lines
        place = _LINES.get(event.event)
        request = {"method": None, "host": None, "target": event.route or None, "from": None}
        user = {"name": event.user, "enabled": None, "groups": None, "has_mobile": None}
        client: dict[str, Any] = {
            "address": event.client,
            "hops": [],
            "not_believed": [],
            "trusted_proxies_line": lines.find(("listen", "trusted_proxies")),
            "network": event.network,
            "network_line": lines.find(("networks", event.network)),
        }
        words = _WORDS.get((event.event, event.reason)) or _WORDS.get((event.event, "*"), "")
        return {
            "request": request | {"time": timestamp(now)},
            "client": client,
            "route": _OWN_PAGES | {"path": event.route or _OWN_PAGES["path"]},
            "user": user if event.user else None,
            "conditions": [],
            "factor": None,
            "limiter": {"known": False, "counters": []},
            "outcome": {
                "decision": event.event,
                "reason": event.reason or event.outcome,
                "reported": None,
                "status": _STATUS[event.outcome],
                "location": None,
                "upstream": None,
                "line": None if place is None else lines.find(place),
                "routes": [],
                "words": words,
            },
        }
