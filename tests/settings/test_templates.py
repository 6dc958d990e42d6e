"""Which {places} a text may hold, with braces as grammar and with braces as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings.positions import Lines
from gateway.settings.reading import Reading, Refused, Value
from gateway.settings.templates import places_of, words_of

VALUE = Value(Reading(Path(), {}, Lines({})), ("text",), "")
KNOWN = ("user", "name")


@pytest.mark.parametrize(
    ("template", "places"),
    [
        ("", set()),
        ("plain", set()),
        ("{user}", {"user"}),
        ("{user} {name}, {user}", {"user", "name"}),
    ],
)
def test_places(template, places):
    assert places_of(VALUE, template, KNOWN) == places
    assert words_of(VALUE, template, KNOWN) == places


@pytest.mark.parametrize(
    "template",
    ["{mobile}", "{user", "user}", "{}", "{{user}}", "{user!r}", "{user.name}", "{0}", "{ user }"],
)
def test_places_that_are_refused(template):
    with pytest.raises(Refused):
        places_of(VALUE, template, KNOWN)


@pytest.mark.parametrize(
    "template", ['{"a": 1}', "{}", "{", "a}b", "{0}", "{ user }", "{user.name}"]
)
def test_braces_are_text_in_a_body(template):
    assert words_of(VALUE, template, KNOWN) == set()


def test_a_misspelt_place_in_a_body_is_refused():
    with pytest.raises(Refused):
        words_of(VALUE, "{usr}", KNOWN)
