"""One finding of a check, before it has a line."""

from __future__ import annotations

from typing import NamedTuple

from gateway.settings.addresses import is_loopback
from gateway.settings.model import Settings
from gateway.settings.positions import KeyPath


class Finding(NamedTuple):
    """Where, what is there and why it is unsafe, what to write; see `Problem`."""

    path: KeyPath
    found: str
    expected: str
    is_hint: bool = False


def is_local(settings: Settings) -> bool:
    """Return whether only browsers on this machine are served."""
    return is_loopback(settings.public_url.host)
