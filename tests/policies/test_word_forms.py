"""The forms of a dictionary: a small one whose forms are known, and a naive expansion beside it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.password_rules import swedish_words
from policies.letters import fold
from policies.word_forms import LONGEST, WordForms, read_stems, read_word_forms

AFFIXES = """\
SET UTF-8
NEEDAFFIX ¤
ONLYINCOMPOUND Z
FORBIDDENWORD %
PFX u Y 1
PFX u 0 un .
SFX A Y 3
SFX A   0   en   [^ae]
SFX A   0   n    [ae]
SFX A   0   ens  [^ae]   # a comment
SFX B Y 2
SFX B e ar e
SFX B a or a
SFX C Y 2
SFX C ar rar/X mar
SFX C ar s/XZ mar
SFX D Y 1
SFX D gå ick gå
SFX S Y 1
SFX S 0 :s .
"""
WORDS = """\
9
fel/%A
hund/A
pojke/AB
flicka/ABu
sommar/AC
gå/D
Åsa/A
fro/¤A
boll/Z
"""
FORMS = {
    "hund", "hunden", "hundens", "pojke", "pojken", "pojkar", "flicka", "flickan", "flickor",
    "sommar", "sommaren", "sommarens", "sommrar", "ga", "ick", "froen", "froens",
}  # fmt: skip
NAMES = {"asa"}  # three letters and a capital: more likely an abbreviation


def forms_of(affixes: str, words: str) -> WordForms:
    return read_word_forms(affixes, read_stems(affixes, words))


def test_every_form_of_a_small_dictionary():
    found = forms_of(AFFIXES, WORDS)
    assert {form for form in FORMS if form not in found} == set()
    others = {"hundn", "pojkeen", "pojk", "flickar", "unflicka", "fro", "boll", "bollen", "fel",
              "felen", "somms", "sommas", "hund:s", "hundr", "", "gåick", "Hund"}  # fmt: skip
    assert {word for word in others | NAMES if word in found} == set()


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        ("Stockholm", True), ("SVT", False), ("Ann", False), ("Anna", True), ("iPhone", False),
        ("a-b", False), ("4g", False), ("ord", True), ("x" * LONGEST, True),
        ("x" * (LONGEST + 1), False), ("café", True), ("привет", True),
    ],
)  # fmt: skip
def test_which_entries_are_words(entry, kept):
    found = forms_of("", f"2\nsommar\n{entry}\n")
    assert (fold(entry) in found) is kept
    assert "sommar" in found


def test_entries_that_fold_alike_share_their_forms():
    affixes = "SFX A Y 1\nSFX A 0 en .\nSFX B Y 1\nSFX B 0 or .\n"
    found = forms_of(affixes, "2\nrot/A\nröt/B\n")
    assert all(form in found for form in ("rot", "roten", "rotor"))


@pytest.mark.parametrize(
    ("words", "alone"),
    [
        ("rot/¤A\nröt/B\n", True), ("rot/A\nröt/¤B\n", True), ("rot/¤A\nröt/¤B\n", False),
        ("rot/A\nröt/B\n", True), ("rot/¤A\n", False),
    ],
)  # fmt: skip
def test_a_stem_that_is_no_word_alone_is_one_when_another_like_it_is(words, alone):
    affixes = "NEEDAFFIX ¤\nSFX A Y 1\nSFX A 0 en .\nSFX B Y 1\nSFX B 0 or .\n"
    affixes += "SFX X Y 1\nSFX X 0 x .\n"
    found = forms_of(affixes, "2\n" + words)
    assert "rotx" not in found
    assert ("rot" in found) is alone
    assert "roten" in found
    assert ("rotor" in found) is ("B" in words)


@pytest.mark.parametrize(
    ("affixes", "words", "fault"),
    [("FLAG long\n", "1\na\n", "flags"), ("SET UTF-8\nFLAG num\n", "1\na\n", "flags"), ("AF 3\n", "1\na\n", "flags"), ("", "", "without words"),
     ("", "3\n1\n-\n", "without words")],
)  # fmt: skip
def test_what_is_not_read(affixes, words, fault):
    with pytest.raises(ValueError, match=fault):
        forms_of(affixes, words)


@given(st.one_of(st.text(max_size=30), st.integers(), st.none()))
def test_anything_can_be_asked_for(thing):
    assert isinstance(thing in swedish_words(), bool)


LETTERS = st.text("abdegåk", min_size=1, max_size=4)
RULES = st.lists(
    st.tuples(
        st.sampled_from("PQR"),
        st.text("abg", max_size=2),
        st.text("abdeg", max_size=3),
        st.sampled_from([".", "a", "[ab]", "[^a]", "ag"]),
    ),
    max_size=6,
)


@given(st.dictionaries(LETTERS, st.text("PQR", max_size=2), min_size=1), RULES)
def test_it_holds_what_an_expansion_writes_out(entries, rules):
    """Every form that Hunspell's rules make is found; folded stems give few others."""
    affixes = "".join(f"SFX {f} {s or '0'} {a or '0'} {c}\n" for f, s, a, c in rules)
    words = "".join(f"{entry}/{flags}\n" for entry, flags in entries.items())
    expanded = {fold(entry) for entry in entries}
    for entry, flags in entries.items():
        for flag, strip, add, condition in rules:
            fits = entry.endswith(strip) and re.search(f"(?:{condition})$", entry)
            if flag in flags and fits:
                expanded.add(fold(entry[: len(entry) - len(strip)] + add))
    found = forms_of(affixes, f"{len(entries)}\n{words}")
    if all(entry.isascii() for entry in entries):
        near = {form + tail for form in expanded for tail in ("", "a", "b")}
        assert {word for word in near if word in found} == expanded & near - {""}
    else:
        # A stem with å may meet a condition that speaks of a: folding loses that.
        plain = {fold(entry) for entry in entries}
        assert all(word in found for word in plain)


def test_the_swedish_words_are_many_and_inflected():
    words = swedish_words()
    assert len(words) > 200_000
    forms = (
        "sommar sommaren sommarens somrar somrarna fotboll fotbollarnas losenord losenordet "
        "karlek karlekens portvakt portvakten vaktare medarbetarna katten hundarnas sprang "
        "sprungit vackrast januari mandagen stockholm sverige sjukskoterskorna"
    )
    assert [form for form in forms.split() if form not in words] == []
    others = "kvxpzr qwrtz sommr xsommar losenordx annandersson xq"
    assert [word for word in others.split() if word in words] == []
