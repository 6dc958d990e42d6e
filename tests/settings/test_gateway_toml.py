"""The repository's gateway.toml: every key that the reader knows, with the default of the code."""

from __future__ import annotations

import dataclasses
import re

from gateway.settings.parse import read_settings
from gateway.settings.questions import ask_readers
from gateway.settings.snapshot import compile_snapshot
from gateway.settings.warnings import warnings
from tests.settings.samples import write
from tests.settings.whole_file import FILE, TEXT, edited

KEY = re.compile(r"(?:# )?([a-z_]+) = .*")
TABLE = re.compile(r"\[\[?([a-z_]+)\]?\]")

NEEDED = """\
public_url = "http://localhost:8080"
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9000"]
[[route]]
path = "/static/"
upstream = "portal"
public = true
[[route]]
path = "/"
upstream = "portal"
"""


def keys_in_the_file():
    """Every key by table, commented-out ones too; keys of inline tables are looked for by name."""
    table, found = "", set()
    for line in TEXT.splitlines():
        if header := TABLE.fullmatch(line):
            table = header[1]
        elif key := KEY.fullmatch(line):
            found.add((table, key[1]))
    return found


def test_it_is_valid_and_safe():
    settings = read_settings(FILE, {})
    (seven,) = warnings(settings, FILE, 1)  # the departure that docs/asvs.md tells of
    assert (seven.key, seven.is_hint) == ("password.min_length", True)
    assert len(compile_snapshot(settings).digest) == 12


def test_it_is_what_the_demo_needs():
    settings = read_settings(FILE, {})
    (sms,) = settings.sms
    assert settings.public_url.origin == "http://localhost:8080"
    assert sms.url == "http://127.0.0.1:9001/a1/sms"
    assert dict(sms.form) == {"from": "Portvakt", "to": "{mobile}", "message": "{text}"}
    assert settings.upstreams[0].urls[0].port == 9000


def test_every_key_of_the_reader_stands_in_it():
    stands, tables = keys_in_the_file(), set(TABLE.findall(TEXT))
    known = set()
    for path, questions in ask_readers().items():
        for key, asked in questions.keys().items():
            if path in {("listen", "tls"), ("upstream", "timeout")}:
                assert re.search(rf"^(# )?{path[1]} = \{{.*\b{key} = ", TEXT, re.MULTILINE), key
            elif not asked[0].is_pattern and (path or key not in tables):
                known.add(("".join(path), key))
    assert stands == known


def test_its_defaults_are_those_of_the_code(tmp_path):
    (tmp_path / "least").mkdir()
    (tmp_path / "whole").mkdir()
    least = read_settings(write(tmp_path / "least", NEEDED), {})
    whole = read_settings(write(tmp_path / "whole", TEXT), {})
    for one in dataclasses.fields(least):
        if one.name in {"sms", "digest", "lines", "files"}:  # the stub phone of the demo
            continue
        first, second = (repr(plain(getattr(settings, one.name))) for settings in (least, whole))
        assert first.replace("/least/", "/whole/") == second, one.name
    assert (
        least.directory.url.reveal().replace("/least/", "/whole/") == whole.directory.url.reveal()
    )


def plain(value):
    """The value without the lines of upstreams and routes."""
    if isinstance(value, tuple):
        return tuple(plain(part) for part in value)
    if dataclasses.is_dataclass(value) and "line" in {
        one.name for one in dataclasses.fields(value)
    }:
        return dataclasses.replace(value, line=0)
    return value


def test_every_key_has_a_comment_above_it():
    lines = TEXT.splitlines()
    seen = set()
    for above, line in zip(["", *lines], lines, strict=False):
        key = KEY.fullmatch(line)
        if key is None or key[1] in seen or "= " not in line:
            continue
        seen.add(key[1])
        assert above.startswith("# "), line


def test_the_example_of_a_choice_can_be_switched_on(tmp_path):
    text = edited(on=("title =", "icon =")).replace("\n#   ", "\n")
    routes = read_settings(write(tmp_path, text), {}).routes
    assert {route.path: (route.title, route.icon) for route in routes if route.title} == {
        "/": ("Medarbetarportalen", "home"),
        "/schema": ("Schema", "calendar"),
    }
    assert [route.title for route in read_settings(FILE, {}).routes] == [None, None]
