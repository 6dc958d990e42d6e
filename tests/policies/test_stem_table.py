"""The table of stems answers as the stems do that it was made of, and nothing else passes for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.stem_table import StemTable, pack

STEMS = {"so": "", "som": "A", "sommar": "AC", "sommarö": "¤", "-fan": "D", "zon": "", "å": "B"}
WORDS = st.text(st.characters(exclude_characters="/\n", exclude_categories=["Cs"]), max_size=8)
FLAGS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=4)


@given(st.dictionaries(WORDS, FLAGS), st.lists(WORDS))
def test_it_answers_as_the_stems_do(stems: dict[str, str], others: list[str]) -> None:
    table = StemTable(pack(stems, "these"))
    assert len(table) == len(stems)
    assert table.source == "these"
    for word in (*stems, *others):
        assert table.get(word, "no such stem") == stems.get(word, "no such stem")


@pytest.mark.parametrize("word", STEMS)
def test_stems_that_begin_alike_are_told_apart(word: str) -> None:
    table = StemTable(pack(STEMS, ""))
    assert [table.get(word, "none") for _ in range(2)] == [STEMS[word]] * 2  # read, then kept


@pytest.mark.parametrize("word", ["", "s", "somm", "ommar", "sommar/", "sommar/AC", "so\n", "zo"])
def test_part_of_a_stem_is_none(word: str) -> None:
    assert StemTable(pack(STEMS, "")).get(word, "none") == "none"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"portvakt stems 1\n",
        b"portvakt stems 2\n" + pack(STEMS, "").partition(b"\n")[2],
        b"portvakt stems 1\n[]\n",
        b"portvakt stems 1\n{}\n",
        b"portvakt stems 1\nno json\n",
        pack(STEMS, "")[:-1],
        pack(STEMS, "") + b"\n",
    ],
)
def test_what_is_no_table_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"table|JSON|Expecting"):
        StemTable(text)
