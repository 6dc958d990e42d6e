"""`[ldap]`: servers, whom to ask as, and where a user, a name, a number and groups stand in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from gateway.settings.credentials import secret
from gateway.settings.model import Secret
from gateway.settings.reading import Table, Value, shaped
from gateway.settings.shapes import TEXT, matching
from gateway.settings.values import existing_file, flag, lasting, list_of, one_of, text

ACTIVE_DIRECTORY: Final = "active-directory"
OPENLDAP: Final = "openldap"

_SERVER: Final = re.compile(
    r"(?P<scheme>ldaps?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?/?"
)
_ATTRIBUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9;-]{0,62}")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_PLACE: Final = re.compile(r"\{[^{}]*\}")
_TIMEOUT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Ldap:
    """`[ldap]`. Times bound a connection or a search on one server; texts hold `{user}`, `{dn}`.

    `nested` follows groups in groups (Active Directory's matching rule). `mobile_in` says where a
    number that employees register goes: their entry ("directory") or a table of ours ("own").
    `recheck` is how often those who are logged on are held to their entries.
    """

    servers: tuple[str, ...] = ()
    kind: str = ACTIVE_DIRECTORY
    start_tls: bool = False
    ca: Path | None = None
    bind_dn: str = ""
    bind_password: Secret = field(default_factory=lambda: Secret(""))
    base: str = ""
    filter: str = ""
    bind_as: str = "{dn}"
    user: str = ""
    name: str = ""
    email: str = "mail"
    mobile: str = "mobile"
    mobile_in: str = "directory"
    groups_base: str = ""
    groups_filter: str = ""
    group_name: str = "cn"
    nested: bool = True
    timeout: timedelta = _TIMEOUT
    recheck: timedelta = timedelta(minutes=5)


_USUAL: Final = {
    ACTIVE_DIRECTORY: Ldap(
        kind=ACTIVE_DIRECTORY,
        filter="(&(objectCategory=person)(objectClass=user)(sAMAccountName={user}))",
        user="sAMAccountName",
        name="displayName",
        groups_filter="(member={dn})",
    ),
    OPENLDAP: Ldap(
        kind=OPENLDAP,
        filter="(&(objectClass=inetOrgPerson)(uid={user}))",
        user="uid",
        name="cn",
        groups_filter="(|(member={dn})(uniqueMember={dn})(memberUid={user}))",
    ),
}
_NEEDED: Final = {
    "servers": '["ldaps://dc1.example.se"]',
    "bind_dn": '"CN=portvakt,OU=Services,DC=example,DC=se"',
    "bind_password": '{ file = "ldap.password" }',
    "base": '"DC=example,DC=se"',
}
KINDS: Final = tuple(_USUAL)


def usual(kind: str, **given: Any) -> Ldap:
    """Return the settings of a kind of directory, but for those that are given."""
    one = replace(_USUAL[kind], **given)
    return one if one.groups_base else replace(one, groups_base=one.base)


def read_ldap(file: Table, *, needed: bool) -> Ldap:
    """Read `[ldap]`; `needed`: users are there, so what has no default must be given."""
    with file.table("ldap").closing() as table:
        kind = table.read("kind", ACTIVE_DIRECTORY, one_of(*KINDS))
        known = _USUAL[kind]
        start_tls = table.read("start_tls", known.start_tls, flag)
        base = table.read("base", None, text) or ""
        read = Ldap(
            servers=table.read("servers", (), _servers),
            kind=kind,
            start_tls=start_tls,
            ca=table.read("ca", None, existing_file),
            bind_dn=table.read("bind_dn", None, text) or "",
            bind_password=table.read("bind_password", None, secret) or Secret(""),
            base=base,
            filter=table.read("filter", known.filter, _user_filter),
            bind_as=table.read("bind_as", known.bind_as, _bind_as),
            user=table.read("user", known.user, _attribute),
            name=table.read("name", known.name, _attribute),
            email=table.read("email", known.email, _attribute),
            mobile=table.read("mobile", known.mobile, _attribute),
            mobile_in=table.read("mobile_in", known.mobile_in, one_of("directory", "own")),
            groups_base=table.read("groups_base", None, text) or base,
            groups_filter=table.read("groups_filter", known.groups_filter, _group_filter),
            group_name=table.read("group_name", known.group_name, _attribute),
            nested=table.read("nested", known.nested, flag),
            timeout=table.read("timeout", known.timeout, lasting("100ms", "10s")),
            recheck=table.read("recheck", known.recheck, lasting("5s", "1d")),
        )
        _judge(table, read, needed=needed)
        return read


def _judge(table: Table, read: Ldap, *, needed: bool) -> None:
    """Tell what is missing, and where passwords would travel in clear."""
    for server in read.servers:
        if not read.start_tls and _in_clear(server):
            table.tell("servers", f'"{server}" without start_tls', "ldaps://, or start_tls = true")
    for key, example in _NEEDED.items():
        if needed and not table.has(key):
            table.tell(key, "nothing", f'{example}, since [directory] kind is "ldap"')


def _in_clear(server: str) -> bool:
    parts = _SERVER.fullmatch(server)
    return parts is not None and parts["scheme"] == "ldap" and parts["host"] not in _LOCAL


@shaped(
    matching(
        _SERVER.pattern.replace("?P<scheme>", "").replace("?P<host>", "").replace("?P<port>", "")
    )
)
def _server(value: Value) -> str:
    written = text(value)
    if _SERVER.fullmatch(written) is None:
        raise value.refusal('a server, as "ldaps://dc1.example.se" or "ldap://dc1.example.se:389"')
    return written.rstrip("/")


_servers: Final = list_of(_server, 'servers in order, as ["ldaps://dc1.example.se"]')


@shaped(matching(_ATTRIBUTE.pattern))
def _attribute(value: Value) -> str:
    written = text(value)
    if _ATTRIBUTE.fullmatch(written) is None:
        raise value.refusal('the name of an attribute, as "mail"')
    return written


@shaped(TEXT)
def _user_filter(value: Value) -> str:
    return _template(value, "{user}", ("{user}",))


@shaped(TEXT)
def _group_filter(value: Value) -> str:
    return _template(value, "", ("{dn}", "{user}"))


@shaped(TEXT)
def _bind_as(value: Value) -> str:
    return _template(value, "", ("{dn}", "{user}"), is_filter=False)


def _template(value: Value, wanted: str, known: tuple[str, ...], *, is_filter: bool = True) -> str:
    written = text(value)
    places = set(_PLACE.findall(written))
    if places - set(known) or not places or (wanted and wanted not in places):
        raise value.refusal(f"a text with {' or '.join(known)} in it")
    if is_filter and not _is_balanced(written):
        raise value.refusal('an LDAP filter in parentheses, as "(uid={user})"')
    return written


def _is_balanced(written: str) -> bool:
    depth = 0
    for place, sign in enumerate(written):
        depth += (sign == "(") - (sign == ")")
        if depth < 0 or (depth == 0 and place < len(written) - 1):
            return False
    return depth == 0 and written.startswith("(")
