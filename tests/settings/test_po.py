"""The grammar of a catalog: what is read, and every line that is not."""

from __future__ import annotations

import io

import pytest
from babel.messages.pofile import read_po as babel_reads
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.po import read_po
from gateway.texts.template import template

WHOLE = r"""# A comment
#. ours
#, fuzzy, python-format
msgid "One"
msgstr "Ett"

msgid ""
"Two "
"lines\n"
msgstr ""
"Två "
"rader\t\"här\"\\"
msgid "%(num)d day"
msgid_plural "%(num)d days"
msgstr[0] "%(num)d dag"
msgstr[1] "%(num)d dagar"
#~ msgid "Old"
#~ msgstr "Gammal"
  msgid   "Last"
	msgstr "Sist"
"""


def test_a_whole_file() -> None:
    entries, faults = read_po(WHOLE)
    assert faults == []
    assert [(one.line, one.source, one.says, one.lines, one.fuzzy) for one in entries] == [
        (4, ("One",), ("Ett",), (5,), True),
        (7, ("Two lines\n",), ('Två rader\t"här"\\',), (10,), False),
        (13, ("%(num)d day", "%(num)d days"), ("%(num)d dag", "%(num)d dagar"), (15, 16), False),
        (19, ("Last",), ("Sist",), (20,), False),
    ]


PAIR = 'msgid "a"\nmsgstr "b"\n'


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ('msgid "a\nmsgstr "b"\n', 1, "none of a catalog"),
        ("msgid a\nmsgstr b\n", 1, "none of a catalog"),
        ('msgid "a" "b"\nmsgstr "c"\n', 1, "none of a catalog"),
        ('msgid "a"b"\nmsgstr "c"\n', 1, "none of a catalog"),
        ('msgstring "a"\n', 1, "none of a catalog"),
        ('msgid "a"\nmsgstr[x] "b"\n', 2, "none of a catalog"),
        ('msgid "a\\"\nmsgstr "b"\n', 1, "none of a catalog"),
        ('"a"\n', 1, "without a keyword"),
        ('msgid "a"\n', 1, "an entry of msgid"),
        ('msgstr "a"\n', 1, "an entry of msgstr"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr "c"\n', 1, "msgid_plural"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\n', 1, "msgstr[0]"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[1] "c"\nmsgstr[0] "d"\n', 1, "msgstr[1]"),
        ('msgid "a"\nmsgstr "b"\nmsgstr "c"\n', 1, "msgstr, msgstr"),
        ('msgid "a"\n# between\nmsgstr "b"\n', None, ""),
        (PAIR + 'msgid "c"\n\nmsgid "d"\nmsgstr "e"\n', 3, "an entry of msgid"),
        ('msgctxt "x"\nmsgid "a"\nmsgstr "b"\n', 1, "msgctxt"),
        ('msgid "a\\x"\nmsgstr "b"\n', 1, "the escape \\x"),
        (PAIR + "\x00", 3, "none of a catalog"),
        (PAIR + "<<<<<<< HEAD\n", 3, "none of a catalog"),
    ],
)
def test_a_fault_has_its_line(text: str, line: int | None, found: str) -> None:
    _, faults = read_po(text)
    assert [fault.line for fault in faults][:1] == ([] if line is None else [line])
    assert all(fault.expected for fault in faults)
    assert not faults or found in faults[0].found


def test_every_fault_is_told_and_the_rest_is_read() -> None:
    entries, faults = read_po(f'x\n{PAIR}y\nmsgid "c"\nmsgstr "\nmsgid "d"\nmsgstr "e"\n')
    assert [fault.line for fault in faults] == [1, 4, 6]
    assert [one.source for one in entries] == [("a",), ("d",)]


def test_what_is_right_is_read_as_babel_reads_it() -> None:
    for language in ("en", "sv"):
        text = template(language)
        entries, faults = read_po(text)
        assert faults == []
        theirs = babel_reads(io.StringIO(text), locale=language, abort_invalid=True)
        assert [one.source[0] for one in entries if one.source != ("",)] == [
            message.id if isinstance(message.id, str) else message.id[0]
            for message in theirs
            if message.id
        ]


@given(st.text(st.sampled_from('msgidtr[01]_plural"\\\n #~,fuzzy ab'), max_size=80))
def test_any_text_gives_entries_or_faults(text: str) -> None:
    entries, faults = read_po(text)
    lines = text.count("\n") + 1
    assert all(1 <= fault.line <= lines for fault in faults)
    assert all(1 <= one.line <= lines and len(one.source) == len(one.says) for one in entries)
