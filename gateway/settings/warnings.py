"""What gateway.toml may say but seldom should: each warning names the danger and the way out.

A warning is a `Problem` that stops nothing. Looks at the modes of the files named; no other I/O.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.settings.addresses import is_loopback
from gateway.settings.branding import NAMES
from gateway.settings.model import HttpSms, OutboxSms, Settings
from gateway.settings.positions import KeyPath, render
from gateway.settings.problems import Problem, closest, show
from gateway.settings.units import format_duration
from policies.factors import CORPORATE, SecondFactor
from policies.networks import NetworkTable, parse_network

_IDLE: Final = timedelta(hours=1)  # NIST SP 800-63B-4 section 2.2.3 (AAL2)
_ABSOLUTE: Final = timedelta(hours=24)
_PASSWORD: Final = 7
_BROAD: Final = {4: 16, 6: 48}
_OTHERS: Final = stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP

_Finding = tuple[KeyPath, str, str]


def warnings(settings: Settings) -> list[Problem]:
    """Return what is legal but unsafe, by line of the file."""
    problems = [
        Problem(settings.lines.of(path), render(path), found, expected)
        for check in _CHECKS
        for path, found, expected in check(settings)
    ]
    return sorted(problems, key=lambda problem: problem.line)


def _is_local(settings: Settings) -> bool:
    return is_loopback(settings.public_url.host)


def _plain_text(settings: Settings) -> Iterator[_Finding]:
    """Passwords and codes that travel unencrypted."""
    if not settings.public_url.is_https and not _is_local(settings):
        found = f"{show(settings.public_url.origin)}: passwords travel unencrypted"
        yield ("public_url",), found, "https://…"
    for index, way in enumerate(settings.sms):
        if not isinstance(way, HttpSms):
            continue
        url = urlsplit(way.url)
        if url.scheme == "http" and not is_loopback(url.hostname or ""):
            found = "an http URL: codes and numbers travel unencrypted"
            yield ("sms", index, "url"), found, "https://…"


def _listeners(settings: Settings) -> Iterator[_Finding]:
    """Who can reach what, and whose word is taken."""
    if not is_loopback(settings.admin.host):
        found = f"{show(settings.admin.host)}: metrics and health are open to the network"
        yield ("admin", "address"), found, "a loopback address, or close the port to strangers"
    listen = settings.listen
    behind = settings.public_url.is_https and listen.tls is None
    if behind and not listen.trusted_proxies:
        found = "no trusted proxy, though something in front must end TLS"
        expected = "that proxy's network: else every visitor has its address"
        yield ("listen", "trusted_proxies"), found, expected
    for index, text in enumerate(listen.trusted_proxies):
        network = parse_network(text)
        if network.prefix < _BROAD[network.version]:
            expected = "the proxies' own addresses only"
            found = f"{show(text)}: each machine in it may claim any address"
            yield ("listen", "trusted_proxies", index), found, expected


def _loopback_is_corporate(settings: Settings) -> Iterator[_Finding]:
    """Visitors whom a proxy on this machine would make corporate."""
    table = NetworkTable.compile(dict(settings.networks))
    inside = [name for name in ("127.0.0.1", "::1") if table.name_of(name) == CORPORATE]
    if inside and not _is_local(settings):
        found = f"this machine ({inside[0]}): what a local proxy sends may pass as corporate"
        yield ("networks", CORPORATE), found, "networks of people only"


def _readable_files(settings: Settings) -> Iterator[_Finding]:
    """Keys that other users of this machine can read."""
    files: list[tuple[KeyPath, Path]] = []
    if settings.secret_key_file is not None:
        files.append((("secrets", "key"), settings.secret_key_file))
    if settings.listen.tls is not None:
        files.append((("listen", "tls", "key"), settings.listen.tls.key))
    for path, file in files:
        mode = _mode(file)
        # A group may own a key (Debian's ssl-cert); everybody may not.
        if mode & _OTHERS:
            found = f"{file} with mode {mode:04o}: others on this machine can read or change it"
            yield path, found, f"chmod 600 {file}"


def _mode(file: Path) -> int:
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except OSError:
        return 0


def _phones(settings: Settings) -> Iterator[_Finding]:
    """Codes that reach nobody, or too many."""
    if not settings.sms:
        found = "no way to a phone: nobody outside corporate can log on"
        yield ("sms",), found, 'a [[sms]] with kind = "http"'
    for index, way in enumerate(settings.sms):
        if isinstance(way, OutboxSms) and not _is_local(settings):
            found = '"outbox": codes are written to a file and reach no phone'
            yield ("sms", index, "kind"), found, '"http"'


def _sessions(settings: Settings) -> Iterator[_Finding]:
    """Sessions longer than NIST SP 800-63B allows with a second factor."""
    for key, value, most in (
        ("idle", settings.session.idle, _IDLE),
        ("absolute", settings.session.absolute, _ABSOLUTE),
    ):
        if value > most:
            found = f"{show(format_duration(value))}: a session left open stays open"
            yield ("session", key), found, f"at most {show(format_duration(most))} (NIST 800-63B)"


def _passwords(settings: Settings) -> Iterator[_Finding]:
    """Passwords shorter than the portal's own instructions ask."""
    least = settings.password.min_length
    if least < _PASSWORD:
        found = f"{least}: so short a password is soon guessed"
        yield ("password", "min_length"), found, f"{_PASSWORD} at least; NIST 800-63B asks for 8"


def _branding(settings: Settings) -> Iterator[_Finding]:
    """Files that somebody may take for part of the look."""
    for name in settings.branding.own.unread:
        found = f"{show(name)} in it, which is not read"
        meant = closest(name, NAMES) or f"one of {', '.join(NAMES)}"
        yield ("branding", "directory"), found, f"{meant}, or another place for it"


def _routes(settings: Settings) -> Iterator[_Finding]:
    """Doors without a lock."""
    for index, route in enumerate(settings.routes):
        if route.public and route.path == "/":
            found = "a public route for everything: nobody has to log on"
            yield ("route", index, "public"), found, "false, or a longer path"
        if route.second_factor is SecondFactor.NEVER and not route.public:
            found = '"never": a password alone opens this from the internet'
            yield ("route", index, "second_factor"), found, '"outside-corporate" or "always"'
        if route.report_only:
            found = "true: its conditions keep nobody out, everybody logged on may pass"
            yield (
                ("route", index, "report_only"),
                found,
                "false, once the audit has told whom they meet",
            )


_CHECKS: Final[tuple[Callable[[Settings], Iterator[_Finding]], ...]] = (
    _plain_text,
    _listeners,
    _loopback_is_corporate,
    _readable_files,
    _phones,
    _sessions,
    _passwords,
    _branding,
    _routes,
)
