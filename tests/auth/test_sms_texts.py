"""gateway/auth/sms_texts.py: messages in the language of whoever caused them, in one's own words."""

from __future__ import annotations

import pytest

from gateway.auth.challenges import Purpose
from gateway.auth.sms_texts import Notice, code_text, notice_text
from gateway.settings.model import Branding, OneTimePassword
from gateway.texts.catalog import OwnText, Texts

TEXTS = Texts()
USUAL = OneTimePassword().text


@pytest.mark.parametrize("notice", list(Notice))
def test_a_notice_is_whole_in_every_language(notice: Notice) -> None:
    branding = Branding(portal="P", support_email="s@example.se")
    english, swedish = (notice_text(notice, TEXTS.of(one), branding) for one in ("en", "sv"))
    assert english.endswith(" Was it not you? Contact s@example.se at once.")
    assert swedish.endswith(" Var det inte du? Kontakta genast s@example.se.")
    assert " P " in english
    assert "{" not in english + swedish


@pytest.mark.parametrize("purpose", [Purpose.LOGON, Purpose.RESET, Purpose.PROVE])
def test_a_code_is_told_in_every_language(purpose: Purpose) -> None:
    english, swedish = (code_text(purpose.value, USUAL, TEXTS.of(one)) for one in ("en", "sv"))
    assert english != swedish
    for text in (english, swedish):
        filled = text.format(code="123456", organisation="O")
        assert filled.startswith("123456 ")
        assert " O" in filled


def test_the_logons_text_is_gateway_tomls() -> None:
    for language in ("en", "sv"):
        assert code_text(Purpose.LOGON.value, "Code: {code}", TEXTS.of(language)) == "Code: {code}"


def test_an_organisation_words_its_messages() -> None:
    own = Texts([OwnText("sv", (USUAL,), ("Kod {code} från {organisation}",))])
    assert code_text(Purpose.LOGON.value, USUAL, own.of("sv")) == "Kod {code} från {organisation}"
    assert code_text(Purpose.LOGON.value, USUAL, own.of("en")) == USUAL
