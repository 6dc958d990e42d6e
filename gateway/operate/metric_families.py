"""Every metric by name: its kind, what it says, its labels, how workers are put together.

The one list that /metrics, the dashboard in deploy/ and docs/operations.md are tested against.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "portvakt_"


class Kind(enum.Enum):
    """What a number does: only grow, go up and down, or fall into classes."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `most`: every worker counts the same thing, so the highest count is true."""

    name: str
    kind: Kind
    says: str
    labels: tuple[str, ...] = ()
    most: bool = False

    @property
    def shown(self) -> tuple[str, ...]:
        """The names under which a query finds it."""
        name = PREFIX + self.name
        match self.kind:
            case Kind.COUNTER:
                return (f"{name}_total",)
            case Kind.GAUGE:
                return (name,)
            case Kind.HISTOGRAM:
                return (f"{name}_bucket", f"{name}_count", f"{name}_sum")


_C, _G, _H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM

_LISTED: Final = (
    Family(
        "requests",
        _C,
        "Requests by route (host and path in gateway.toml; none: empty) and outcome: allowed, "
        "or the reason why not.",
        ("route", "outcome"),
    ),
    Family("reported", _C, "Requests that only report_only let through.", ("route", "reason")),
    Family(
        "refusals",
        _C,
        "Requests that were refused as such: malformed, too large, too slow, too many, no route, "
        "or without an answer from behind.",
        ("status",),
    ),
    Family(
        "upstream_answers",
        _C,
        "Answers of an upstream by status class (pages: our own).",
        ("upstream", "status"),
    ),
    Family(
        "upstream_failures",
        _C,
        "Requests that an upstream did not answer: 502 not reached or broken off, 503 too many, "
        "504 too late.",
        ("upstream", "status"),
    ),
    Family(
        "upstream_latency_seconds",
        _H,
        "Time from a request's head to its answer's head.",
        ("upstream",),
    ),
    Family("upstream_connections", _G, "Connections to an upstream.", ("upstream", "state")),
    Family("connections", _G, "Open client connections, tunnels apart.", ("kind",)),
    Family("sessions", _G, "Live sessions, counted anew for every scrape."),
    Family("sessions_opened", _C, "Sessions that were opened."),
    Family("sessions_ended", _C, "Sessions that were ended before they ran out.", ("reason",)),
    Family("logons", _C, "Steps of a logon: password or code.", ("step", "outcome")),
    Family("lockouts", _C, "Tries that met a lock: password, code or reset.", ("what",)),
    Family("codes_sent", _C, "One-time passwords that a provider took.", ("provider",)),
    Family("codes_failed", _C, "One-time passwords that did not leave.", ("reason",)),
    Family(
        "receipts",
        _C,
        "What providers told of messages that they had taken: delivered or failed.",
        ("provider", "outcome"),
    ),
    Family("messages_refused", _C, "Messages beyond [sms_budget]: code or notice.", ("kind",)),
    Family(
        "sms_passed_over",
        _G,
        "Workers that pass an SMS provider over because it fails.",
        ("provider",),
    ),
    Family(
        "directory_passed_over",
        _G,
        "Workers that do not ask a directory's server, or ask it last, because it is away.",
        ("server",),
    ),
    Family("audit_events", _C, "Lines of the audit.", ("event", "outcome")),
    Family("audit_failures", _C, "Events that the audit could not keep."),
    Family("references_dropped", _C, "Refusals too many to be kept for explaining."),
    Family("spans", _C, "Spans of traces: sent, failed (not taken) or dropped.", ("outcome",)),
    Family("redis_errors", _C, "Commands that Redis did not answer, or refused."),
    Family(
        "peers",
        _G,
        "Other gateways on this Redis: seen, and of these differing in secret, keys, version or "
        "configuration.",
        ("what",),
        most=True,
    ),
    Family("peers_garbled", _C, "Records of gateways in Redis that were none, ignored.", most=True),
    Family(
        "config_reloads",
        _C,
        "Edits of gateway.toml: applied or rejected.",
        ("outcome",),
        most=True,
    ),
    Family(
        "restarts",
        _C,
        "Processes that ended by themselves and were replaced: worker 0, worker 1 … and keeper.",
        ("process",),
    ),
    Family("workers", _G, "Workers that have shown a sign of life in the last seconds."),
    Family("worker_cpu_seconds", _C, "Processor time of a worker.", ("worker",)),
    Family("worker_memory_bytes", _G, "Resident memory of a worker.", ("worker",)),
    Family(
        "worker_lag_seconds",
        _G,
        "How late a worker's loop was, at most, in the last seconds.",
        ("worker",),
    ),
    Family("ready", _G, "Whether a part of /readyz is well: 1, or 0.", ("part",)),
)

FAMILIES: Final = {family.name: family for family in _LISTED}
