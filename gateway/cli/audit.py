"""`portvakt audit`: is it whole, and what does it say."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from gateway.auth.ports import AuditEvent, Unavailable
from gateway.auth.sealing import Sealer
from gateway.cli.configuration import read_config
from gateway.cli.output import No, done, print_json, warn
from gateway.operate.audit_chain import Chain, Position
from gateway.operate.audit_file import audit_chain, open_audit, position_path
from gateway.operate.audit_lines import AuditUnreadable, files_of, in_order, read_lines
from gateway.operate.audit_position import read_position
from gateway.operate.audit_search import Wanted, read_clients, read_user, read_when
from gateway.operate.audit_verify import (
    EXPIRED,
    Broken,
    Verified,
    through_line,
    verify_part,
    verify_whole,
)
from gateway.settings.model import Settings
from gateway.system import SystemClock, SystemEntropy

_COLUMNS: Final = ("time", "event", "outcome", "user", "client", "network", "route", "reason")
_POSITION: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{32})")

_files = click.argument(
    "files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path, dir_okay=False)
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def audit() -> None:
    """Verify and search the audit. FILEs may be packed with gzip, in any order.

    Without a FILE: the audit that gateway.toml names, and what logrotate has left beside it.
    """


@audit.command()
@_files
@click.option("--part", is_flag=True, help="Accept that files before and after are not there.")
@click.option("--expect", metavar="LINE:MAC", help="Where an earlier run said the audit ended.")
@_as_json
@click.pass_context
def verify(
    ctx: click.Context, *, files: Sequence[Path], part: bool, expect: str | None, as_json: bool
) -> None:
    """Find lines that were changed, swapped, taken out or cut off.

    Says the first broken line and exits with 1; else says how far the audit reaches, and under
    which mark. Kept elsewhere and given to a later --expect, that mark also finds an older audit
    that somebody has put back.
    """
    settings, chain = _opened(ctx)
    kept = _kept(settings, chain)
    expected = None if expect is None else _position(expect)
    try:
        ordered = in_order(files or files_of(settings.audit_file), chain)
        found = (
            verify_part(ordered, chain) if part else verify_whole(ordered, chain, kept, expected)
        )
    except (Broken, AuditUnreadable) as fault:
        if as_json:
            print_json({"whole": False, "fault": str(fault)})
            ctx.exit(1)
        raise No(f"The audit is not whole: {fault}.") from None
    if as_json:
        print_json({"whole": True, **_described(found), "files": [str(path) for path in ordered]})
    else:
        done(_told(found, len(ordered)))


@audit.command()
@_files
@click.option("--user", help="Events of this user.")
@click.option("--event", help='By name, or all of a kind: "logon" is every "logon.…".')
@click.option("--ref", help="The reference that an error page showed.")
@click.option("--client", help='An address, or a network as "192.0.2.0/24".')
@click.option("--outcome", help='As "rejected" or "opened".')
@click.option("--since", help='From then on: "2026-11-22T07:00" (UTC), or "2h" ago.')
@click.option("--until", help="Up to then; a day counts whole.")
@_as_json
@click.pass_context
def search(ctx: click.Context, /, *, files: Sequence[Path], as_json: bool, **given: str) -> None:
    """Print the events that fit all that is asked, oldest first. Exits with 1 when none does."""
    settings, chain = _opened(ctx)
    wanted = _wanted(**given)
    try:
        ordered = in_order(files or files_of(settings.audit_file), chain)
        found = _print(matching(ordered, wanted), as_json=as_json)
    except AuditUnreadable as fault:
        raise No(f"The audit cannot be read: {fault}.") from None
    if not found:
        if not as_json:
            click.echo("Nothing in the audit fits that.", err=True)
        ctx.exit(1)


@audit.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.pass_context
def expire(ctx: click.Context, *, files: Sequence[Path]) -> None:
    """Write down that rotated FILEs are about to be deleted because of their age.

    deploy/logrotate calls this, so that `verify` tells them from files that somebody took away.
    A file that stands packed beside itself does not expire: logrotate calls in that case too.
    """
    settings, chain = _opened(ctx)
    files = [path for path in files if not path.with_name(f"{path.name}.gz").exists()]
    if not files:
        return
    kept = _kept(settings, chain)
    with contextlib.suppress(FileNotFoundError):
        if any(settings.audit_file.samefile(path) for path in files):
            raise No("The audit that is being written cannot expire: rotate it first.")
    try:
        found = verify_part(in_order(files, chain), chain)
    except (Broken, AuditUnreadable) as fault:
        raise No(f"Nothing is written down, look at the files first: {fault}.") from None
    if not found.lines or kept is None or found.last.seq > kept.seq:
        raise No("These files hold no lines of this audit.")
    reason = through_line(found.last.seq)
    writer = None
    try:
        writer = open_audit(settings, _sealer(settings), SystemClock())
        writer.write(AuditEvent(EXPIRED, "", "operator", "expired", reason=reason))
    except (OSError, Unavailable) as error:
        raise No(f"The audit cannot be written: {error}.") from None
    finally:
        if writer is not None:
            writer.close()
    done(f"The audit has expired {reason}.")


def _sealer(settings: Settings) -> Sealer:
    return Sealer(settings.secret_key.reveal().encode(), SystemEntropy())


def _opened(ctx: click.Context) -> tuple[Settings, Chain]:
    settings = read_config(ctx.obj["config"])
    if not settings.secret_key.reveal():
        raise No("There is no audit yet: the gateway has not run here, and secrets.key is missing.")
    return settings, audit_chain(_sealer(settings))


def _kept(settings: Settings, chain: Chain) -> Position | None:
    try:
        return read_position(position_path(settings), chain)
    except OSError as error:
        path, why = position_path(settings), (error.strerror or "").lower()
        raise No(f"The audit's position {path} cannot be read: {why}.") from None


def _position(text: str) -> Position:
    found = _POSITION.fullmatch(text)
    if found is None:
        raise click.UsageError('--expect takes what `verify` has printed, as "812:8dc43…"')
    return Position(int(found[1]), found[2])


def _described(found: Verified) -> dict[str, object]:
    return {
        "lines": found.lines,
        "first": found.first,
        "last": found.last.seq,
        "mark": f"{found.last.seq}:{found.last.mac}",
        "expired_through": found.expired,
    }


def _told(found: Verified, files: int) -> str:
    if not found.lines:
        return "The audit is empty: nothing was ever written."
    spread = "1 file" if files == 1 else f"{files} files"
    text = f"The audit is whole: lines {found.first} to {found.last.seq} in {spread}."
    if found.first > 1:
        text += f" Lines 1 to {found.first - 1} are not here; expired through {found.expired}."
    return f"{text}\nMark: {found.last.seq}:{found.last.mac}"


def _wanted(**given: Any) -> Wanted:
    now = SystemClock().now()
    since, until, client, user = (given.pop(name) for name in ("since", "until", "client", "user"))
    try:
        return Wanted(
            user=None if user is None else read_user(user),
            clients=None if client is None else read_clients(client),
            since=None if since is None else read_when(since, now, end=False),
            until=None if until is None else read_when(until, now, end=True),
            **given,
        )
    except ValueError as error:
        raise click.UsageError(f"Write {error}.") from None


def matching(paths: Sequence[Path], wanted: Wanted) -> Iterator[Mapping[str, object]]:
    """Yield the events of files that fit; warns of lines that cannot be read."""
    unreadable = 0
    for path in paths:
        for line in read_lines(path):
            fields = line.fields()
            if fields is None:
                unreadable += 1
            elif wanted.matches(fields):
                yield fields
    if unreadable:
        warn(f"{unreadable} lines are not readable; see portvakt audit verify")


def _print(found: Iterator[Mapping[str, object]], *, as_json: bool) -> int:
    """Print lines as they are found; return how many."""
    count = 0
    for count, fields in enumerate(found, start=1):
        if as_json:
            click.echo(("[" if count == 1 else ",\n ") + json.dumps(fields), nl=False)
        else:
            click.echo(event_line(fields))
    if as_json:
        click.echo("]" if count else "[]")
    return count


def event_line(fields: Mapping[str, object]) -> str:
    """Return an event as one line of a terminal: nobody's text steers it."""
    values = [str(fields.get(name, "")) or "-" for name in _COLUMNS]
    reference = str(fields.get("ref") or fields.get("request_id") or "-")
    text = f"{values[0]}  {values[1]:<16}  {values[2]:<8}  " + "  ".join([*values[3:], reference])
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
