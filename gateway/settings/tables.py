"""The tables that stand alone: who we are, where we listen, how long things last, what is kept.

One function a table, in the order of gateway.toml; the defaults are those of the model.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from gateway.settings import shapes
from gateway.settings.addresses import parse_listen
from gateway.settings.model import (
    DRAIN_TIMEOUT,
    LONGEST_HEAD,
    Assertion,
    Debug,
    HostPort,
    Limits,
    Listen,
    Lockout,
    OneTimePassword,
    Rate,
    SelfService,
    Session,
    SmsBudget,
    Tls,
)
from gateway.settings.networks import proxies
from gateway.settings.reading import Table, Value, shaped
from gateway.settings.templates import places_of
from gateway.settings.units import format_duration, format_size
from gateway.settings.values import (
    duration,
    existing_file,
    file_path,
    flag,
    lasting,
    list_of,
    name_of,
    one_of,
    rate,
    sized,
    text,
    whole,
    worded,
)
from policies.mobiles import is_region

ADDRESSES: Final = (HostPort("127.0.0.1", 8080),)
ADMIN: Final = HostPort("127.0.0.1", 8081)
CHANGE_MOBILE: Final = ("corporate-or-code", "corporate")

_CODE_PLACES: Final = ("code", "organisation", "minutes", "host")
_TEXT_MAX: Final = 300
_WORKERS_MAX: Final = 256
# Each message is remembered for the period, in one value that is read and written whole.
_BUDGET_MAX: Final = 10_000
_BUDGET_PERIOD: Final = timedelta(days=2)


def read_listen(file: Table) -> Listen:
    """Read `[listen]`."""
    with file.table("listen").closing() as table:
        listen = Listen(
            address=table.read("address", ADDRESSES, _addresses),
            trusted_proxies=table.read("trusted_proxies", (), proxies),
            proxy_protocol=table.read("proxy_protocol", default=False, parse=flag),
            workers=table.read("workers", 1, _workers),
            tls=table.read("tls", None, _tls),
            drain_delay=table.read("drain_delay", None, lasting("1s", "5m")),
            drain_timeout=table.read("drain_timeout", DRAIN_TIMEOUT, lasting("1s", "1h")),
        )
        if listen.proxy_protocol and table.says("trusted_proxies") in (None, []):
            expected = "the proxies' networks in listen.trusted_proxies: nobody else may send it"
            table.tell("proxy_protocol", "true without trusted proxies", expected)
    return listen


def read_admin(file: Table) -> HostPort:
    """Read `[admin]`."""
    with file.table("admin").closing() as table:
        return table.read("address", ADMIN, _address)


def read_session(file: Table) -> Session:
    """Read `[session]`."""
    usual = Session()
    with file.table("session").closing() as table:
        session = Session(
            idle=table.read("idle", usual.idle, lasting("1s", "24h")),
            absolute=table.read("absolute", usual.absolute, lasting("1s", "30d")),
            max_per_user=table.read("max_per_user", usual.max_per_user, whole(1, 1000)),
            grace=table.read("grace", usual.grace, lasting("1s", "1h")),
        )
        if session.idle > session.absolute:
            most = format_duration(session.absolute)
            expected = f'at most session.absolute ("{most}")'
            table.tell("idle", f'"{format_duration(session.idle)}"', expected)
    return session


def read_one_time_password(file: Table) -> OneTimePassword:
    """Read `[one_time_password]` (lifetime at most 10 minutes: NIST SP 800-63B 5.1.3.2)."""
    usual = OneTimePassword()
    with file.table("one_time_password").closing() as table:
        return OneTimePassword(
            digits=table.read("digits", usual.digits, whole(6, 10)),
            lifetime=table.read("lifetime", usual.lifetime, lasting("1s", "10m")),
            attempts=table.read("attempts", usual.attempts, whole(1, 10)),
            resend_after=table.read("resend_after", usual.resend_after, lasting("1s", "10m")),
            resends=table.read("resends", usual.resends, whole(0, 10)),
            text=table.read("text", usual.text, _code_text),
        )


def read_lockout(file: Table) -> Lockout:
    """Read `[lockout]`."""
    usual = Lockout()
    with file.table("lockout").closing() as table:
        return Lockout(
            user_and_address=table.read("user_and_address", usual.user_and_address, rate),
            address=table.read("address", usual.address, rate),
            user=table.read("user", usual.user, rate),
            lock=table.read("lock", usual.lock, _growing),
            codes_per_day=table.read("codes_per_day", usual.codes_per_day, whole(1, 10_000)),
        )


def read_self_service(file: Table, networks: tuple[str, ...]) -> SelfService:
    """Read `[self_service]`; a first logon happens in one of the named networks."""
    usual = SelfService()
    with file.table("self_service").closing() as table:
        return SelfService(
            first_logon=table.read("first_logon", usual.first_logon, name_of(networks)),
            change_mobile=table.read("change_mobile", usual.change_mobile, one_of(*CHANGE_MOBILE)),
            prove_mobile=table.read("prove_mobile", usual.prove_mobile, flag),
            reset=table.read("reset", usual.reset, flag),
            cool_down=table.read("cool_down", usual.cool_down, lasting("1m", "30d")),
            region=table.read("region", usual.region, _region),
        )


def read_sms_budget(file: Table) -> SmsBudget:
    """Read `[sms_budget]`."""
    usual = SmsBudget()
    with file.table("sms_budget").closing() as table:
        return SmsBudget(
            number=table.read("number", usual.number, _budget),
            user=table.read("user", usual.user, _budget),
            resets=table.read("resets", usual.resets, _budget),
            address=table.read("address", usual.address, _budget),
            total=table.read("total", usual.total, _budget),
        )


def read_assertion(file: Table) -> Assertion:
    """Read `[assertion]`; a key must be published for a while before it signs."""
    usual = Assertion()
    with file.table("assertion").closing() as table:
        return Assertion(rotate=table.read("rotate", usual.rotate, lasting("1h", "366d")))


def read_audit(file: Table, state_dir: Path) -> Path:
    """Read `[audit]`: the file of JSON lines."""
    with file.table("audit").closing() as table:
        return table.read("file", state_dir / "audit.jsonl", file_path)


def read_debug(file: Table, networks: tuple[str, ...]) -> Debug:
    """Read `[debug]`; only networks that have a name can be meant."""
    with file.table("debug").closing() as table:
        names = list_of(name_of(networks), 'a list of named networks, as ["corporate"]')
        return Debug(networks=table.read("networks", Debug().networks, names))


def read_limits(file: Table) -> Limits:
    """Read `[limits]`."""
    usual = Limits()
    with file.table("limits").closing() as table:
        limits = Limits(
            head=table.read("head", usual.head, sized("1KiB", format_size(LONGEST_HEAD))),
            fields=table.read("fields", usual.fields, whole(16, 1000)),
            url=table.read("url", usual.url, sized("256B", "1MiB")),
            body=table.read("body", usual.body, sized("1KiB", "100TiB")),
            head_timeout=table.read("head_timeout", usual.head_timeout, lasting("1s", "5m")),
            idle_timeout=table.read("idle_timeout", usual.idle_timeout, lasting("1s", "1h")),
            connections_per_address=table.read(
                "connections_per_address", usual.connections_per_address, whole(1, 1_000_000)
            ),
        )
        if limits.url > limits.head:
            table.tell("url", "more than limits.head", "at most limits.head: the URL is part of it")
    return limits


@shaped(shapes.saying(shapes.TEXT, 'An address and a port, as "127.0.0.1:8080".'))
def _address(value: Value) -> HostPort:
    return worded(value, parse_listen)


@shaped(shapes.listing(shapes.matching(r".+:[0-9]+"), least=1, unique=True))
def _addresses(value: Value) -> tuple[HostPort, ...]:
    expected = 'a list of addresses, as ["127.0.0.1:8080"]'
    found = list_of(_address, expected)(value)
    if not found or len(set(found)) < len(found):
        raise value.refusal("one address or more, each once")
    return found


@shaped(shapes.either(shapes.number(1, _WORKERS_MAX), shapes.words(["auto"])))
def _workers(value: Value) -> int:
    if value.raw == "auto":
        return 0
    if isinstance(value.raw, str):
        raise value.refusal('a number of processes, or "auto" for one a core')
    return whole(1, _WORKERS_MAX)(value)


@shaped(shapes.TABLE)
def _tls(value: Value) -> Tls | None:
    stand_in = Path()
    with value.table().closing() as table:
        certificate = table.need("certificate", stand_in, existing_file, '"cert.pem"')
        key = table.need("key", stand_in, existing_file, '"key.pem"')
    return Tls(certificate, key)


@shaped(shapes.saying(shapes.RATE, f'At most {_BUDGET_MAX} in at most "2d".'))
def _budget(value: Value) -> Rate:
    found = rate(value)
    if found.count > _BUDGET_MAX or found.period > _BUDGET_PERIOD:
        raise value.refusal(f'at most {_BUDGET_MAX} in at most "2d", as "30/1d"')
    return found


@shaped(shapes.listing(shapes.DURATION, least=1, unique=True))
def _growing(value: Value) -> tuple[timedelta, ...]:
    expected = 'a list of growing durations, as ["1m", "5m", "15m"]'
    found = list_of(duration, expected)(value)
    if not found or list(found) != sorted(set(found)):
        raise value.refusal(expected)
    return found


@shaped(shapes.matching("[A-Z]{2}"))
def _region(value: Value) -> str:
    region = text(value)
    if not is_region(region):
        raise value.refusal('a country in two capitals (ISO 3166-1), as "SE" or "FI"')
    return region


@shaped({**shapes.TEXT, "pattern": r"\{code\}", "maxLength": _TEXT_MAX})
def _code_text(value: Value) -> str:
    found = text(value)
    if len(found) > _TEXT_MAX:
        raise value.refusal(f"at most {_TEXT_MAX} characters: it goes by SMS")
    places = places_of(value, found, _CODE_PLACES)
    if "code" not in places:
        raise value.refusal("a text with {code} in it")
    return found
