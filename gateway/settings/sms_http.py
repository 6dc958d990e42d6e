"""`[[sms]] kind = "http"`: any API that takes one call a message, in templates of its body."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Final

from gateway.settings import shapes
from gateway.settings.addresses import parse_call_url
from gateway.settings.credentials import secret
from gateway.settings.model import Secret
from gateway.settings.phones import HttpSms
from gateway.settings.problems import show
from gateway.settings.reading import Refused, Table, Value, shaped
from gateway.settings.sms_common import read_common
from gateway.settings.templates import words_of
from gateway.settings.values import one_of, text

_PLACES: Final = ("mobile", "text")
_RECEIPT: Final = ("receipt", "id")
"""Where a form says to whom what became of the message is told, and what it is called there."""
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_OURS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection"}
)
_FORM: Final = 'a form, as { to = "{mobile}", message = "{text}" }'

Form = tuple[tuple[str, str], ...]
Headers = tuple[tuple[str, Secret], ...]


def read_http(table: Table, name: str) -> HttpSms:
    """Read a table of kind "http"."""
    has_form, has_json = table.has("form"), table.has("json")
    if has_form == has_json:
        found = "both form and json" if has_form else "neither form nor json"
        table.tell("json" if has_form else "form", found, f"one of them: {_FORM}")
    sms = HttpSms(
        name=name,
        url=table.need("url", "", call_url, '"https://api.example.se/sms"'),
        method=table.read("method", "POST", one_of("POST", "GET")),
        form=table.read("form", None, _form),
        json=table.read("json", None, _json),
        headers=table.read("headers", (), _headers),
        username=table.read("username", None, user_name),
        password=table.read("password", None, secret),
        success_text=table.read("success_text", None, text),
        **read_common(table),
    )
    if any("{receipt}" in template for _, template in sms.form or ()):
        sms = replace(sms, receipts=True)
    if sms.method == "GET" and has_json:
        table.tell("json", 'json, with method = "GET"', "a form, which goes into the query")
    if table.has("username") != table.has("password"):
        given = "username" if table.has("username") else "password"
        table.tell(given, f"{given} alone", "username and password together (basic authentication)")
    if sms.username and any(field.lower() == "authorization" for field, _ in sms.headers):
        table.tell("headers", "Authorization beside username", "one of the two")
    return sms


@shaped(shapes.TEXT)
def user_name(value: Value) -> str:
    """Read the user name of basic authentication."""
    name = text(value)
    if ":" in name:
        raise value.refusal("a user name without one (RFC 7617 section 2)", "a colon")
    return name


@shaped(shapes.TEXT)
def call_url(value: Value) -> str:
    """Read the URL that is called for each message."""
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
        places |= words_of(entry, entry.raw, (*_PLACES, *_RECEIPT))
        fields.append((name, entry.raw))
    _both(value, places)
    if len(places.intersection(_RECEIPT)) == 1:
        expected = 'both, as "{receipt}?id={id}&status=%d"'
        raise value.refusal(expected, "one of {receipt} and {id}")
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
