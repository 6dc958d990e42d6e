"""Limits laxer than NIST SP 800-63B asks for, and more workers than there are cores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from gateway.settings.branding import NAMES
from gateway.settings.dangers.finding import Finding
from gateway.settings.model import Settings
from gateway.settings.problems import closest, show
from gateway.settings.units import format_duration

_IDLE: Final = timedelta(hours=1)  # NIST SP 800-63B-4 section 2.2.3 (AAL2)
_ABSOLUTE: Final = timedelta(hours=24)
_PASSWORD: Final = 7  # the source document
_NIST_PASSWORD: Final = 8  # NIST SP 800-63B-4 section 3.1.1.2
_FAILURES: Final = 100  # NIST SP 800-63B-4 section 3.2.2


def sessions(settings: Settings) -> Iterator[Finding]:
    """Sessions longer than NIST SP 800-63B allows with a second factor."""
    for key, value, most in (
        ("idle", settings.session.idle, _IDLE),
        ("absolute", settings.session.absolute, _ABSOLUTE),
    ):
        if value > most:
            found = f"{show(format_duration(value))}: a session left open stays open"
            expected = f"at most {show(format_duration(most))} (NIST 800-63B)"
            yield Finding(("session", key), found, expected, is_hint=True)


def passwords(settings: Settings) -> Iterator[Finding]:
    """Passwords shorter than the portal's own instructions ask; a hint where NIST asks for more."""
    least = settings.password.min_length
    if least < _NIST_PASSWORD:
        is_hint = least >= _PASSWORD
        what = "the instructions ask no more, NIST does" if is_hint else "soon guessed"
        expected = f"{_NIST_PASSWORD} at least, 15 where no code is asked for (NIST 800-63B)"
        yield Finding(("password", "min_length"), f"{least}: {what}", expected, is_hint=is_hint)


def failures(settings: Settings) -> Iterator[Finding]:
    """More guesses at one account than NIST SP 800-63B allows in a row."""
    lockout = settings.lockout
    for key, most in (
        ("user_and_address", lockout.user_and_address.count),
        ("user", lockout.user.count),
        ("codes_per_day", lockout.codes_per_day),
    ):
        if most > _FAILURES:
            found = f"{most} failures of one user before anything is locked"
            expected = f"at most {_FAILURES} (NIST 800-63B)"
            yield Finding(("lockout", key), found, expected, is_hint=True)


def workers(settings: Settings, cores: int) -> Iterator[Finding]:
    """More processes than can run at once."""
    wanted = settings.listen.workers
    if wanted > cores:
        found = f"{wanted} workers on {cores} core{'' if cores == 1 else 's'}"
        yield Finding(("listen", "workers"), found, f'at most {cores}, or "auto"', is_hint=True)


def branding(settings: Settings) -> Iterator[Finding]:
    """Files that somebody may take for part of the look."""
    for name in settings.branding.own.unread:
        found = f"{show(name)} in it, which is not read"
        meant = closest(name, NAMES) or f"one of {', '.join(NAMES)}"
        yield Finding(("branding", "directory"), found, f"{meant}, or another place for it")
