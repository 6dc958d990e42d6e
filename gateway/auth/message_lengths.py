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
from gateway.settings.problems import Problem, printable
from gateway.texts.catalog import Texts
from policies.languages import LANGUAGES
from policies.segments import segments, strange_characters

_SENT: Final = (Purpose.LOGON, Purpose.RESET, Purpose.PROVE)


def long_messages(settings: Settings) -> list[Problem]:
    """Return a warning for each key that makes messages longer than one SMS; it names the worst."""
    long: dict[KeyPath, list[tuple[str, str]]] = {}
    for path, name, text in _messages(settings):
        if segments(text) > 1:
            long.setdefault(path, []).append((name, text))
    return [_warning(settings, path, messages) for path, messages in long.items()]


def _warning(settings: Settings, path: KeyPath, messages: list[tuple[str, str]]) -> Problem:
    name, text = max(messages, key=lambda one: (segments(one[1]), len(one[1])))
    strange = printable(strange_characters(text))
    others = f", and {len(messages) - 1} more like it" if len(messages) > 1 else ""
    why = f", because of {strange} in it" if strange else ""
    found = f"{name}: {len(text)} characters, {segments(text)} SMS each time{why}{others}"
    plain = "the same without those characters, or all in 70"
    expected = plain if strange else "a shorter text or name, so that all fits into 160 characters"
    return Problem(settings.lines.of(path), render(path), found, expected)


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
