"""The table `[password]`."""

from __future__ import annotations

import pytest

from policies.passwords import Forbidden, Sort
from tests.settings.samples import SMALL, judge, read

WORDS = "a list of some of"
CASES = [
    ("[password]\nmin_length = 0", 1, "password.min_length", "0", "from 1 to 64"),
    ("[password]\nmin_length = 65", 1, "password.min_length", "65", "from 1 to 64"),
    ("[password]\nmin_length = '7'", 1, "password.min_length", '"7"', "whole number"),
    ("[password]\nrequire = 'lower'", 1, "password.require", '"lower"', WORDS),
    ("[password]\nrequire = ['lower', 'uper']", 1, "password.require[2]", '"uper"', '"upper"'),
    ("[password]\nrequire = ['lower', 'lower']", 1, "password.require", "a list", "each once"),
    ("[password]\nforbid = ['names']", 1, "password.forbid[1]", '"names"', '"name"'),
    ("[password]\nallowed = ''", 1, "password.allowed", '""', "not empty"),
    ("[password]\nallowed = 'Z-A'", 1, "password.allowed", '"Z-A"', "A-Z"),
    ("[password]\nallowed = 'a-z0-9'", 1, "password.allowed", '"a-z0-9"', '"upper"'),
    ("[password]\nforbidden_file = 'no.txt'", 1, "password.forbidden_file", "no such file", "readable"),
    ("[password]\nforbidden_file = '.'", 1, "password.forbidden_file", "directory", "readable"),
    ("[password]\nmin_lenght = 8", 1, "password.min_lenght", "unknown key", '"min_length"'),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)


def test_the_defaults_are_those_of_the_source_document(tmp_path):
    password = read(tmp_path, SMALL).password
    assert password.min_length == 7
    assert password.require == tuple(Sort)
    assert password.allowed.written == "A-Za-z0-9"
    assert password.forbid == tuple(Forbidden)
    assert password.forbidden_file is None


def test_every_rule_can_be_changed(tmp_path):
    (tmp_path / "more.txt").write_text("hemligt\n")
    text = """\
[password]
min_length = 12
require = ["digit", "lower"]
allowed = "a-z0-9åäö -"
forbid = []
forbidden_file = "more.txt"
"""
    password = read(tmp_path, SMALL + text).password
    assert password.min_length == 12
    assert password.require == (Sort.LOWER, Sort.DIGIT)
    assert "å" in password.allowed
    assert "A" not in password.allowed
    assert password.forbid == ()
    assert password.forbidden_file == tmp_path / "more.txt"


def test_the_words_of_the_contract_are_taken(tmp_path):
    forbid = 'forbid = ["name", "user_name", "swedish_words"]'
    password = read(tmp_path, f"{SMALL}[password]\n{forbid}\n").password
    assert password.forbid == (Forbidden.NAME, Forbidden.USER_NAME, Forbidden.SWEDISH_WORDS)
