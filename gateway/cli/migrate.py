"""`portvakt migrate`: the directory's tables brought to what this version of Portvakt needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

import click

from gateway.checking import read_checked
from gateway.cli.configuration import read_config
from gateway.cli.output import No, done, print_json, warn
from gateway.directory.database import Database
from gateway.directory.schema import HEAD
from gateway.directory.standing import MIGRATE, SchemaDue, Standing, State
from gateway.directory.trouble import DirectoryUnavailable
from gateway.settings.model import Directory

if TYPE_CHECKING:
    from gateway.directory.migrating import Step

T = TypeVar("T")


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 when it is due.")
@click.option("--sql", "as_sql", is_flag=True, help="Change nothing; print the missing statements.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_context
def migrate(ctx: click.Context, *, only_check: bool, as_sql: bool, as_json: bool) -> None:
    """Bring the tables of [directory] to what this version needs.

    All of it or nothing, in one transaction; of two at once, one does it. In PostgreSQL the user of
    [directory] url must own the tables; where the gateway's own user may not, give this command
    another url, or what --sql prints to psql.
    """
    if as_sql and (only_check or as_json):
        raise click.UsageError("--sql stands alone.")
    directory = read_config(ctx.obj["config"], read_checked).directory
    if not keeps_tables(directory):
        done("All is kept in the directory of [ldap]: there are no tables.")
        return
    try:
        if as_sql:
            _print_sql(directory)
        elif only_check:
            _check(ctx, directory, as_json=as_json)
        else:
            _migrate(directory, as_json=as_json)
    except SchemaDue as why:
        raise No(str(why)) from None
    except DirectoryUnavailable as trouble:
        raise No(f"The database does not answer: {trouble.advice}.") from None


def keeps_tables(directory: Directory) -> bool:
    """Return whether this directory has tables of ours at all."""
    return directory.ldap is None or directory.ldap.mobile_in == "own"


def require_tables(directory: Directory) -> None:
    """See that `portvakt run` can work with the tables. Raises No with the command to run.

    A database that does not answer stops no start: pages say 503 until it is back.
    """
    if not keeps_tables(directory) or _is_sqlite(directory):  # which a start brings up to date
        return
    try:
        standing = _standing(directory)
    except DirectoryUnavailable as trouble:
        warn(f"the database of [directory] does not answer: {trouble.advice}.")
        return
    if not standing.is_usable:
        raise No(f"Not started: {standing.told}.")


def with_database(directory: Directory, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` with the database open. Raises DirectoryUnavailable."""

    async def opened() -> T:
        database = Database(directory.url.reveal())
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(opened())


def _standing(directory: Directory) -> Standing:
    return with_database(directory, lambda database: database.standing())


def _is_sqlite(directory: Directory) -> bool:
    return directory.url.reveal().startswith("sqlite")


def _migrate(directory: Directory, *, as_json: bool) -> None:
    steps = with_database(directory, lambda database: database.migrate())
    if as_json:
        print_json({"revision": HEAD, "done": [asdict(one) for one in steps]})
        return
    for step in steps:
        done(f"{step.revision}  {step.about}")
    done(f"The tables are at revision {HEAD}." if steps else f"Nothing to do: {HEAD} is there.")


def _check(ctx: click.Context, directory: Directory, *, as_json: bool) -> None:
    standing = _standing(directory)
    steps = _due(standing)
    if as_json:
        due = [asdict(one) for one in steps]
        print_json({"revision": standing.revision, "needed": HEAD, "due": due})
    elif steps:
        for step in steps:
            done(f"{step.revision}  {step.about}")
        way = "the next start does it" if _is_sqlite(directory) else f"run {MIGRATE}"
        done(f"A migration is due: {way}.")
    else:
        done(f"No migration is due: {standing.told}.")
    ctx.exit(1 if steps else 0)


def _due(standing: Standing) -> Sequence[Step]:
    from gateway.directory.migrating import due  # noqa: PLC0415 - Alembic takes half a second

    return due(standing)


def _print_sql(directory: Directory) -> None:
    from gateway.directory.migrating import as_sql  # noqa: PLC0415 - see above

    dialect = "sqlite" if _is_sqlite(directory) else "postgresql"
    standing = _standing(directory)
    if standing.state is State.UNVERSIONED:
        raise No("This file is older than revisions: the next start brings it up to date.")
    click.echo(as_sql(standing, dialect) or f"-- Nothing to do: {HEAD} is there.")
