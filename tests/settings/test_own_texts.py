"""What an organisation says in its own words: which texts, with which places, in which language."""

from __future__ import annotations

import pytest

from gateway.settings.own_texts import LONGEST, read_own_texts
from gateway.texts.catalog import OwnText, sources
from gateway.texts.template import template

SECONDS = 'msgid "%(num)d second"\nmsgid_plural "%(num)d seconds"\n'


def entry(source: str, says: str, before: str = "") -> str:
    return f'{before}msgid "{source}"\nmsgstr "{says}"\n'


def test_what_is_filled_in_is_said() -> None:
    text = entry("Welcome", "Hej & välkommen") + entry("Log On", "")
    text += SECONDS + 'msgstr[0] "%(num)d s"\nmsgstr[1] "%(num)d s."\n'
    texts, faults = read_own_texts("sv", text)
    assert faults == []
    assert texts == [
        OwnText("sv", ("Welcome",), ("Hej & välkommen",)),
        OwnText("sv", ("%(num)d second", "%(num)d seconds"), ("%(num)d s", "%(num)d s.")),
    ]


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_template_says_nothing_and_takes_every_text(language: str) -> None:
    empty = template(language)
    assert read_own_texts(language, empty) == ([], [])
    filled = "\n".join(
        f"{line}\n{line}" if line.startswith("#.") else line for line in empty.split("\n")
    )
    assert read_own_texts(language, filled) == ([], [])
    for source in sources():
        one = f'msgid "{source[0]}"\n'
        if len(source) > 1:
            one += f'msgid_plural "{source[1]}"\nmsgstr[0] "{source[0]}"\nmsgstr[1] "{source[1]}"\n'
        else:
            one += f'msgstr "{source[0]}"\n'
        texts, faults = read_own_texts(language, one)
        assert (len(texts), faults) == (1, []), source


WAIT = "Try again in %(wait)s."
CODE = "{code} is your code to confirm this number at {organisation}."


@pytest.mark.parametrize(
    ("text", "line", "found", "expected"),
    [
        (entry("Welcom", "Hej"), 1, '"Welcom", which is none of ours', '"Welcome", or a msgid'),
        (entry("log on", "x"), 1, '"log on"', '"Log On"'),
        (entry("zzzzzzzz", "x"), 1, '"zzzzzzzz"', "a msgid that `portvakt texts` lists"),
        (entry("zzzzzzzz", ""), 1, '"zzzzzzzz"', "portvakt texts"),
        (entry("Welcome", "a") + entry("Welcome", "b"), 3, "again, after line 1", "once"),
        (entry("Welcome", "a", "#, fuzzy\n"), 2, "fuzzy", "without the mark"),
        (entry(WAIT, "Vänta."), 2, "no place to be filled in", "%(wait)s"),
        (entry(WAIT, "Om %(waitt)s."), 2, "%(waitt)s", "%(wait)s"),
        (entry(WAIT, "Om %(wait)s eller %(wait)s."), 2, "%(wait)s %(wait)s", "%(wait)s"),
        (entry(WAIT, "Om %(wait)d."), 2, "%(wait)d", "%(wait)s"),
        (entry("Welcome", "Hej %(name)s"), 2, "%(name)s", "none"),
        (entry("Welcome", "100 %"), 2, "a %", "places to be filled in"),
        (entry("Welcome", "{}"), 2, "a %, { or }", "places"),
        (entry("Welcome", "%s"), 2, "a %", "places"),
        (entry(CODE, "Koden är {kod} hos {organisation}."), 2, "{kod} {organisation}", "{code}"),
        (entry(CODE, "{code} {organisation} {code.__class__}"), 2, "a %, { or }", "places"),
        (entry(CODE, "{code} {organisation} {code!r}"), 2, "a %, { or }", "places"),
        (entry("Welcome", "a\\nb"), 2, "U+000A", "one line"),
        (entry("Welcome", "a\ue000"), 2, "U+E000", "one line"),
        (entry("Welcome", "a\u202eb"), 2, "U+202E", "one line"),
        (entry("Welcome", "a" * (LONGEST + 1)), 2, f"{LONGEST + 1} characters", f"at most {LONGEST}"),
        (entry("Welcome", "   "), 2, "an empty text", "both"),
        (SECONDS + 'msgstr[0] "%(num)d s"\nmsgstr[1] ""\n', 4, "an empty text", "neither"),
        (SECONDS + 'msgstr[0] "en"\nmsgstr[1] "%(num)d s"\n', 3, "no place", "%(num)d"),
        (entry("%(num)d second", "%(num)d s"), 1, "another plural", '"%(num)d seconds"'),
        ('msgid "Welcome"\nmsgid_plural "x"\nmsgstr[0] "a"\nmsgstr[1] "b"\n', 1, "another plural", "no"),
        (entry("", "Language: fi\\n"), 1, '"fi"', "Language: sv"),
        (entry("", "Content-Type: text/plain; charset=iso-8859-1\\n"), 1, "iso-8859-1", "UTF-8"),
    ],
)  # fmt: skip
def test_a_fault(text: str, line: int, found: str, expected: str) -> None:
    texts, faults = read_own_texts("sv", text)
    assert [fault.line for fault in faults] == [line]
    assert found in faults[0].found
    assert expected in faults[0].expected
    assert len(texts) <= 1


@pytest.mark.parametrize("says", ["Hej\u00a0då", "Med­arbetare", "Hej 😀", "<b>Hej</b>", "R&D"])
def test_signs_that_do_no_harm(says: str) -> None:
    assert read_own_texts("sv", entry("Welcome", says)) == (
        [OwnText("sv", ("Welcome",), (says,))],
        [],
    )


def test_all_at_once_by_line() -> None:
    text = entry("Welcom", "a") + "x\n" + entry(WAIT, "b") + entry("Log On", "%")
    _, faults = read_own_texts("sv", text)
    assert [fault.line for fault in faults] == [1, 3, 5, 7]
