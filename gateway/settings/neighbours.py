"""Whom we talk to: `[redis]`, `[secrets]`, `[directory]` (and `[ldap]`).

Addresses may hold passwords, so they are secrets, and a problem shows their scheme at most.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.settings.credentials import is_missing, key_secret, secret
from gateway.settings.ldap import read_ldap
from gateway.settings.model import Directory, Secret
from gateway.settings.postgres_url import EXAMPLE, parse_postgres_url
from gateway.settings.problems import choice_of
from gateway.settings.reading import Shaped, Table, Value, shaped
from gateway.settings.redis_url import GROUP_SCHEMES, parse_redis_group
from gateway.settings.shapes import SECRET
from gateway.settings.values import file_path, one_of

REDIS: Final = Secret("embedded")

_REDIS_SCHEMES: Final = ("redis://", "rediss://", "unix://")
_REDIS_EXAMPLES: Final = (
    "embedded",
    "redis://host:6379",
    "rediss://host",
    "unix:///socket",
    "redis+sentinel://host,host/NAME",
    "redis+cluster://host,host",
)
_REDIS_URL: Final = re.compile(
    r"(?:rediss?://(?:[^\s/@]*@)?[^\s/@]+(?:/\S*)?|unix://(?:[^\s/@]*@)?/\S+)"
)
_DIRECTORIES: Final = ("sqlite", "sql", "ldap")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SQL_SCHEME: Final = re.compile(r"(sqlite|postgres(?:ql)?)[a-z0-9+]*:")


def read_redis(file: Table) -> Secret:
    """Read `[redis]`: "embedded" or a URL."""
    with file.table("redis").closing() as table:
        return table.read("url", REDIS, _redis_url)


def read_secrets(file: Table, state_dir: Path) -> tuple[Secret, Path | None]:
    """Read `[secrets]`: the key, and the file that holds it or will, if it is one."""
    usual = state_dir / "secret.key"
    with file.table("secrets").closing() as table:
        if not table.has("key"):
            table.read("key", usual, Shaped(SECRET, lambda _: usual))
            return _existing(table, usual), usual
        nothing: tuple[Secret, Path | None] = (Secret(""), None)
        return table.read("key", nothing, key_secret(state_dir))


def read_directory(file: Table, state_dir: Path, region: str) -> Directory:
    """Read `[directory]`; an SQLite file becomes an SQLAlchemy URL, others stay libpq's."""
    with file.table("directory").closing() as table:
        kind = table.read("kind", "sqlite", one_of(*_DIRECTORIES))
        if kind == "sql" or (kind == "ldap" and table.has("url")):
            if table.has("path"):
                table.tell("path", f'a path, with kind = "{kind}"', "url instead")
            table.read("path", None, file_path)
            url = table.need("url", Secret(""), _sql_url, f'"{EXAMPLE}"')
        else:
            if table.has("url"):
                table.tell("url", f'a url, with kind = "{kind}"', 'path instead, or kind = "sql"')
            table.read("url", None, Shaped(_sql_url.shape, lambda _: None))
            path = table.read("path", state_dir / "directory.sqlite3", file_path)
            # quote: SQLAlchemy reads percent-encoding in the database part of a URL.
            url = Secret(f"sqlite+aiosqlite:///{quote(str(path))}")
    ldap = read_ldap(file, needed=kind == "ldap")
    return Directory(kind, url, ldap if kind == "ldap" else None, region)


def _existing(table: Table, path: Path) -> Secret:
    """Return the key that an earlier start made in the default place, held to the same rules."""
    if is_missing(path):
        return Secret("")
    value = Value(table.reading, (*table.path, "key"), {"file": str(path)})
    probe = Table(table.reading, table.path, {"key": value})
    return probe.read("key", (Secret(""), None), key_secret(path.parent))[0]


@shaped(SECRET)
def _redis_url(value: Value) -> Secret:
    url = secret(value)
    written = url.reveal()
    if written == "embedded" or _REDIS_URL.fullmatch(written):
        return url
    if written.startswith(GROUP_SCHEMES):
        try:
            parse_redis_group(written)
        except ValueError as error:
            raise value.refusal(str(error), f'"{_scheme_of(written)}…"') from None
        return url
    scheme = _scheme_of(written)
    found = f'"{scheme}…"' if scheme else "something else"
    raise value.refusal(_redis_words(scheme or written), found)


def _scheme_of(url: str) -> str:
    """Return all that may be shown of a URL, "" when it is none."""
    found = _SCHEME.match(url)
    return found[0] if found else ""


def _redis_words(written: str) -> str:
    if written in _REDIS_SCHEMES:
        return f'a whole URL, as "{written}{"/run/redis.sock" if written == "unix://" else "host"}"'
    return choice_of(written, _REDIS_EXAMPLES)


@shaped(SECRET)
def _sql_url(value: Value) -> Secret:
    url = secret(value)
    try:
        parse_postgres_url(url.reveal())
    except ValueError:
        dialect = _SQL_SCHEME.match(url.reveal())
        if dialect is not None and dialect[1] == "sqlite":
            raise value.refusal('kind = "sqlite" and path', '"sqlite…"') from None
        found = "something else" if dialect is None else f'"{dialect[0]}…"'
        raise value.refusal(f'the URL of a PostgreSQL database, as "{EXAMPLE}"', found) from None
    return url
