"""Secrets: their three forms, and keys that are none.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest

from gateway.settings.model import Secret
from tests.settings.samples import KEY, SMALL, judge, problems, read

CASES = [
    ("[secrets]\nkey = ''", 1, "secrets.key", "empty", "not empty"),
    ("[secrets]\nkey = 'short-but-random-x9'", 1, "secrets.key", "19 characters", "32"),
    ("[secrets]\nkey = 'changeme-changeme-changeme-changeme'", 1, "secrets.key", "example", "openssl"),
    ("[secrets]\nkey = '0123456789abcdef0123456789abcdef'", 1, "secrets.key", "example", "openssl"),
    (f"[secrets]\nkey = '{'x' * 40}'", 1, "secrets.key", "example", "openssl"),
    ("[secrets]\nkey = 12345678901234567890", 1, "secrets.key", "neither", "env"),
    ("[secrets]\nkey = { env = 'NOT_SET' }", 1, "secrets.key.env", '"NOT_SET"', "set"),
    ("[secrets]\nkey = { env = 'EMPTY' }", 1, "secrets.key.env", "empty", "not empty"),
    ("[secrets]\nkey = { file = 'elsewhere.key' }", 1, "secrets.key.file", "no such file", "readable"),
    ("[secrets]\nkey = { file = 'var/../../x.key' }", 1, "secrets.key.file", "no such file", "readable"),
    (f"[secrets]\nkey = {{ file = '{'x' * 300}' }}", 1, "secrets.key.file", "too long", "readable"),
    ("[secrets]\nkey = { file = 'gateway.toml/key' }", 1, "secrets.key.file", "not a directory", "readable"),
    ("[secrets]\nkey = { file = '.' }", 1, "secrets.key.file", "is a directory", "readable"),
    ("[secrets]\nkey = { path = 'x' }", 1, "secrets.key", "a table", "{ file"),
    ("[secrets]\nkey = { env = 'A', file = 'x' }", 1, "secrets.key", "a table", "{ file"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)


@pytest.mark.parametrize(
    "written",
    ["key = 'hemligt-ord'", "key = { env = 'S' }", "key = { file = 'secret' }"],
)
def test_a_refused_secret_is_never_shown(tmp_path, written):
    (tmp_path / "secret").write_text("hemligt-ord")
    found = problems(tmp_path, f"{SMALL}[secrets]\n{written}\n", {"S": "hemligt-ord"})
    assert "hemligt" not in str(found)
    assert "11 characters" in found[0].found


def test_a_key_file_that_exists_is_judged_and_kept(tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var/secret.key").write_text(f"{KEY}\n")
    for written in ("", "[secrets]\nkey = { file = 'var/secret.key' }\n"):
        found = read(tmp_path, SMALL + written)
        assert found.secret_key == Secret(KEY)
        assert found.secret_key_file == tmp_path / "var/secret.key"
    (tmp_path / "var/secret.key").write_text("")
    assert problems(tmp_path, SMALL)[0].key == "secrets.key.file"


def test_a_missing_key_file_in_the_state_directory_is_made_later(tmp_path):
    found = read(tmp_path, SMALL + "[secrets]\nkey = { file = 'var/other.key' }\n")
    assert (found.secret_key, found.secret_key_file) == (Secret(""), tmp_path / "var/other.key")


REDIS = SMALL + "[redis]\nurl = { env = 'R' }\n"


def test_a_variable_or_the_file_that_its_neighbour_names(tmp_path):
    (tmp_path / "r").write_text("redis://h/1\n")
    assert read(tmp_path, REDIS, {"R": "redis://h/1"}).redis_url == Secret("redis://h/1")
    for file in ("r", str(tmp_path / "r")):
        found = read(tmp_path, REDIS, {"R_FILE": file})
        assert found.redis_url == Secret("redis://h/1")
        assert found.redis_url.file == tmp_path / "r"
        assert tmp_path / "r" in found.files  # an edit of it is an edit


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"R": "redis://h/1", "R_FILE": "r"}, "both are set"),
        ({"R_FILE": "nowhere"}, "no such file"),
        ({"R_FILE": ""}, "is a directory"),
        ({}, "R_FILE"),
    ],
)
def test_what_the_environment_cannot_mean(tmp_path, environ, words):
    (tmp_path / "r").write_text("redis://h/1")
    (found,) = problems(tmp_path, REDIS, environ)
    assert found.key == "redis.url.env"
    assert words in found.found + found.expected
