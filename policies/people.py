"""What may stand in a directory entry beside the user name: name, e-mail address, groups.

These values are printed on terminals and written into identity fields, so control characters and
the separators of those fields are refused here. Imports nothing but Unicode's tables.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST_NAME: Final = 200
LONGEST_EMAIL: Final = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
LONGEST_GROUP: Final = 64
MOST_GROUPS: Final = 200

_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_GROUP_SEPARATORS: Final = frozenset(",; ")


def name_fault(name: str) -> str | None:
    """Return what is wrong with a person's name, or None."""
    if not name.strip():
        return "the name is empty"
    if len(name) > LONGEST_NAME:
        return f"the name is longer than {LONGEST_NAME} characters"
    if _is_unprintable(name):
        return "the name holds a control character"
    return None


def email_fault(email: str) -> str | None:
    """Return what is wrong with an e-mail address, or None; "" means that there is none.

    Only the shape local@domain is judged: whether mail arrives is the mail server's to say.
    """
    if not email:
        return None
    local, at, domain = email.rpartition("@")
    if not (local and at and domain) or len(email) > LONGEST_EMAIL:
        return f"{email[:80]!r} is not an e-mail address"
    if _is_unprintable(email) or any(c.isspace() for c in email):
        return "the e-mail address holds a space or a control character"
    return None


def groups_fault(groups: tuple[str, ...]) -> str | None:
    """Return what is wrong with a person's groups, or None.

    A group holds no comma, semicolon or space, since portals split the groups field at them.
    """
    if len(groups) > MOST_GROUPS:
        return f"more than {MOST_GROUPS} groups"
    for group in groups:
        if not 0 < len(group) <= LONGEST_GROUP:
            return f"a group has 1 to {LONGEST_GROUP} characters"
        if _is_unprintable(group) or _GROUP_SEPARATORS.intersection(group):
            return f"group {group!r} holds a comma, semicolon, space or control character"
    return None


def _is_unprintable(text: str) -> bool:
    return not text.isprintable() and any(unicodedata.category(c) in _UNPRINTABLE for c in text)
