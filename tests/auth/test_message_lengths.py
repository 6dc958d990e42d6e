"""Messages above one SMS: which is told, where, and what fits."""

from __future__ import annotations

import pytest

from gateway.auth.message_lengths import long_messages
from tests.settings.samples import NEXT, SMALL, read

TEXT = "[one_time_password]\ntext = '{{code}} {}'\n"
ROOM = 160 - len("000000 \n\n@localhost #000000")
PO = 'msgid ""\nmsgstr ""\n"Language: sv\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
OURS = "Your password for {portal} was changed."


def found(directory, text):
    return {(problem.key, problem.found) for problem in long_messages(read(directory, text))}


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT.format("x" * ROOM),
        TEXT.format("ä" * ROOM),
        TEXT.format("”" + "x" * (ROOM - 91)),
        "[branding]\norganisation = 'Arbetsförmedlingen i Västra Götaland'\n",
    ],
)
def test_what_fits(tmp_path, text):
    assert found(tmp_path, SMALL + text) == set()


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (TEXT.format("x" * (ROOM + 1)), "one_time_password.text", "161 characters, 2 SMS each time"),
        (TEXT.format("€" + "x" * (ROOM - 1)), "one_time_password.text", "160 characters, 2 SMS"),
        (TEXT.format("”" + "x" * (ROOM - 90)), "one_time_password.text", "because of ” in it"),
        (TEXT.format("{organisation}") + f"[branding]\norganisation = '{'x' * 150}'\n",
         "one_time_password.text", "code for logon"),
        ("[branding]\norganisation = 'Bäckens “Nya” arbetsförmedling i Västra Götaland'\n",
         "branding.organisation", "code for reset (sv): 140 characters, 3 SMS each time, because of “” in it, and 5 more like it"),
        ("[branding]\nportal = 'Medarbetarportalen för alla'\n", "branding.portal", "(sv): 169 characters"),
    ],
)  # fmt: skip
def test_what_does_not(tmp_path, text, key, words):
    told = found(tmp_path, SMALL + text)
    assert any(one == key and words in said for one, said in told), told


def test_a_long_host_counts(tmp_path):
    host = ".".join(["x" * 60] * 3)
    told = found(tmp_path, SMALL.replace("localhost", host))
    assert {key for key, _ in told} == {"branding.organisation"}


def test_ones_own_words_count(tmp_path):
    (tmp_path / "look").mkdir()
    (tmp_path / "look/sv.po").write_text(
        f'{PO}msgid "{OURS}"\nmsgstr "{"Nytt lösenord. " * 9}{{portal}}"\n', encoding="utf-8"
    )
    (problem,) = long_messages(read(tmp_path, SMALL + "[branding]\ndirectory = 'look'\n"))
    assert (problem.key, problem.line) == ("branding.directory", NEXT + 1)
    assert "notice password-changed (sv)" in problem.found
