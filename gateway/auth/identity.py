"""Who is logged on, as header fields for an upstream (docs/outside.md).

Values outside visible ASCII are percent-encoded UTF-8, so that no value can end a line or be read
in two character sets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol
from urllib.parse import quote

_SAFE: Final = "".join(chr(c) for c in range(0x20, 0x7F) if chr(c) != "%")


class Identity(Protocol):
    """The part of a session that an upstream may see."""

    @property
    def user(self) -> str:
        """Canonical user name."""
        ...

    @property
    def name(self) -> str:
        """Full name."""
        ...

    @property
    def email(self) -> str:
        """E-mail address, or ""."""
        ...

    @property
    def groups(self) -> tuple[str, ...]:
        """Group names."""
        ...


class IdentityFields:
    """The identity fields of one upstream: field name and template, ready to be filled."""

    __slots__ = ("_templates",)

    def __init__(self, templates: Iterable[tuple[str, str]]) -> None:
        self._templates = tuple((name.encode("ascii"), template) for name, template in templates)

    def lines(self, who: Identity) -> bytes:
        """Return the field lines of `who`, each ended by CRLF."""
        values = {
            "user": _encoded(who.user),
            "name": _encoded(who.name),
            "email": _encoded(who.email),
            # A comma separates groups, so one inside a name is encoded.
            "groups": ",".join(_encoded(group).replace(",", "%2C") for group in who.groups),
        }
        return b"".join(
            b"%b: %b\r\n" % (name, template.format_map(values).strip().encode("ascii"))
            for name, template in self._templates
        )


def _encoded(text: str) -> str:
    return quote(text, safe=_SAFE, errors="replace")
