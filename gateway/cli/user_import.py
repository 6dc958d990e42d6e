"""`portvakt user import`: many users from a CSV file, all of them or none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.auth.model import Person
from gateway.cli import passwords
from gateway.cli.opening import Opened, mobile_region, with_directory
from gateway.cli.output import No, done, warn
from gateway.cli.user_csv import Row, Sheet, read_sheet
from gateway.directory.importing import AlreadyThere, Imported
from gateway.directory.passwords import PasswordHasher
from gateway.directory.rows import Account
from policies.passwords import PasswordRules


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--update", is_flag=True, help="Overwrite users that exist, column by column.")
@click.pass_context
def import_command(ctx: click.Context, *, file: Path, update: bool) -> None:
    """Add the users of a CSV FILE, all or none.

    The first line names the columns: user, name, and any of email, mobile, groups (separated by
    ;), enabled (yes or no), password, password_hash. With --update the columns that are there
    replace what users have, empty cells included; an empty password keeps the old one. Passwords
    are held to [password] in gateway.toml.
    """
    sheet = _read(file, passwords.read_rules(ctx), mobile_region(ctx))

    async def work(opened: Opened) -> Imported | AlreadyThere:
        importer = opened.directory.importer(sheet.replace if update else None)
        with _progress() as bars:
            accounts = await _hashed(sheet.rows, opened.hasher, bars)
            writing = bars.add_task("Writing", total=len(accounts))
            return await importer.write(accounts, lambda count: bars.advance(writing, count))

    match with_directory(ctx, work):
        case Imported(added=added, updated=updated):
            done(f"Added: {added}, updated: {updated}.")
            _say_who_has_no_password(sheet, update=update)
        case AlreadyThere(users=users):
            taken = frozenset(users)
            lines = [
                f"{file}:{row.line}: {row.person.user} exists already"
                for row in sheet.rows
                if row.person.user in taken
            ]
            raise No("\n".join([*lines, "Nothing was imported. To overwrite them: --update"]))


def _read(file: Path, rules: PasswordRules, region: str) -> Sheet:
    def judge(password: str, person: Person | None) -> list[str]:
        return passwords.faults_of(password, person, rules)

    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        sheet = read_sheet(lines, judge, region)
    if sheet.faults:
        faults = [f"{file}:{line}: {text}" for line, text in sorted(sheet.faults)]
        raise No("\n".join([*faults, f"Nothing was imported. Errors: {len(faults)}."]))
    return sheet


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not Console(stderr=True).is_terminal,
    )


async def _hashed(rows: Sequence[Row], hasher: PasswordHasher, bars: Progress) -> list[Account]:
    """Return the accounts of the rows, deriving on as many threads as the hasher has."""
    hashes = [row.password_hash for row in rows]
    open_ones = [index for index, row in enumerate(rows) if row.password is not None]
    if open_ones:
        task = bars.add_task("Hashing passwords", total=len(open_ones))
        left = iter(open_ones)

        async def derive_some() -> None:
            for index in left:
                hashes[index] = await hasher.derive(rows[index].password or "")
                bars.advance(task)

        await asyncio.gather(*(derive_some() for _ in range(hasher.threads)))
    return [Account(row.person, phc) for row, phc in zip(rows, hashes, strict=True)]


def _say_who_has_no_password(sheet: Sheet, *, update: bool) -> None:
    without = [row.person.user for row in sheet.rows if not (row.password or row.password_hash)]
    if without and not update:
        warn(
            f"users without a password, who cannot log on yet: {len(without)}. "
            f"The first: portvakt user set-password {without[0]}"
        )
