"""From `[[sms]]` tables to senders: the one place that knows every kind of provider."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from gateway.auth.ports import Clock
from gateway.auth.sms_ports import Hear
from gateway.settings.phones import HttpSms, OutboxSms, SmppSms, SmtpSms, Way
from gateway.sms.failover import Failover, Line
from gateway.sms.http import HttpSender
from gateway.sms.outbox import OutboxSender
from gateway.sms.provider import Provider
from gateway.sms.smtp import SmtpSender


def make_sms(ways: Sequence[Way], clock: Clock, hear: Hear) -> Failover:
    """Return the sender for the `[[sms]]` tables, in their order."""
    return Failover([_line(way, clock, hear) for way in ways], clock)


def _line(way: Way, clock: Clock, hear: Hear) -> Line:
    timeout_s = way.timeout.total_seconds()
    return Line(way.name, make_provider(way, clock, hear), timeout_s, way.countries)


def make_provider(way: Way, clock: Clock, hear: Hear) -> Provider:
    """Return the sender of one table. Raises OSError for a `tls_ca` without a certificate."""
    match way:
        case HttpSms():
            return HttpSender(way)
        case OutboxSms():
            return OutboxSender(way, clock)
        case SmtpSms():
            return SmtpSender(way, clock)
        case SmppSms():
            # Its library is an extra, which only those install who have an SMSC.
            from gateway.sms.smpp import SmppSender  # noqa: PLC0415

            return SmppSender(way, clock, hear)


def require_extras(way: Way) -> None:
    """Raise ValueError with the way out when a kind's library is not installed."""
    if isinstance(way, SmppSms) and find_spec("smpp34") is None:
        raise ValueError('the SMPP library is not installed: pip install "portvakt[smpp]"')
