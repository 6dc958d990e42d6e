"""From `[[sms]]` tables to senders: the one place that knows every kind of provider."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.auth.ports import Clock
from gateway.settings.phones import HttpSms, OutboxSms, SmtpSms, Way
from gateway.sms.failover import Failover, Line
from gateway.sms.http import HttpSender
from gateway.sms.outbox import OutboxSender
from gateway.sms.provider import Provider
from gateway.sms.smtp import SmtpSender


def make_sms(ways: Sequence[Way], clock: Clock) -> Failover:
    """Return the sender for the `[[sms]]` tables, in their order."""
    return Failover([_line(way, clock) for way in ways], clock)


def _line(way: Way, clock: Clock) -> Line:
    timeout_s = way.timeout.total_seconds()
    return Line(way.name, make_provider(way, clock), timeout_s, way.countries)


def make_provider(way: Way, clock: Clock) -> Provider:
    """Return the sender of one table. Raises OSError for a `tls_ca` without a certificate."""
    match way:
        case HttpSms():
            return HttpSender(way)
        case OutboxSms():
            return OutboxSender(way, clock)
        case SmtpSms():
            return SmtpSender(way, clock)
