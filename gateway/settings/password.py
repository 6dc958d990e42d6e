"""The table `[password]`: what employees' passwords must hold, and what they may not be made of."""

from __future__ import annotations

import enum
from typing import Final, TypeVar

from gateway.settings.forbidden import forbidden_file
from gateway.settings.model import Password
from gateway.settings.reading import Shaped, Table, Value, shaped
from gateway.settings.shapes import TEXT, listing, words
from gateway.settings.values import list_of, one_of, whole, worded
from policies.passwords import Forbidden, Sort
from policies.signs import Signs, parse_signs

_LONGEST_MINIMUM: Final = 64  # ASVS 6.2.9: 64 characters must be possible

E = TypeVar("E", bound=enum.StrEnum)


def read_password(file: Table) -> Password:
    """Read `[password]`."""
    usual = Password()
    with file.table("password").closing() as table:
        password = Password(
            min_length=table.read("min_length", usual.min_length, whole(1, _LONGEST_MINIMUM)),
            require=table.read("require", usual.require, _some_of(Sort)),
            allowed=table.read("allowed", usual.allowed, _signs),
            forbid=table.read("forbid", usual.forbid, _some_of(Forbidden)),
            forbidden_file=table.read("forbidden_file", None, forbidden_file),
        )
        for sort in Sort:
            if sort in password.require and not password.allowed.has_one(sort.holds):
                expected = (
                    f'signs of each sort in password.require: there is no "{sort}" among them'
                )
                table.tell("allowed", f'"{password.allowed.written}"', expected)
    return password


@shaped(TEXT)
def _signs(value: Value) -> Signs:
    return worded(value, parse_signs)


def _some_of(sorts: type[E]) -> Shaped[tuple[E, ...]]:
    """Read a list of a few words, each once, in any order; [] for none of them."""
    listed = [str(word) for word in sorts]
    expected = f"a list of some of: {', '.join(listed)}"

    @shaped(listing(words(listed), unique=True))
    def parse(value: Value) -> tuple[E, ...]:
        found = list_of(one_of(*listed), expected)(value)
        if len(set(found)) < len(found):
            raise value.refusal(f"{expected}, each once")
        return tuple(word for word in sorts if word in found)

    return parse
