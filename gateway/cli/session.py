"""`portvakt session`: who is logged on, and ending that everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import click

from gateway.auth.session_list import ListedSession
from gateway.cli.operator import OPERATOR
from gateway.cli.output import No, done, print_json
from gateway.cli.reaching import Reached, with_sessions
from policies import user_names
from policies.moments import timestamp

_ID_SHOWN: Final = 16
_SHORTEST_ID: Final = 8
_ID: Final = re.compile(r"[0-9a-f]{8,64}")
_REASON: Final = "revoked"
_CODE: Final = "otp"


@click.group()
def session() -> None:
    """List the live sessions, and end them."""


@session.command("list")
@click.option("--user", "user_name", help="Only those of this user.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_command(ctx: click.Context, *, user_name: str | None, as_json: bool) -> None:
    """List the live sessions, the newest first."""

    async def work(reached: Reached) -> list[ListedSession]:
        if user_name is not None:
            return list(await reached.listing.of_user(user_names.canonical(user_name)))
        return [one async for one in reached.listing.everybody()]

    found = sorted(with_sessions(ctx, work) or [], key=lambda one: -one.label.created)
    if as_json:
        print_json([_fields(one) for one in found])
    elif found:
        _print_table(found)
    else:
        done("Nobody is logged on." if user_name is None else "This user is not logged on.")


@session.command()
@click.argument("session_id", metavar="ID", required=False)
@click.option("--user", "user_name", help="End every session of this user.")
@click.option("--all", "everybody", is_flag=True, help="End every session of everybody.")
@click.pass_context
def revoke(
    ctx: click.Context, *, session_id: str | None, user_name: str | None, everybody: bool
) -> None:
    """End the session ID (as listed), those of a user, or all, in every worker.

    Open WebSockets, streams and downloads of these sessions are closed too.
    """
    if [session_id is not None, user_name is not None, everybody].count(True) != 1:
        raise click.UsageError("Give an ID, or --user NAME, or --all.")
    if session_id is not None:
        _revoke_one(ctx, session_id)
        return

    async def work(reached: Reached) -> int:
        users = {user_names.canonical(user_name)} if user_name is not None else set()
        if everybody:
            users = {one.label.user async for one in reached.listing.everybody()}
        return sum([await reached.sessions.end_all(user, OPERATOR, _REASON) for user in users])

    count = with_sessions(ctx, work) or 0
    if not count and user_name is not None:
        raise No("This user is not logged on. Everybody: portvakt session list")
    done(f"Sessions ended: {count}.")


def _revoke_one(ctx: click.Context, session_id: str) -> None:
    if _ID.fullmatch(session_id) is None:
        raise click.UsageError(
            f"An ID has {_SHORTEST_ID} hexadecimal digits or more; see: portvakt session list"
        )

    async def work(reached: Reached) -> list[ListedSession]:
        found = [one async for one in reached.listing.everybody() if one.key.startswith(session_id)]
        if len(found) == 1:
            await reached.sessions.end_listed(found[0].key, found[0].label.user, OPERATOR, _REASON)
        return found

    found = with_sessions(ctx, work) or []
    if not found:
        raise No("There is no such session (any more). Those that live: portvakt session list")
    if len(found) > 1:
        raise No(f"{len(found)} sessions begin so: give more digits.")
    done(f"Ended: a session of {found[0].label.user}.")


def _fields(one: ListedSession) -> dict[str, Any]:
    label = one.label
    return {
        "id": one.key,
        "user": label.user,
        "created": timestamp(label.created),
        "last_used": timestamp(one.seen),
        "expires": timestamp(one.expires_at),
        "network": label.network,
        "client": label.address,
        "factors": list(label.factors),
        "device": label.device,
    }


def _print_table(found: Sequence[ListedSession]) -> None:
    row = "{:<16}  {:<20}  {:<20}  {:<20}  {:<5}  {:<32}  {}"
    click.echo(row.format("ID", "USER", "LOGGED ON", "LAST USED", "CODE", "FROM", "DEVICE"))
    for one in found:
        label = one.label
        click.echo(
            row.format(
                one.key[:_ID_SHOWN],
                label.user,
                timestamp(label.created),
                timestamp(one.seen),
                "yes" if _CODE in label.factors else "no",
                f"{label.address or '?'} ({label.network})",
                label.device or "-",
            )
        )
