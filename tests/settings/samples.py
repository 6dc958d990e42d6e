"""A small valid gateway.toml to spoil, and how a spoilt one is judged."""

from __future__ import annotations

import pytest

from gateway.settings.parse import read_settings
from gateway.settings.problems import SettingsError

KEY = "b1946ac92492d2347c6235b4d2611184"
SMALL = """\
public_url = "http://localhost:8080"
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9000"]
[[route]]
path = "/"
upstream = "portal"
"""
NEXT = SMALL.count("\n") + 1  # the line of what is put at the end


def write(directory, text):
    path = directory / "gateway.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(directory, text, environ=None):
    return read_settings(write(directory, text), environ or {})


def problems(directory, text, environ=None):
    with pytest.raises(SettingsError) as error:
        read(directory, text, environ)
    return error.value.problems


HTTP = '[[sms]]\nkind = "http"\nurl = "https://a.se/b"\n'
FORM = 'form = { to = "{mobile}", m = "{text}" }\n'
UPSTREAM = '[[upstream]]\nname = "b"\n'
ROUTE = '[[route]]\npath = "/a"\nupstream = "portal"\n'


def judge(directory, case):
    """One fault gives one problem, on its line, under its key, in its words."""
    added, down, key, found, expected = case
    (problem,) = problems(directory, f"{SMALL}{added}\n", {"EMPTY": ""})
    assert (problem.key, problem.line) == (key, NEXT + down)
    assert found in problem.found
    assert expected in problem.expected
