"""A directory in memory, for tests of what stands above the port.

Held to the same contract as the real ones (test_directory.py). Passwords are kept in clear and
nothing is derived, so only the answers are the port's, not the time they take.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from gateway.auth.model import Person
from gateway.auth.ports import Unavailable
from policies import user_names


class FakeDirectory:
    """People and passwords by canonical user name; `is_down` makes every call Unavailable."""

    def __init__(self) -> None:
        self.is_down = False
        self._people: dict[str, tuple[Person, str | None]] = {}

    def put(self, person: Person, password: str | None) -> None:
        """Add or replace a person."""
        self._people[person.user] = (person, password)

    def change(self, user: str, **values: object) -> None:
        """Change fields of a person."""
        person, password = self._people[user]
        self._people[user] = (replace(person, **values), password)  # type: ignore[arg-type] - named fields

    async def authenticate(self, user_name: str, password: str) -> Person | None:
        self._answer()
        person, known = self._people.get(self.canonical(user_name), (None, None))
        if person is None or not person.enabled or not known or len(password) > 1024:
            return None
        same = unicodedata.normalize("NFC", password) == unicodedata.normalize("NFC", known)
        return person if same else None

    async def find(self, user_name: str) -> Person | None:
        self._answer()
        return self._people.get(self.canonical(user_name), (None, None))[0]

    def canonical(self, user_name: str) -> str:
        return user_names.canonical(user_name)

    async def ping(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if self.is_down:
            raise Unavailable("directory")
