"""The password rules as the logon domain asks for them: `PasswordJudge` of gateway/auth/ports.py.

Reading the words and judging by them take a while, so both happen off the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from gateway.auth.model import Person
from gateway.auth.ports import Unavailable
from gateway.password_rules import WordsMissing, compile_password_rules
from gateway.settings.model import Settings
from policies.passwords import PasswordRules, PersonWords, judge

_log = logging.getLogger("portvakt.passwords")


class ConfiguredPasswords:
    """Judges by the rules of one configuration, which are compiled when first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings: Final = settings
        self._compiling: Final = asyncio.Lock()
        self._rules: PasswordRules | None = None

    async def reasons(self, password: str, person: Person) -> Sequence[str]:
        """Return every broken rule's name. Raises Unavailable when the rules cannot be read."""
        rules = await self._compiled()
        words = PersonWords.of(person.user, person.name, person.email)
        return await asyncio.to_thread(judge, password, words, rules)

    async def _compiled(self) -> PasswordRules:
        async with self._compiling:
            if self._rules is None:
                try:
                    self._rules = await asyncio.to_thread(compile_password_rules, self._settings)
                except (WordsMissing, OSError, ValueError) as error:
                    _log.error("the password rules cannot be read: %s", error)
                    raise Unavailable("password rules") from error
        return self._rules
