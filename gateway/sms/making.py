"""From `[[sms]]` tables to senders: the one place that knows every kind of provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from gateway.auth.ports import Clock, Entropy
from gateway.auth.sms_ports import Hear
from gateway.settings.phones import HttpSms, OutboxSms, SmppSms, SmtpSms, Way
from gateway.sms.failover import Failover, Line
from gateway.sms.http import HttpSender
from gateway.sms.outbox import OutboxSender
from gateway.sms.provider import Provider
from gateway.sms.smtp import SmtpSender


@dataclass(frozen=True, slots=True)
class Around:
    """What senders need: the time, names for messages, where receipts go and are to be posted."""

    clock: Clock
    entropy: Entropy
    hear: Hear
    receipt_url: Callable[[str], str]


def make_sms(ways: Sequence[Way], around: Around) -> Failover:
    """Return the sender for the `[[sms]]` tables, in their order."""
    return Failover([_line(way, around) for way in ways], around.clock)


def _line(way: Way, around: Around) -> Line:
    timeout_s = way.timeout.total_seconds()
    return Line(way.name, make_provider(way, around), timeout_s, way.countries)


def make_provider(way: Way, around: Around) -> Provider:
    """Return the sender of one table. Raises OSError for a `tls_ca` without a certificate."""
    match way:
        case HttpSms():
            url = around.receipt_url(way.name) if way.receipts else ""
            return HttpSender(way, around.entropy, url)
        case OutboxSms():
            return OutboxSender(way, around.clock)
        case SmtpSms():
            return SmtpSender(way, around.clock)
        case SmppSms():
            # Its library is an extra, which only those install who have an SMSC.
            from gateway.sms.smpp import SmppSender  # noqa: PLC0415

            return SmppSender(way, around.clock, around.hear)


def require_extras(way: Way) -> None:
    """Raise ValueError with the way out when a kind's library is not installed."""
    if isinstance(way, SmppSms) and find_spec("smpp34") is None:
        raise ValueError('the SMPP library is not installed: pip install "portvakt[smpp]"')
