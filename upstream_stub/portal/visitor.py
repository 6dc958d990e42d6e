"""Who the portal thinks is asking: the identity fields, believed as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from aiohttp import web

FIELDS: Final = ("X-Remote-User", "X-Remote-Name", "X-Remote-Email", "X-Remote-Groups")
_CLAIMS: Final = "X-Gateway-Assertion"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person named by the fields; every value is "" where its field is missing."""

    user: str
    name: str
    email: str
    groups: tuple[str, ...]

    @property
    def shown(self) -> str:
        """What to call the person on a page."""
        return self.name or self.user or "Okänd besökare"

    @property
    def initials(self) -> str:
        """One or two capitals for the round badge."""
        words = self.shown.split()
        return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper()


def visitor_of(request: web.Request) -> Visitor:
    """Read the identity fields: percent-encoded UTF-8; groups are split at commas."""
    user, name, email, groups = (_decoded(request.headers.get(field, "")) for field in FIELDS)
    return Visitor(user, name, email, tuple(g.strip() for g in groups.split(",") if g.strip()))


def fields_shown(request: web.Request) -> list[tuple[str, str, str]]:
    """Return (field, value as sent, value decoded) of each identity field, repeats too."""
    wanted = {field.lower() for field in (*FIELDS, _CLAIMS)}
    return [
        (name, _printable(value), _decoded(value))
        for name, value in request.headers.items()
        if name.lower() in wanted
    ]


def _decoded(value: str) -> str:
    return unquote(_printable(value))


def _printable(value: str) -> str:
    """Return the value with U+FFFD for bytes that are no UTF-8 (aiohttp leaves surrogates)."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
