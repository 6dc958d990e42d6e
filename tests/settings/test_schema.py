"""The JSON Schema: the repository's copy, gateway.toml, the README and the code agree with it."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.cli.schema import schema as command
from gateway.settings.parse import read_tables
from gateway.settings.positions import Lines
from gateway.settings.reading import Reading, Value
from gateway.settings.schema import schema
from tests.settings.samples import KEY, SMALL
from tests.settings.test_parse import TABLES
from tests.settings.whole_file import ENVIRON, TEXT, every_way

ROOT = Path(__file__).parents[2]
SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)
WRONG = dt.date(2026, 1, 1)
"""A value that no key takes."""

LOOSE = [
    ("", " ", "x", "30s", "5m", "1h", "11m", "5/5m", "64KiB", "always", "never", "https://a.se"),
    ("http://127.0.0.1:9000", "{code}", "{user}", "10.0.0.0/8", "corporate", "!internet", "/hr/"),
    (True, False, 0, 1, -1, 7, 1.0, 10**9, float("inf"), WRONG, [], {}, [[]], ["x"], [1]),
    ({"env": "SMS"}, {"file": "cert.pem"}, {"env": "SMS", "file": "cert.pem"}, {"a": {}}),
]
POOL = [value for line in LOOSE for value in line]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("schema")
    (directory / "api.key").write_text("value\n")
    return directory


@pytest.fixture(scope="module")
def documents(place):
    """Valid files as plain values; taken together they hold every key."""
    traces = "[telemetry]\ntraces = 'http://127.0.0.1:4318/v1/traces'\nsample = 1"
    texts = [TEXT, SMALL, SMALL + TABLES, SMALL + traces, *every_way(place)]
    return [tomllib.loads(text) for text in texts]


def reads(place, document):
    environ = {**ENVIRON, "REDIS_URL": "rediss://:pw@r:6379/0", "KEY": KEY, "SMS": "p"}
    reading = Reading(place, environ, Lines({}))
    with Value(reading, (), document).table().closing() as file:
        found = read_tables(file, "", None)
    return None if reading.problems else found


def places(document, path=()):
    """Yield the path of every value in a document."""
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in entries:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


def around(document, path):
    for key in path[:-1]:
        document = document[key]
    return document


def test_the_copy_in_the_repository_is_what_the_code_says():
    assert CliRunner().invoke(command).output == (ROOT / "docs/gateway.schema.json").read_text(
        "utf-8"
    ), "portvakt schema > docs/gateway.schema.json"
    assert TEXT.startswith("#:schema docs/gateway.schema.json\n")


def test_it_is_a_schema_and_the_files_are_valid_by_it(place, documents):
    Draft202012Validator.check_schema(SCHEMA)
    for document in documents:
        assert reads(place, document) is not None
        assert list(VALIDATOR.iter_errors(document)) == []


def test_the_readme_names_every_table():
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = re.search(r"\| table \| steers \|\n\|---\|---\|\n((?:\|.*\n)+)", readme)[1]
    named = [
        name
        for row in rows.splitlines()
        for name in re.findall(r"`\[*(\w+)\]*`", row.split("|")[1])
    ]
    assert sorted(named) == sorted(SCHEMA["properties"])


def described(table, path=()):
    for key, shape in table["properties"].items():
        yield (*path, key), shape
        inner = shape.get("items", shape)
        if "properties" in inner:
            yield from described(inner, (*path, key))


def test_every_key_says_what_it_is():
    tables = {("listen", "tls"), ("upstream", "timeout")}
    for path, shape in described(SCHEMA):
        if "properties" not in shape.get("items", shape) and path[:-1] not in tables:
            assert shape.get("description"), path


def test_defaults_mean_what_leaving_a_key_out_means(place):
    least = tomllib.loads(SMALL)
    whole = copy.deepcopy(least)
    for path, shape in described(SCHEMA):
        if "default" not in shape or path[0] == "sms" or path == ("networks",):
            continue
        table = whole
        for key in path[:-1]:
            inner = table.setdefault(key, {})
            table = inner[0] if isinstance(inner, list) else inner
        table.setdefault(path[-1], shape["default"])
    whole["networks"] = SCHEMA["properties"]["networks"]["default"]
    assert list(VALIDATOR.iter_errors(whole)) == []
    assert reads(place, whole) == reads(place, least)


def test_wrong_keys_and_types_are_refused_by_both(place, documents):
    judged = set()
    for document in documents:
        for path in list(places(document)):
            name = tuple(part for part in path if isinstance(part, str))
            if name in judged or (name[:2] == ("sms", "json") and len(name) > 2):
                continue
            judged.add(name)
            spoilt = copy.deepcopy(document)
            around(spoilt, path)[path[-1]] = WRONG
            assert reads(place, spoilt) is None, path
            assert not VALIDATOR.is_valid(spoilt), path
    assert {path for path, _ in described(SCHEMA)} <= judged


def test_unknown_and_missing_keys_are_refused_by_both(place, documents):
    free = {("networks",), ("sms", "json"), ("sms", "form"), ("sms", "headers")}
    for document in documents:
        for path in [(), *places(document)]:
            name = tuple(part for part in path if isinstance(part, str))
            table = around(document, (*path, "x"))
            if not isinstance(table, dict) or name[:2] in free or name[-1:] == ("identity",):
                continue
            spoilt = copy.deepcopy(document)
            around(spoilt, (*path, "x"))["zzz"] = "x"
            assert reads(place, spoilt) is None, path
            assert not VALIDATOR.is_valid(spoilt), path
    for path in (("public_url",), ("upstream",), ("route",), ("route", 0, "path"),
                 ("route", 0, "upstream"), ("upstream", 0, "name"), ("upstream", 0, "url")):  # fmt: skip
        spoilt = copy.deepcopy(documents[0])
        del around(spoilt, path)[path[-1]]
        assert reads(place, spoilt) is None, path
        assert not VALIDATOR.is_valid(spoilt), path


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_the_code_accepts_the_schema_accepts(place, documents, data):
    document = copy.deepcopy(data.draw(st.sampled_from(documents)))
    others = [around(other, path)[path[-1]] for other in documents for path in places(other)]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(document)) or [("x",)]))
        match data.draw(st.sampled_from(("pool", "other", "drop", "add"))):
            case "pool":
                around(document, path)[path[-1]] = copy.deepcopy(data.draw(st.sampled_from(POOL)))
            case "other":
                around(document, path)[path[-1]] = copy.deepcopy(data.draw(st.sampled_from(others)))
            case "drop":
                del around(document, path)[path[-1]]
            case "add" if isinstance(around(document, path), dict):
                name = data.draw(st.sampled_from(("idle", "path", "zzz", "name", "a-b")))
                around(document, path)[name] = copy.deepcopy(data.draw(st.sampled_from(POOL)))
    if reads(place, document) is not None:
        assert list(VALIDATOR.iter_errors(document)) == [], json.dumps(document, default=str)
