"""`[[upstream]]`: the applications behind us, and who they are told the user is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from gateway.settings import shapes
from gateway.settings.addresses import parse_upstream_url
from gateway.settings.model import Upstream, UpstreamUrl
from gateway.settings.problems import show
from gateway.settings.reading import Refused, Table, Value, shaped
from gateway.settings.templates import places_of
from gateway.settings.values import (
    existing_file,
    flag,
    lasting,
    list_of,
    one_of,
    text,
    whole,
    worded,
)
from policies.fields import Crossing, FieldRules, fold

IDENTITY: Final = (
    ("X-Remote-User", "{user}"),
    ("X-Remote-Name", "{name}"),
    ("X-Remote-Email", "{email}"),
    ("X-Remote-Groups", "{groups}"),
)
CONNECT: Final = timedelta(seconds=5)
FIRST_BYTE: Final = timedelta(seconds=60)
IDLE: Final = timedelta(minutes=5)
CONNECTIONS: Final = 256
"""Connections to one address of an upstream, at most, in each worker."""

_PLACES: Final = ("user", "name", "email", "groups")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_TOKEN: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,126}")
# Not sent to us as a rule, but with a meaning of their own to whoever reads the request.
_RESERVED: Final = frozenset(
    {"setcookie", "range", "date", "via", "maxforwards", "contenttype", "contentencoding"}
)
_EXAMPLE: Final = 'a table, as { X-Remote-User = "{user}" }'


def read_upstreams(file: Table) -> tuple[Upstream, ...]:
    """Read every `[[upstream]]`; there must be one, and names must differ."""
    upstreams: list[Upstream] = []
    for open_table in file.tables("upstream", needed=True):
        with open_table.closing() as table:
            upstream = _upstream(table)
            if any(other.name == upstream.name for other in upstreams) and upstream.name:
                table.tell("name", f'"{upstream.name}" twice', "a name of its own for each")
            upstreams.append(upstream)
    if not file.has("upstream"):
        file.tell("upstream", "nothing", 'an [[upstream]] with name and url = ["http://…"]')
    return tuple(upstreams)


def _upstream(table: Table) -> Upstream:
    with table.table("timeout").closing() as timeout:
        connect = timeout.read("connect", CONNECT, lasting("100ms", "1m"))
        first_byte = timeout.read("first_byte", FIRST_BYTE, lasting("1s", "1h"))
        idle = timeout.read("idle", IDLE, lasting("1s", "24h"))
    urls: tuple[UpstreamUrl, ...] = table.need("url", (), _urls, '["http://127.0.0.1:9000"]')
    if table.has("tls_ca") and urls and not any(url.scheme == "https" for url in urls):
        table.tell("tls_ca", "no https address in url", 'url = ["https://…"], or nothing here')
    return Upstream(
        name=table.need("name", "", _name, '"portal"'),
        urls=urls,
        host=table.read("host", "preserve", one_of("preserve", "upstream")),
        identity=table.read("identity", IDENTITY, _identity),
        connect_timeout=connect,
        first_byte_timeout=first_byte,
        idle_timeout=idle,
        connections=table.read("connections", CONNECTIONS, whole(1, 65_535)),
        line=table.line,
        tls_ca=table.read("tls_ca", None, existing_file),
        assertion=table.read("assertion", default=True, parse=flag),
    )


@shaped(shapes.matching(_NAME.pattern))
def _name(value: Value) -> str:
    name = text(value)
    if _NAME.fullmatch(name) is None:
        raise value.refusal("a name of letters, digits, . - and _")
    return name


@shaped(shapes.TEXT)
def _url(value: Value) -> UpstreamUrl:
    return worded(value, parse_upstream_url)


@shaped(shapes.listing(shapes.TEXT, least=1, unique=True))
def _urls(value: Value) -> tuple[UpstreamUrl, ...]:
    expected = 'a list of addresses, as ["http://127.0.0.1:9000"]'
    urls = list_of(_url, expected)(value)
    if not urls or len(set(urls)) < len(urls):
        raise value.refusal("one address or more, each once")
    return urls


@shaped(shapes.entries(shapes.TEXT, _TOKEN.pattern))
def _identity(value: Value) -> tuple[tuple[str, str], ...]:
    """Read field names and templates; names that fold to one field are refused."""
    fields: dict[str, tuple[str, str]] = {}
    refused_any = False
    for name, entry in value.entries(_EXAMPLE).items():
        try:
            _judge_name(entry, name)
            if fold(name) in fields:
                other = fields[fold(name)][0]
                raise entry.refusal(f"one of {name} and {other}", "two look-alike names")
            fields[fold(name)] = (name, _template(entry))
        except Refused as refused:
            refused_any = True
            value.keep(refused)
    if refused_any:
        raise Refused
    return tuple(fields.values())


def _judge_name(value: Value, name: str) -> None:
    if _TOKEN.fullmatch(name) is None:
        raise value.refusal("a field name of letters, digits and -, as X-Remote-User", show(name))
    ordinary = FieldRules(()).crossing(name.encode()) is Crossing.PASS
    if not ordinary or fold(name) in _RESERVED:
        found = f"{name}, which the gateway or HTTP itself writes"
        raise value.refusal("a field name of your own, as X-Remote-User", found)


def _template(value: Value) -> str:
    template = text(value)
    if not template.isascii():
        raise value.refusal("ASCII characters around the places")
    places_of(value, template, _PLACES)
    return template
