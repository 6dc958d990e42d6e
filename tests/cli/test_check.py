"""`portvakt check`: exit status, and what stands on the terminal."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from gateway.cli.check import check
from tests.settings.samples import KEY, SMALL, write

SEVEN = (
    SMALL
    + '[[sms]]\nkind = "http"\nurl = "https://a.se/b"\nform = { to = "{mobile}", m = "{text}" }\n'
)
SAFE = SEVEN + "[password]\nmin_length = 8\n"
WRONG = SMALL.replace('upstream = "portal"', 'upstream = "portl"') + "[session]\nidle = 30\n"


def run(path, *args, env=None):
    return CliRunner().invoke(check, args, obj={"config": path}, env=env)


def test_a_valid_file(tmp_path):
    path = write(tmp_path, SAFE)
    result = run(path)
    assert (result.exit_code, result.output) == (0, f"{path} is valid.\n")


def test_errors_are_listed_with_line_key_and_words(tmp_path):
    path = write(tmp_path, WRONG)
    result = run(path)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        'gateway.toml:7: route[1].upstream: found "portl"; write "portal"',
        'gateway.toml:9: session.idle:      found 30; write a duration with its unit, as "30s", "5m" or "1h30m"',
        "",
        f"{path} has 2 errors. Correct what is listed, then run this check again.",
    ]


def test_warnings_are_listed_and_the_file_is_valid(tmp_path):
    path = write(tmp_path, SAFE + '[admin]\naddress = "0.0.0.0:8081"\n')
    result = run(path)
    assert result.exit_code == 0
    assert result.output.startswith("gateway.toml:15: admin.address: found")
    assert f"{path} is valid, with 1 warning:" in result.output


@pytest.mark.parametrize(
    ("text", "args", "code", "said"),
    [
        ("[session]\nidle = '2h'\n", (), 0, "with 1 hint:"),
        ("[session]\nidle = '2h'\n", ("--strict",), 0, "with 1 hint:"),
        ("[password]\nmin_length = 6\n", ("--strict",), 1, "with 1 warning:"),
        ("[password]\nmin_length = 6\n[session]\nidle = '2h'\n", (), 0, "1 warning and 1 hint:"),
        (
            "[branding]\nportal = 'Medarbetarportalen för alla'\n",
            ("--strict",),
            1,
            "2 SMS each time",
        ),
        ("", ("--strict",), 0, "is valid."),
    ],
)
def test_strict_refuses_warnings_and_lets_hints_pass(tmp_path, text, args, code, said):
    result = run(write(tmp_path, (SEVEN if "[password]" in text else SAFE) + text), *args)
    assert (result.exit_code, said in result.output) == (code, True), result.output
    assert ("hint: found" in result.output) is ("idle" in text)


@pytest.mark.parametrize(
    ("text", "code", "valid", "errors", "warned"),
    [
        (SAFE, 0, True, [], []),
        (SEVEN, 0, True, [], [(1, "password.min_length")]),
        (SMALL, 0, True, [], [(1, "sms"), (1, "password.min_length")]),
        (WRONG, 1, False, [(7, "route[1].upstream"), (9, "session.idle")], []),
        ("a = = 1", 1, False, [(1, "")], []),
    ],
)
def test_json(tmp_path, text, code, valid, errors, warned):
    result = run(write(tmp_path, text), "--json")
    answer = json.loads(result.output)
    assert (result.exit_code, answer["valid"]) == (code, valid)
    assert [(one["line"], one["key"]) for one in answer["errors"]] == errors
    assert [(one["line"], one["key"]) for one in answer["warnings"]] == warned
    assert all(one["found"] and one["expected"] for one in answer["errors"] + answer["warnings"])


def test_a_missing_file_is_said_without_a_line(tmp_path):
    result = run(tmp_path / "gateway.toml")
    assert result.exit_code == 1
    assert result.output.startswith("gateway.toml: found no such file or directory")


def test_the_environment_is_read(tmp_path):
    path = write(tmp_path, SAFE + '[secrets]\nkey = { env = "PORTVAKT_TEST_KEY" }\n')
    assert run(path, env={"PORTVAKT_TEST_KEY": KEY}).exit_code == 0
    assert run(path).exit_code == 1


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[listen]\ntls = { certificate = 'a.pem', key = 'a.pem' }\n", "listen.tls", "a.pem"),
        (
            "[directory]\nkind = 'sql'\nurl = 'postgresql://u:hidden@h/d?sslmod=x'\n",
            "directory.url",
            "a misspelled parameter",
        ),
    ],
)
def test_what_only_the_start_would_find(tmp_path, text, key, words):
    (tmp_path / "a.pem").write_text("no certificate\n")
    result = run(write(tmp_path, SAFE + text))
    assert result.exit_code == 1
    assert re.match(rf"gateway\.toml:1[56]: {key}: +found ", result.output)
    assert words in result.output
    assert "hidden" not in result.output


def test_faults_and_warnings_of_the_look_have_their_file_and_line(tmp_path):
    look = tmp_path / "look"
    look.mkdir()
    (look / "style.css").write_text(":root {\n  --accent: #ffffff;\n}\n")
    path = write(tmp_path, SAFE + '[branding]\ndirectory = "look"\n')
    result = run(path)
    assert result.exit_code == 0
    assert "look/style.css:2: found --accent #ffffff on --ground" in result.output
    (look / "sv.po").write_text('\nmsgid "Welcom"\nmsgstr "Hej"\n')
    result = run(path)
    assert result.exit_code == 1
    assert result.output.startswith('look/sv.po:2: found the text "Welcom", which is none of ours')
    (error,) = json.loads(run(path, "--json").output)["errors"]
    assert (error["file"], error["line"], error["key"]) == ("look/sv.po", 2, "")
