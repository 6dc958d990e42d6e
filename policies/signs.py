"""The signs that a password may be made of, as gateway.toml writes them: `A-Za-z0-9`.

A set of characters in the manner of a regular expression's class: ranges and single signs, a "-"
first or last for itself; `*` alone stands for every sign that can be printed. Imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

EVERY: Final = "*"

_MOST: Final = 4096  # signs of one class: more is a slip, as "A-ö" would be "A-z and 200 others"


@dataclass(frozen=True, slots=True)
class Signs:
    """A set of signs. `written` is how gateway.toml has it; `members` is None for every sign."""

    written: str
    members: frozenset[str] | None = field(repr=False)

    def __contains__(self, sign: str) -> bool:
        """Return whether a password may hold this character."""
        return sign.isprintable() if self.members is None else sign in self.members

    def has_one(self, of_a_sort: Callable[[str], bool]) -> bool:
        """Return whether a sign of the set is of a sort, as `str.islower` says."""
        return self.members is None or any(map(of_a_sort, self.members))

    @property
    def spoken(self) -> str:
        """The set as people read it, "A-Z a-z 0-9"; "" for every sign."""
        return " ".join(_parts(self.written)) if self.members is not None else ""


def parse_signs(written: str) -> Signs:
    """Return the signs of a class. Raises ValueError with the words for what to write."""
    if written == EVERY:
        return Signs(written, None)
    members: set[str] = set()
    for part in _parts(written):
        first, last = part[0], part[-1]
        if ord(last) < ord(first) or ord(last) - ord(first) >= _MOST:
            raise ValueError(f'ranges from the lower sign to the higher, as "A-Z", not "{part}"')
        members.update(map(chr, range(ord(first), ord(last) + 1)))
    if not members or not all(sign.isprintable() for sign in members):
        raise ValueError('the signs of a password, as "A-Za-z0-9", or "*" for every sign')
    return Signs(written, frozenset(members))


def _parts(written: str) -> list[str]:
    """Return the ranges ("A-Z") and single signs of a class, in their order."""
    parts: list[str] = []
    place = 0
    while place < len(written):
        is_range = written[place + 1 : place + 2] == "-" and place + 2 < len(written)
        size = 3 if is_range else 1
        parts.append(written[place : place + size])
        place += size
    return parts
