"""`[[sms]]`: the ways to a phone, tried in order."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from gateway.settings import shapes
from gateway.settings.addresses import parse_call_url
from gateway.settings.credentials import secret
from gateway.settings.model import HttpSms, OutboxSms, Secret
from gateway.settings.problems import choice_of, show
from gateway.settings.reading import Refused, Table, Value, shaped
from gateway.settings.templates import words_of
from gateway.settings.values import file_path, lasting, one_of, text

TIMEOUT: Final = timedelta(seconds=10)

_KINDS: Final = ("http", "outbox")
_LATER: Final = ("46elks", "twilio", "smpp", "smtp")
_PLACES: Final = ("mobile", "text")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_OURS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection"}
)
_FORM: Final = 'a form, as { to = "{mobile}", message = "{text}" }'

Form = tuple[tuple[str, str], ...]
Headers = tuple[tuple[str, Secret], ...]


def read_sms(file: Table, state_dir: Path) -> tuple[HttpSms | OutboxSms, ...]:
    """Read every `[[sms]]`; the default name is the kind and its count, as "http-1"."""
    ways: list[HttpSms | OutboxSms] = []
    counts = dict.fromkeys(_KINDS, 0)
    for open_table in file.tables("sms"):
        with open_table.closing() as table:
            kind = table.need("kind", "", _kind, choice_of(None, _KINDS).replace("one of: ", ""))
            if kind not in counts:
                table.forget()
                continue
            counts[kind] += 1
            name = table.read("name", f"{kind}-{counts[kind]}", _name)
            if any(way.name == name for way in ways):
                table.tell("name", f'"{name}" twice', "a name of its own for each [[sms]]")
            ways.append(
                _http(table, name)
                if kind == "http"
                else OutboxSms(name, table.read("path", state_dir / "outbox.jsonl", file_path))
            )
    return tuple(ways)


def _http(table: Table, name: str) -> HttpSms:
    has_form, has_json = table.has("form"), table.has("json")
    if has_form == has_json:
        found = "both form and json" if has_form else "neither form nor json"
        table.tell("json" if has_form else "form", found, f"one of them: {_FORM}")
    sms = HttpSms(
        name=name,
        url=table.need("url", "", _url, '"https://api.example.se/sms"'),
        form=table.read("form", None, _form),
        json=table.read("json", None, _json),
        headers=table.read("headers", (), _headers),
        username=table.read("username", None, text),
        password=table.read("password", None, secret),
        success_text=table.read("success_text", None, text),
        timeout=table.read("timeout", TIMEOUT, lasting("1s", "1m")),
    )
    if table.has("username") != table.has("password"):
        given = "username" if table.has("username") else "password"
        table.tell(given, f"{given} alone", "username and password together (basic authentication)")
    elif sms.username is not None and ":" in sms.username:
        table.tell("username", "a colon", "a user name without one (RFC 7617 section 2)")
    if sms.username and any(field.lower() == "authorization" for field, _ in sms.headers):
        table.tell("headers", "Authorization beside username", "one of the two")
    return sms


@shaped(shapes.words(_KINDS))
def _kind(value: Value) -> str:
    if value.raw in _LATER:
        raise value.refusal(choice_of(None, _KINDS), f'"{value.raw}", which is not available yet')
    return one_of(*_KINDS)(value)


@shaped(shapes.matching(_NAME.pattern))
def _name(value: Value) -> str:
    name = text(value)
    if _NAME.fullmatch(name) is None:
        raise value.refusal("a name of letters, digits, . - and _")
    return name


@shaped(shapes.TEXT)
def _url(value: Value) -> str:
    # The query may hold an API key, so the URL is not shown.
    written = text(value)
    try:
        return parse_call_url(written)
    except ValueError as error:
        raise value.refusal(str(error), f"a text of {len(written)} characters") from None


@shaped(shapes.entries({"type": "string"}))
def _form(value: Value) -> Form | None:
    fields: list[tuple[str, str]] = []
    places: set[str] = set()
    for name, entry in value.entries(_FORM).items():
        if not isinstance(entry.raw, str):
            raise entry.refusal("text in quotes")
        places |= words_of(entry, entry.raw, _PLACES)
        fields.append((name, entry.raw))
    _both(value, places)
    return tuple(fields)


@shaped({"type": ["object", "array"]})
def _json(value: Value) -> object:
    expected = 'a table, as { to = "{mobile}", text = "{text}" }'
    if not isinstance(value.raw, (dict, list)):
        raise value.refusal(expected)
    _both(value, _places_in(value))
    return value.raw


def _places_in(value: Value) -> set[str]:
    """Return the places in all texts of a JSON template, whose values JSON must know."""
    match value.raw:
        case str() as template:
            return words_of(value, template, _PLACES)
        case dict():
            return set().union(*map(_places_in, value.entries("a table").values()))
        case list():
            return set().union(*map(_places_in, value.elements("a list")))
        case bool() | int():
            return set()
        case float() as number if math.isfinite(number):
            return set()
        case _:
            raise value.refusal("a value that JSON knows: text, number, true, false")


def _both(value: Value, places: set[str]) -> None:
    for place in _PLACES:
        if place not in places:
            raise value.refusal(f"{{{place}}} in one of its texts", f"no {{{place}}}")


@shaped(shapes.entries(shapes.SECRET, _TOKEN.pattern))
def _headers(value: Value) -> Headers:
    headers: list[tuple[str, Secret]] = []
    for name, entry in value.entries('a table, as { X-Api-Key = { env = "SMS_KEY" } }').items():
        try:
            if _TOKEN.fullmatch(name) is None or name.lower() in _OURS:
                raise entry.refusal("the name of a header field that is yours to give", show(name))
            if any(name.lower() == other.lower() for other, _ in headers):
                raise entry.refusal("each header field once", "a name that stands twice")
            headers.append((name, _latin(entry)))
        except Refused as refused:
            value.keep(refused)
    return tuple(headers)


def _latin(value: Value) -> Secret:
    found = secret(value)
    if not found.reveal().isascii():
        raise value.refusal("ASCII characters in a header field", "other characters")
    return found
