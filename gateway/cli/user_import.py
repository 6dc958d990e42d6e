"""`portvakt user import`: many users from a CSV file, all of them or none."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TextIO

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from gateway.auth.model import Person
from gateway.auth.ports import Unavailable
from gateway.cli import passwords
from gateway.cli.configuration import read_config
from gateway.cli.opening import Opened, with_directory
from gateway.cli.output import No, done, warn
from gateway.cli.user_csv import Row, Sheet, bounded_lines, read_sheet
from gateway.directory.accounts import MailOfAnotherError
from gateway.directory.importing import AlreadyThere, Imported, Importer
from gateway.directory.passwords import PasswordHasher
from gateway.directory.rows import Account

MOST_SHOWN: Final = 50
"""Errors that a terminal is told; a file or another program is told all."""


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--update", is_flag=True, help="Overwrite users that exist, column by column.")
@click.pass_context
def import_command(ctx: click.Context, *, file: Path, update: bool) -> None:
    """Add the users of a CSV FILE, all or none.

    The first line names the columns: user, name, and any of email, mobile, groups (separated by
    ;), enabled (yes or no), password, password_hash. With --update the columns that are there
    replace what users have, empty cells included; an empty password keeps the old one.

    Fifty thousand users take seconds without passwords (people choose one by "Reset or change
    password", with a code to their number) or with password_hash, PHC strings of Argon2id. Each
    password in clear is hashed, at some 25 a second and core, and held to [password] in
    gateway.toml.
    """
    settings = read_config(ctx.obj["config"])
    import_: _Import | None = None
    try:
        sheet = _read(ctx, file, settings.self_service.region)
        import_ = _Import(file, sheet, update=update)
        imported = with_directory(ctx, import_.run)
    except KeyboardInterrupt:
        raise No(_interrupted(import_)) from None
    done(f"Added: {imported.added}, updated: {imported.updated}.")
    if not update:
        _say_who_has_no_password(sheet, can_reset=settings.self_service.reset)


class _Import:
    """One file on its way into the directory."""

    def __init__(self, file: Path, sheet: Sheet, *, update: bool) -> None:
        self._file = file
        self._sheet = sheet
        self._update = update
        self._importer: Importer | None = None

    @property
    def committed(self) -> bool:
        """Whether everybody is in the directory, whatever went wrong afterwards."""
        return self._importer is not None and self._importer.committed

    async def run(self, opened: Opened) -> Imported:
        """Write everybody. Raises No with every error of the file, and then nothing is written."""
        sheet = self._sheet
        importer = opened.directory.importer(sheet.replace if self._update else None)
        self._importer = importer
        if not self._update:
            await self._tell_who_exists(importer)
        if not sheet.faults:
            people = [row.person for row in sheet.rows]
            sheet.faults += [
                (sheet.line_of[user], f"{MailOfAnotherError(user, owner)}")
                for user, owner in (await importer.named_like_mail(people)).items()
            ]
        if self._update and "email" not in sheet.columns:
            await self._judge_by_kept_mail(opened)
        if sheet.faults:
            raise No(refusal(self._file, sheet.faults))
        with _progress(MofNCompleteColumn()) as bars:
            accounts = await _hashed(sheet.rows, opened.hasher, bars)
            writing = bars.add_task("Writing", total=len(accounts))
            try:
                written = await importer.write(accounts, lambda count: bars.advance(writing, count))
            except MailOfAnotherError as error:  # somebody else has added them meanwhile
                raise No(refusal(self._file, [(0, str(error))])) from None
        match written:
            case Imported():
                return written
            case AlreadyThere():  # somebody else has added them meanwhile
                await self._tell_who_exists(importer)
                raise No(refusal(self._file, sheet.faults))

    async def _judge_by_kept_mail(self, opened: Opened) -> None:
        """Judge passwords by the addresses in mail that the file leaves as they are."""
        for row in self._sheet.rows:
            if row.password is None:
                continue
            entry = await opened.accounts.show(row.person.user)
            if entry is not None and entry.person.email:
                person = replace(row.person, email=entry.person.email)
                faults = self._sheet.judge(row.password, person)
                self._sheet.faults += [(row.line, f"the password: {fault}") for fault in faults]

    async def _tell_who_exists(self, importer: Importer) -> None:
        """Add a fault for everybody whose name is taken."""
        sheet = self._sheet
        try:
            taken = await importer.existing(list(sheet.line_of))
        except Unavailable:
            if not sheet.faults:
                raise
            sheet.faults.append((0, "who exists already is not known: the directory is away"))
            return
        sheet.faults += [
            (sheet.line_of[user], f"{user} exists already (to overwrite: --update)")
            for user in taken
        ]


def _interrupted(import_: _Import | None) -> str:
    """Return what to say to whoever pressed Ctrl-C."""
    if import_ is not None and import_.committed:
        return "Interrupted: everybody is imported, but sessions that should end may go on."
    return "Interrupted: nothing was imported."


def refusal(file: Path, faults: Sequence[tuple[int, str]]) -> str:
    """Return every error with file and line, in order; on a terminal no more than fit there."""
    ordered = sorted(faults)
    if Console(stderr=True).is_terminal:
        ordered = ordered[:MOST_SHOWN]
    lines = [f"{file}:{line}: {text}" for line, text in ordered]
    if len(ordered) < len(faults):
        more = len(faults) - len(ordered)
        lines.append(f"… and {more} more; all of them: add 2>errors.txt")
    return "\n".join([*lines, f"Nothing was imported. Errors: {len(faults)}."])


def _read(ctx: click.Context, file: Path, region: str) -> Sheet:
    rules = functools.cache(lambda: passwords.read_rules(ctx))  # for passwords in clear only

    def judge(password: str, person: Person | None) -> list[str]:
        return passwords.faults_of(password, person, rules())

    with _progress(TaskProgressColumn()) as bars, _opened(file, bars) as text:
        return read_sheet(bounded_lines(text), judge, region)


def _opened(file: Path, bars: Progress) -> TextIO:
    """Return the file as `read_sheet` wants it; what is read of it shows in a bar."""
    return bars.open(
        file,
        "r",
        encoding="utf-8-sig",
        errors="surrogateescape",
        newline="",
        description="Reading",
    )


def _progress(count: ProgressColumn) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        count,
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


def _say_who_has_no_password(sheet: Sheet, *, can_reset: bool) -> None:
    """Warn of users who cannot log on yet, and say how they will."""
    without = [row.person for row in sheet.rows if row.password is row.password_hash is None]
    if not without:
        return
    said = f"users without a password, who cannot log on yet: {len(without)}."
    if can_reset:
        without = [person for person in without if person.mobile is None]
        said += ' Those with a mobile number choose one by "Reset or change password".'
    if without:
        said += f" For the others ({len(without)}): portvakt user set-password {without[0].user}"
    warn(said)
