"""The repository's gateway.toml: every key that the reader knows, with the default of the code."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from gateway.settings.parse import read_settings
from gateway.settings.reading import Table
from gateway.settings.snapshot import compile_snapshot
from gateway.settings.warnings import warnings
from tests.settings.samples import write

FILE = Path(__file__).parents[2] / "gateway.toml"
TEXT = FILE.read_text(encoding="utf-8")
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


@pytest.fixture
def asked(monkeypatch):
    """Every key that the reader asks for, as (path of tables without indices, key)."""
    seen = set()
    for name in ("read", "need", "table", "tables"):
        plain = getattr(Table, name)

        def spy(self, key, *rest, plain=plain, **named):
            seen.add((tuple(part for part in self.path if isinstance(part, str)), key))
            return plain(self, key, *rest, **named)

        monkeypatch.setattr(Table, name, spy)
    return seen


def edited(on=(), off=()):
    """The file with some optional lines switched on and some lines left out, by how they begin."""
    lines = []
    for line in TEXT.splitlines():
        if line.startswith(tuple(f"# {start}" for start in on)):
            lines.append(line.removeprefix("# "))
        elif not line.startswith(tuple(off) or "\0"):
            lines.append(line)
    return "\n".join(lines) + "\n"


CONDITIONS = ("groups =", "networks =", "hours =", "absolute =", 'idle = "10m')


def every_way(directory):
    """Files in which, taken together, every key is on."""
    for name in ("cert.pem", "key.pem", "portal-ca.pem"):
        (directory / name).write_text("x")
    (directory / "branding").mkdir(exist_ok=True)
    further = (
        "tls =",
        "headers =",
        "username =",
        "password =",
        "success_text =",
        "directory =",
        *CONDITIONS,
    )
    yield edited(on=(*further, 'host = "x', "title =", "icon ="))
    yield edited(on=("json =",), off=("form =",))
    yield edited(on=("tls_ca =",)).replace('"http://127.0.0.1:9000"', '"https://127.0.0.1:9000"')
    yield edited(on=("url = {",), off=('path = "var/dir',)).replace('"sqlite"\n', '"sql"\n')
    http = ('name = "http', 'url = "http:', "form =", 'timeout = "')
    yield edited(on=('path = "var/out',), off=http).replace('kind = "http"', 'kind = "outbox"')


def test_it_is_valid_and_safe():
    settings = read_settings(FILE, {})
    assert warnings(settings) == []
    assert len(compile_snapshot(settings).digest) == 12


def test_it_is_what_the_demo_needs():
    settings = read_settings(FILE, {})
    (sms,) = settings.sms
    assert settings.public_url.origin == "http://localhost:8080"
    assert sms.url == "http://127.0.0.1:9001/a1/sms"
    assert dict(sms.form) == {"from": "Portvakt", "to": "{mobile}", "message": "{text}"}
    assert settings.upstreams[0].urls[0].port == 9000


def test_every_key_of_the_reader_stands_in_it(tmp_path, asked):
    environ = {
        "PORTVAKT_DIRECTORY_URL": "postgresql+asyncpg://h/d",
        "SMS_API_KEY": "k",
        "SMS_PASSWORD": "p",
    }
    for text in every_way(tmp_path):
        read_settings(write(tmp_path, text), environ)
    stands = keys_in_the_file()
    tables = set(TABLE.findall(TEXT))
    for path, key in asked:
        if path == () and key in tables:
            continue
        if path in {("listen", "tls"), ("upstream", "timeout")}:
            line = next(
                line
                for line in TEXT.splitlines()
                if line.lstrip("# ").startswith(f"{path[1]} = {{")
            )
            assert f"{key} = " in line
            continue
        assert ("".join(path), key) in stands, f"{path} {key}"
    known = {("".join(path), key) for path, key in asked}
    assert stands <= known, stands - known


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
