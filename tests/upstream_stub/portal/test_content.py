"""The portal's words: every link leads somewhere, every item can be told from the others."""

from __future__ import annotations

from upstream_stub.portal import content


def test_addresses_are_unique_and_words_are_there():
    slugs = [item.slug for item in content.NEWS]
    assert len(set(slugs)) == len(slugs) >= 3
    assert all(item.title and item.lead and item.body for item in content.NEWS)
    assert {document.kind for document in content.DOCUMENTS} == set(content.KINDS)


def test_a_week_and_a_year_are_whole():
    assert (len(content.DAYS), len(content.MONTHS)) == (7, 12)
    assert all(shift.day in range(7) for shift in content.SHIFTS)


def test_the_answers_are_those_of_the_instructions():
    text = " ".join(item.question + item.answer for item in content.ANSWERS)
    for words in ("ansluten till Securitas nätverk", "0701234567", "sju tecken"):
        assert words in text
    assert ("/.gateway/account", "Mina uppgifter") in [tuple(a.link) for a in content.ANSWERS]
