"""The rules of a configuration, compiled with the words of the installed packages."""

from __future__ import annotations

from importlib import metadata

import pytest

from gateway import password_rules
from gateway.cli import demo
from gateway.password_rules import (
    WordsMissing,
    common_passwords,
    compile_password_rules,
    swedish_words,
)
from policies.passwords import NOBODY, PersonWords, Reason, Sort, judge
from tests.settings.samples import SMALL, read


@pytest.fixture
def forgetful():
    """The words are read anew, and forgotten afterwards."""
    swedish_words.cache_clear()
    yield
    swedish_words.cache_clear()


def compiled(directory, text=""):
    return compile_password_rules(read(directory, SMALL + text))


def test_the_defaults(tmp_path):
    rules = compiled(tmp_path)
    assert (rules.min_length, rules.require) == (7, frozenset(Sort))
    assert rules.context == {"portvakt", "securitas", "medarbetarportalen"}
    assert "sommaren" in rules.words
    assert "sommarxn" not in rules.words
    assert rules.listed is None


def test_the_names_of_the_house_are_those_of_the_file(tmp_path):
    text = SMALL.replace("http://localhost:8080", "https://ett.exempelbolaget.se")
    settings = read(tmp_path, text + "[branding]\norganisation = 'Åkes Äpplen AB'\n")
    context = compile_password_rules(settings).context
    assert context >= {"akes", "applen", "aepplen", "exempelbolaget", "portvakt"}
    assert "securitas" not in context


def test_what_is_not_forbidden_is_not_loaded(tmp_path, monkeypatch):
    monkeypatch.delattr(password_rules, "swedish_words")
    monkeypatch.delattr(password_rules, "common_passwords")
    rules = compiled(tmp_path, "[password]\nforbid = ['name']\n")
    assert judge("Sommar2026", NOBODY, rules) == ()


def test_the_file_of_forbidden_passwords(tmp_path):
    (tmp_path / "more.txt").write_text("Kvx7Torp2\n")
    rules = compiled(tmp_path, "[password]\nforbidden_file = 'more.txt'\n")
    assert judge("kvX7torp2", NOBODY, rules) == (Reason.FORBIDDEN_LIST,)


def test_common_passwords_that_fit_the_rules_are_refused(tmp_path):
    """ASVS 5.0 6.2.4: whatever the list has that fits, with a capital somewhere, is refused."""
    rules = compiled(tmp_path)
    common = common_passwords()
    fitting = [
        p for p in common if len(p) >= 7 and p.isalnum() and not (p.isalpha() or p.isdigit())
    ]
    assert (len(common) > 20_000, len(fitting) > 1_000) == (True, True)
    passed = [p for p in fitting if judge(p.capitalize(), NOBODY, rules) == ()]
    passed += [p for p in fitting if judge(p.swapcase(), NOBODY, rules) == ()]
    assert passed == []


def test_missing_words_are_said_and_nothing_is_let_through(tmp_path, monkeypatch, forgetful):
    def files(_name):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "files", files)
    with pytest.raises(WordsMissing, match="hunspell-sv"):
        compiled(tmp_path)
    monkeypatch.setattr(metadata, "files", lambda _name: [])
    with pytest.raises(WordsMissing, match="install the package"):
        compiled(tmp_path)


def test_the_accounts_of_the_demo_keep_the_rules(tmp_path):
    rules = compiled(tmp_path)
    for person in demo.PEOPLE:
        words = PersonWords.of(person.user, person.name, person.email)
        assert judge(demo.PASSWORD, words, rules) == ()


@pytest.mark.usefixtures("forgetful")
def test_the_words_are_read_once_and_kept_as_a_table(tmp_path, monkeypatch):
    first = swedish_words(tmp_path)
    table = next(tmp_path.iterdir())
    assert table.stat().st_mode & 0o777 == 0o600
    assert [*tmp_path.iterdir()] == [table]
    swedish_words.cache_clear()
    monkeypatch.delattr(password_rules, "read_stems")  # the dictionary is not read again
    again = swedish_words(tmp_path)
    assert len(again) == len(first) > 200_000
    for word in ("sommar", "sommarens", "pojkarna", "hunden"):
        assert (word in first, word in again) == (True, True)
    for word in ("sommarenz", "zzz", "", "so\nmmar"):
        assert (word in first, word in again) == (False, False)


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("kept", [b"", b"nonsense", "cut", "other"])
def test_a_table_that_is_not_of_this_dictionary_is_made_anew(tmp_path, kept):
    swedish_words(tmp_path)
    swedish_words.cache_clear()
    table = next(tmp_path.iterdir())
    good = table.read_bytes()
    bad = {"cut": good[:-9], "other": good.replace(b'"source":"', b'"source":"x', 1)}
    table.unlink()  # a process that still has it mapped keeps what it has
    table.write_bytes(bad.get(kept, kept))
    assert "sommaren" in swedish_words(tmp_path)
    assert table.read_bytes() == good


@pytest.mark.usefixtures("forgetful")
def test_without_a_place_to_keep_them_the_words_are_there_all_the_same(tmp_path):
    assert "sommaren" in swedish_words(tmp_path / "nowhere")
    assert [*tmp_path.iterdir()] == []
