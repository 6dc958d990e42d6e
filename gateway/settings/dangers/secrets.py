"""Dangers to secrets: files that others can read, and secrets that stand in gateway.toml itself.

Looks at the modes of files; no other I/O.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.settings.dangers.finding import Finding
from gateway.settings.model import Secret, Settings
from gateway.settings.phones import HttpSms, OutboxSms
from gateway.settings.positions import KeyPath

_OTHERS: Final = stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP
_NOT_US: Final = stat.S_IRWXG | stat.S_IRWXO
_TELLING: Final = re.compile(r"key|token|secret|auth|password|cookie", re.IGNORECASE)

_Named = tuple[KeyPath, Secret]


def readable_files(settings: Settings) -> Iterator[Finding]:
    """Secrets in files that other users of this machine can read."""
    mode = _mode(settings.state_dir)
    if mode & _NOT_US:
        found = f"{settings.state_dir} with mode {mode:04o}: keys, users and codes lie in it"
        yield Finding(("state_dir",), found, f"chmod 700 {settings.state_dir}")
    for path, file in _files(settings):
        mode = _mode(file)
        # A group may own a file outside (Debian's ssl-cert); state_dir is for the gateway alone.
        is_ours = file.is_relative_to(settings.state_dir)
        if mode & (_NOT_US if is_ours else _OTHERS):
            found = f"{file} with mode {mode:04o}: others on this machine can read or change it"
            yield Finding(path, found, f"chmod 600 {file}")


def literal_secrets(settings: Settings, file: Path) -> Iterator[Finding]:
    """Secrets that stand in gateway.toml, which is copied, mailed and kept in version control."""
    literal = [path for path, secret in _secrets(settings) if secret.is_literal]
    mode = _mode(file)
    if literal and mode & _OTHERS:
        found = f"a secret in {file.name} with mode {mode:04o}: others on this machine can read it"
        yield Finding(literal[0], found, f"chmod 600 {file.name}, or {{ file = … }} here")
        return
    for path in literal:
        expected = '{ env = "NAME" } or { file = "path" }'
        yield Finding(
            path, "a secret in the file itself, which gets around", expected, is_hint=True
        )


def _secrets(settings: Settings) -> Iterator[_Named]:
    """Yield what somebody could misuse; a URL counts when it holds a password."""
    yield ("secrets", "key"), settings.secret_key
    for path, url in (
        (("redis", "url"), settings.redis_url),
        (("directory", "url"), settings.directory.url),
    ):
        if not url.is_literal or _holds_password(url.reveal()):
            yield path, url
    for index, way in enumerate(settings.sms):
        if isinstance(way, OutboxSms):
            continue
        if way.password is not None:
            yield ("sms", index, "password"), way.password
        for name, value in way.headers if isinstance(way, HttpSms) else ():
            if not value.is_literal or _TELLING.search(name):
                yield ("sms", index, "headers", name), value


def _files(settings: Settings) -> Iterator[tuple[KeyPath, Path]]:
    if settings.secret_key_file is not None:
        yield ("secrets", "key"), settings.secret_key_file
    if settings.listen.tls is not None:
        yield ("listen", "tls", "key"), settings.listen.tls.key
    for path, secret in _secrets(settings):
        if secret.file is not None and secret.file != settings.secret_key_file:
            yield path, secret.file


def _holds_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.password) or "password=" in parts.query
    except ValueError:
        return True


def _mode(file: Path) -> int:
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except OSError:
        return 0
