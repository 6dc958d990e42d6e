"""`portvakt explain`: what would happen to a request, or what happened, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import click

from gateway.auth.lockout import Count, Lockout
from gateway.auth.model import Person, SessionRecord
from gateway.auth.ports import Unavailable
from gateway.auth.sealing import Sealer
from gateway.cli.configuration import read_config
from gateway.cli.explain_reference import explain_reference
from gateway.cli.explain_text import print_explanation
from gateway.cli.opening import Opened, with_directory
from gateway.cli.output import No, print_json
from gateway.proxy.explained import explained, told_person
from gateway.proxy.simulation import Asked, Stage, read_field, read_url, simulate
from gateway.settings.model import Settings
from gateway.settings.units import parse_duration
from gateway.store.embedded import EmbeddedRedis
from gateway.store.store import open_store
from gateway.system import SystemClock, SystemEntropy
from policies.factors import OTP, PWD, SecondFactor, code_needed
from policies.networks import canonical_address

_NONE: Final = timedelta(0)


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise ValueError("a time as 2026-09-21T06:00+02:00") from None


def _address(text: str) -> str:
    if not canonical_address(text):
        raise ValueError("an IP address, as 203.0.113.9 or 2001:db8::1")
    return text


def _method(text: str) -> str:
    if not (text.isascii() and text.isalpha()):
        raise ValueError("a method, as GET")
    return text.upper()


def _reads(parse: Callable[[str], object]) -> Any:
    """Return a click callback for a function whose ValueError says what to write."""

    def callback(_ctx: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        try:
            if isinstance(value, tuple):
                return tuple(parse(one) for one in value)
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(f"write {error}") from None

    return callback


@click.command()
@click.argument("reference", metavar="[REF]", required=False)
@click.option("--url", help="The address asked for, or a path on public_url.")
@click.option(
    "--from", "peer", metavar="IP", callback=_reads(_address),
    help="Who connects to the gateway: the browser, or the proxy in front.",
)  # fmt: skip
@click.option("--method", callback=_reads(_method), help="GET when left out.")
@click.option("--user", "name", metavar="NAME", help="Somebody logged on; nobody when left out.")
@click.option(
    "--header", "headers", multiple=True, callback=_reads(read_field),
    help="A field of the request: 'X-Forwarded-For: 203.0.113.9'. May be given more than once.",
)  # fmt: skip
@click.option(
    "--at", "now", metavar="TIME", callback=_reads(_moment),
    help="2026-09-21T06:00+02:00; now when left out.",
)  # fmt: skip
@click.option(
    "--code/--no-code", "with_code", default=None,
    help="Whether the session has given a one-time password; when left out, as a logon from there.",
)  # fmt: skip
@click.option(
    "--logged-on", "age", metavar="DURATION", callback=_reads(parse_duration),
    help="How long ago the logon was; just now when left out.",
)  # fmt: skip
@click.option(
    "--idle", metavar="DURATION", callback=_reads(parse_duration),
    help="The longest pause between two requests since.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def explain(ctx: click.Context, /, *, reference: str | None, as_json: bool, **given: Any) -> None:
    """Tell what would happen to a request, and why; or what happened, by the REF of an answer.

    Who the client is hop by hop, its network, the route and its line in gateway.toml, each
    condition, and what the browser would get. Nothing is sent and nothing is counted. Exit status
    0 when it can be told, whatever the outcome. Refused pages show a REF, scripts find it as
    "reference"; it can be explained for a day.
    """
    if reference is not None:
        if any(value not in {None, ()} for value in given.values()):
            raise click.UsageError("Give a REF, or a request to simulate; not both.")
        explain_reference(ctx, reference, as_json=as_json)
        return
    if given["url"] is None or given["peer"] is None:
        raise click.UsageError("Give the REF of an answer, or --url and --from of a request.")
    settings = read_config(ctx.obj["config"])
    try:
        authority, target = read_url(given["url"], settings)
    except ValueError as error:
        raise click.BadParameter(f"write {error}", param_hint="--url") from None
    now = SystemClock().now() if given["now"] is None else given["now"]
    method = given["method"] or "GET"
    asked = Asked(method, authority, target, given["peer"], given["headers"], now)
    stage = Stage(settings)
    person = None if given["name"] is None else _find(ctx, given["name"])
    there = simulate(stage, asked, None)
    if person is not None and person.enabled:
        session = _session(person, there.network, now, given)
        there = simulate(stage, asked, session, (given["idle"] or _NONE).total_seconds())
    counts = asyncio.run(_look(settings, "" if person is None else person.user, there.trace.client))
    user = None if person is None else told_person(person)
    told = explained(settings, asked, there, user, counts)
    if as_json:
        print_json(told)
    else:
        print_explanation(told, ctx.obj["config"].name)


def _find(ctx: click.Context, name: str) -> Person:
    async def work(opened: Opened) -> Person | None:
        return await opened.directory.find(name)

    person = with_directory(ctx, work)
    if person is None:
        raise No(f"There is no user {name!r}: portvakt user list")
    return person


def _session(person: Person, network: str, now: float, given: dict[str, Any]) -> SessionRecord:
    """Return the session that somebody would have, as far as a decision looks at it."""
    with_code = given["with_code"]
    if with_code is None:
        with_code = code_needed(SecondFactor.OUTSIDE_CORPORATE, network, ())
    return SessionRecord(
        user=person.user,
        name=person.name,
        email=person.email,
        groups=person.groups,
        factors=(PWD, OTP) if with_code else (PWD,),
        network=network,
        created=now - (given["age"] or _NONE).total_seconds(),
    )


async def _look(settings: Settings, user: str, address: str) -> Sequence[Count] | None:
    """Return the counters of a user at an address; None when no store answers."""
    key, url = settings.secret_key.reveal(), settings.redis_url.reveal()
    if not key:
        return None  # the gateway has never run here
    try:
        if url == "embedded":
            url = EmbeddedRedis(settings.state_dir).running_url()
        store = open_store(url)
    except (OSError, ValueError):
        return None
    sealer = Sealer(key.encode(), SystemEntropy())
    try:
        return await Lockout(store.failures, sealer, settings.lockout, SystemClock()).look(
            user, address
        )
    except Unavailable:
        return None
    finally:
        await store.close()
