"""`portvakt user`: the people in the directory. `import` lives in `user_import.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from gateway.auth.ports import PasswordRefused
from gateway.cli import passwords, person_fields, user_messages
from gateway.cli.configuration import mobile_region
from gateway.cli.opening import Opened, ends_sessions, with_directory
from gateway.cli.output import No, done, print_fields, print_json
from gateway.cli.user_import import import_command
from gateway.directory.accounts import MailOfAnotherError
from gateway.directory.opening import AnyAccounts
from gateway.directory.rows import Account, Entry
from policies import mobiles, user_names
from policies.moments import timestamp

if TYPE_CHECKING:
    from gateway.cli.reaching import Reached

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_name = click.argument("user_name", metavar="NAME")


@click.group()
def user() -> None:
    """Add, list, change and remove the people who may log on."""


user.add_command(import_command)


@user.command()
@_name
@click.option("--name", required=True, help='Full name: "Anna Andersson".')
@click.option("--email", default="", help="Address for notices.")
@click.option("--mobile", default="", help="Where codes go: 0701234567 or +46701234567.")
@click.option("--group", "groups", multiple=True, help="May be given more than once.")
@passwords.from_stdin_option
@click.pass_context
def add(ctx: click.Context, /, *, user_name: str, password_stdin: bool, **given: Any) -> None:
    """Add a user. The password is held to [password] in gateway.toml."""
    faults: list[str] = []
    written = person_fields.Written(user=user_name, region=mobile_region(ctx), **given)
    person = person_fields.person(written, faults)
    if person is None:
        raise No("Not added:\n" + "\n".join(f"- {fault}" for fault in faults))
    password = passwords.ask(from_stdin=password_stdin)
    passwords.require_good(password, person, passwords.read_rules(ctx))

    async def work(opened: Opened) -> bool:
        account = Account(person, await opened.hasher.derive(password))
        return await opened.accounts.add(account)

    try:
        added = with_directory(ctx, work)
    except MailOfAnotherError as error:
        raise No(f"{error}: choose a name that cannot be taken for theirs.") from None
    if not added:
        raise No(f"{person.user} exists already: portvakt user show {person.user}")
    done(f"{person.user} is added.")
    if person.mobile is None:
        done(
            "Without a mobile number the first logon must be made on the corporate network; "
            f"or: portvakt user set-mobile {person.user} NUMBER"
        )


@user.command("list")
@_as_json
@click.pass_context
def list_command(ctx: click.Context, *, as_json: bool) -> None:
    """List everybody; mobile numbers are masked."""

    async def work(opened: Opened) -> list[Entry]:
        return [entry async for entry in opened.accounts.entries()]

    entries = with_directory(ctx, work)
    if as_json:
        print_json([_listed(entry) for entry in entries])
    elif entries:
        _print_table(entries)
    else:
        done("Nobody yet. Begin with: portvakt user add NAME --name 'Full Name'")


@user.command()
@_name
@_as_json
@click.pass_context
def show(ctx: click.Context, *, user_name: str, as_json: bool) -> None:
    """Show one user, the mobile number whole, and what became of the last messages to it."""
    entry = with_directory(ctx, lambda opened: opened.accounts.show(user_name))
    if entry is None:
        raise _not_found(user_name)
    person = entry.person
    messages = user_messages.read(ctx, person.mobile)
    if as_json:
        print_json(_shown(entry) | {"messages": messages.as_json()})
        return
    print_fields(
        [
            ("user", person.user),
            ("name", person.name),
            ("email", person.email),
            ("mobile", "" if person.mobile is None else _number(person.mobile, mobile_region(ctx))),
            ("groups", ", ".join(person.groups)),
            (
                "enabled",
                "yes" if person.enabled else f"no ({entry.state})" if entry.state else "no",
            ),
            ("password", "set" if entry.has_password else "not set"),
            ("created", _when(entry.created)),
            ("changed", _when(entry.changed)),
            *(("messages" if first else "", line) for first, line in messages.lines()),
        ]
    )


@user.command()
@_name
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def remove(ctx: click.Context, *, user_name: str, yes: bool) -> None:
    """Remove a user for good. To keep the entry, disable it instead."""
    if not yes:
        click.confirm(f"Remove {_printable(user_name)} for good?", abort=True, err=True)
    _change(ctx, user_name, lambda accounts: accounts.remove(user_name))
    done(f"{_printable(user_name)} is removed.{_about_sessions(ctx)}")


@user.command()
@_name
@click.pass_context
def enable(ctx: click.Context, *, user_name: str) -> None:
    """Let a user log on again."""
    _change(ctx, user_name, lambda accounts: accounts.set_enabled(user_name, enabled=True))
    done(f"{_printable(user_name)} may log on.")


@user.command()
@_name
@click.pass_context
def disable(ctx: click.Context, *, user_name: str) -> None:
    """Keep a user from logging on, and end the sessions."""
    _change(ctx, user_name, lambda accounts: accounts.set_enabled(user_name, enabled=False))
    done(f"{_printable(user_name)} can no longer log on.{_about_sessions(ctx)}")


@user.command()
@_name
@click.pass_context
def unlock(ctx: click.Context, *, user_name: str) -> None:
    """Forget a user's wrong passwords and codes, and the messages that were counted."""
    from gateway.cli.reaching import with_sessions  # noqa: PLC0415 - others need no store

    if with_directory(ctx, lambda opened: opened.accounts.show(user_name)) is None:
        raise _not_found(user_name)

    async def work(reached: Reached) -> None:
        canonical = user_names.canonical(user_name)
        await reached.lockout.unlock(canonical)
        await reached.budget.forget(canonical)

    with_sessions(ctx, work)
    done(f"{_printable(user_name)} is not locked. An address that is locked waits for its time.")


