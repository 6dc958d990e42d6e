"""Style sheets and pictures under `/.gateway/static/`, named by a hash of what they hold.

All of them are in memory; a request is answered from that table alone and never touches the file
system, so there is no path to climb out of and no directory to list.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from gateway.settings.model import BrandFile

PREFIX: Final = "/.gateway/static/"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
}


class Asset(NamedTuple):
    """One file: its public name (with the hash), its bytes and its media type."""

    public_name: str
    body: bytes
    content_type: str


class Files:
    """The static files of one look: ours, and an organisation's own beside them."""

    __slots__ = ("_by_name", "_by_public_name")

    def __init__(self, own: Iterable[BrandFile] = ()) -> None:
        self._by_name = _named(_all_shipped() | {one.name: one.content for one in own})
        self._by_public_name = {one.public_name: one for one in self._by_name.values()}

    def names(self) -> tuple[str, ...]:
        """Return the plain names of all files ("portvakt.css")."""
        return tuple(self._by_name)

    def url(self, name: str) -> str:
        """Return the path of the file with the plain name `name`."""
        return PREFIX + self._by_name[name].public_name

    def first(self, *names: str) -> Asset | None:
        """Return the first of these plain names that there is, or None."""
        return next((self._by_name[name] for name in names if name in self._by_name), None)

    def find(self, public_name: str) -> Asset | None:
        """Return the file that is served under a name, or None."""
        return self._by_public_name.get(public_name)


def _named(bodies: dict[str, bytes]) -> dict[str, Asset]:
    """Give every file its public name.

    Pictures come first, so that a style sheet can call them by theirs.
    """
    found: dict[str, Asset] = {}
    for name in sorted(bodies, key=lambda name: (name.endswith(".css"), name)):
        stem, dot, suffix = name.rpartition(".")
        body = bodies[name]
        if suffix == "css":
            body = _with_public_names(body, found)
        digest = hashlib.sha256(body).hexdigest()[:12]
        found[name] = Asset(f"{stem}.{digest}.{suffix}", body, _TYPES[dot + suffix])
    return found


def _with_public_names(sheet: bytes, found: dict[str, Asset]) -> bytes:
    def public(call: re.Match[bytes]) -> bytes:
        asset = found.get(call[1].decode())
        return call[0] if asset is None else f'url("{asset.public_name}")'.encode()

    return _URL.sub(public, sheet)


_URL: Final = re.compile(rb"""url\(\s*["']?([a-z]+\.[a-z]+)["']?\s*\)""", re.IGNORECASE)


def shipped(name: str) -> bytes:
    """Return a file of the package by its plain name."""
    return _all_shipped()[name]


@cache
def _all_shipped() -> dict[str, bytes]:
    """Return the files of the package, by name; they never change while we run."""
    places = (files("gateway.pages") / "static").iterdir()
    return {
        place.name: place.read_bytes() for place in places if place.name.endswith(tuple(_TYPES))
    }
