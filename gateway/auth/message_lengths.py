"""Messages that take more than one SMS, as gateway.toml and an organisation's own texts make them.

Long ones cost twice, and their halves may come apart. Filled in as for a phone: the very texts
that are sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from gateway.auth.challenges import Purpose
from gateway.auth.one_time_passwords import Wording
from gateway.auth.sms_texts import Notice, notice_text
from gateway.settings.model import OneTimePassword, Settings
from gateway.settings.positions import KeyPath, render
from gateway.settings.problems import Problem, show
from gateway.texts.catalog import Texts
from policies.languages import LANGUAGES
from policies.segments import segments, strange_characters

_SENT: Final = (Purpose.LOGON, Purpose.RESET, Purpose.PROVE)


def long_messages(settings: Settings) -> list[Problem]:
    """Return a warning for each message above one SMS, in each language, by line of the file."""
    found: list[Problem] = []
    for path, name, text in _messages(settings):
        count = segments(text)
        if count > 1:
            strange = strange_characters(text)
            why = f", because of {show(strange)} in it" if strange else ""
            words = f"{name}: {len(text)} characters, {count} SMS each time{why}"
            room = "70 characters" if strange else "160 characters"
            expected = f"a shorter text or name, so that all fits into {room}"
            problem = Problem(settings.lines.of(path), render(path), words, expected)
            if problem not in found:
                found.append(problem)
    return found


def _messages(settings: Settings) -> Iterator[tuple[KeyPath, str, str]]:
    """Yield every message: the key that decides most of it, what it is, how it is sent."""
    own, ours = Texts(settings.branding.own.texts), Texts()
    wording = Wording.of(settings)
    usual = replace(wording, texts=ours)
    code = "0" * settings.one_time_password.digits
    minutes = round(settings.one_time_password.lifetime.total_seconds() / 60)
    is_custom = settings.one_time_password.text != OneTimePassword().text
    for language in LANGUAGES:
        for purpose in _SENT:
            message = wording.message(purpose.value, code, minutes, language)
            plain = usual.message(purpose.value, code, minutes, language)
            path: KeyPath = ("branding", "organisation")
            if purpose is Purpose.LOGON and is_custom:
                path = ("one_time_password", "text")
            elif message != plain:
                path = ("branding", "directory")
            yield path, f"code for {purpose.value} ({language})", message
        for notice in Notice:
            message = notice_text(notice, own.of(language), settings.branding)
            is_own = message != notice_text(notice, ours.of(language), settings.branding)
            path = ("branding", "directory" if is_own else "portal")
            yield path, f"notice {notice.value} ({language})", message