@user.command("set-password")
@_name
@passwords.from_stdin_option
@click.pass_context
def set_password(ctx: click.Context, *, user_name: str, password_stdin: bool) -> None:
    """Set a user's password, and end the sessions.

    It is held to [password] in gateway.toml.
    """
    password = passwords.ask(from_stdin=password_stdin)
    rules = passwords.read_rules(ctx)

    async def change(accounts: AnyAccounts) -> bool:
        entry = await accounts.show(user_name)
        if entry is None:
            return False
        passwords.require_good(password, entry.person, rules)
        try:
            return await accounts.set_password(user_name, password)
        except PasswordRefused:
            raise No(
                "The directory refuses this password by rules of its own: choose a longer one, "
                "and one that was not in use before."
            ) from None

    _change(ctx, user_name, change)
    done(f"The password of {_printable(user_name)} is changed.{_about_sessions(ctx)}")


@user.command("set-mobile")
@_name
@click.argument("number", required=False)
@click.option("--none", "no_number", is_flag=True, help="Take the number away.")
@click.pass_context
def set_mobile(ctx: click.Context, *, user_name: str, number: str | None, no_number: bool) -> None:
    """Set the mobile NUMBER that codes go to."""
    if (number is None) is not no_number:
        raise click.UsageError("Give either a NUMBER or --none.")
    region = mobile_region(ctx)
    try:
        mobile = person_fields.mobile(number or "", region)
    except person_fields.Fault as fault:
        raise No(f"Not changed: {fault}.") from None
    if mobile is None and not no_number:
        raise click.UsageError("The NUMBER is empty. To take it away: --none")
    _change(ctx, user_name, lambda accounts: accounts.set_mobile(user_name, mobile))
    if mobile is None:
        done(f"{_printable(user_name)} has no mobile number now, and can get no code.")
    else:
        done(f"Codes for {_printable(user_name)} go to {_number(mobile, region)}.")


@user.command("set-groups")
@_name
@click.argument("groups", nargs=-1)
@click.pass_context
def set_groups(ctx: click.Context, *, user_name: str, groups: tuple[str, ...]) -> None:
    """Set all the GROUPS of a user; none takes them away."""
    try:
        wanted = person_fields.groups(groups)
    except person_fields.Fault as fault:
        raise No(f"Not changed: {fault}.") from None
    _change(ctx, user_name, lambda accounts: accounts.set_groups(user_name, wanted))
    listed = ", ".join(wanted) or "no group"
    done(f"{_printable(user_name)} is in {listed}. A session shows it from the next logon on.")


def _change(
    ctx: click.Context, user_name: str, change: Callable[[AnyAccounts], Awaitable[bool]]
) -> None:
    """Make a change to one user. Raises No when there is none."""
    if not with_directory(ctx, lambda opened: change(opened.accounts)):
        raise _not_found(user_name)


def _not_found(user_name: str) -> No:
    return No(f"There is no user {_printable(user_name)}. Everybody: portvakt user list")


def _printable(user_name: str) -> str:
    """Return a user name as it is kept; one that cannot exist is quoted, with escapes."""
    canonical = user_names.canonical(user_name)
    return canonical if user_names.is_possible(canonical) else ascii(canonical)


def _about_sessions(ctx: click.Context) -> str:
    return " The sessions are ended." if ends_sessions(ctx) else ""


def _when(seconds: float | None) -> str:
    return "" if seconds is None else timestamp(seconds)


def _number(e164: str, region: str) -> str:
    return f"{mobiles.spoken(e164, region)} ({e164})"


def _print_table(entries: Sequence[Entry]) -> None:
    row = "{:<24}  {:<8}  {:<7}  {:<30}  {}"
    click.echo(row.format("USER", "STATE", "MOBILE", "NAME", "GROUPS"))
    for entry in entries:
        person = entry.person
        state = "enabled" if person.enabled else "disabled"
        mobile = "-" if person.mobile is None else mobiles.masked(person.mobile)
        groups = ",".join(person.groups) or "-"
        click.echo(row.format(person.user, state, mobile, person.name, groups))


def _listed(entry: Entry) -> dict[str, object]:
    person = entry.person
    mobile = None if person.mobile is None else mobiles.masked(person.mobile)
    return _shown(entry) | {"mobile": mobile}


def _shown(entry: Entry) -> dict[str, object]:
    person = entry.person
    return {
        "user": person.user,
        "name": person.name,
        "email": person.email or None,
        "mobile": person.mobile,
        "groups": list(person.groups),
        "enabled": person.enabled,
        "has_password": entry.has_password,
        "created": _when(entry.created) or None,
        "changed": _when(entry.changed) or None,
    }
