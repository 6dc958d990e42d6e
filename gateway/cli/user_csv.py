"""A CSV file of users, read whole: every fault with its line, none but the last ends the reading.

UTF-8 (a byte-order mark is fine), separated by commas (RFC 4180), with a header line: `user` and
`name`, and any of `email`, `mobile`, `groups` (separated by ";"), `enabled`, `password`,
`password_hash` (a PHC string of Argon2id). A row takes about a kilobyte of memory, and their
number is bounded. Does no I/O of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from gateway.auth.model import Person
from gateway.cli import person_fields
from gateway.directory.passwords import PasswordUnusable, cost_of, material
from policies import user_names
from policies.mobiles import HOME

MOST_ROWS: Final = 500_000
"""Users of one file: some 600 MB of memory. An operator with more divides the file."""
LONGEST_LINE: Final = 64 * 1024
"""Characters of one line: a file that is no text has lines without end."""

NEEDED: Final = ("user", "name")
OPTIONAL: Final = ("email", "mobile", "groups", "enabled", "password", "password_hash")

PasswordJudge = Callable[[str, Person | None], Sequence[str]]
"""Says all that is wrong with a password; the person is None when the row names nobody."""

_YES: Final = frozenset({"", "yes", "true", "1", "ja"})
_NO: Final = frozenset({"no", "false", "0", "nej"})


@dataclass(frozen=True, slots=True)
class Row:
    """One user of the file; at most one of `password` and `password_hash` is set."""

    line: int
    person: Person
    password: str | None
    password_hash: str | None


@dataclass(slots=True)
class Sheet:
    """A file as it was read: usable only while `faults` (line, text) is empty."""

    judge: PasswordJudge
    region: str
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    line_of: dict[str, int] = field(default_factory=dict)  # every user named, right or wrong
    faults: list[tuple[int, str]] = field(default_factory=list)

    @property
    def replace(self) -> frozenset[str]:
        """The columns of an account that the file speaks of."""
        named = frozenset(self.columns) - {"user", "password"}
        return named | {"password_hash"} if "password" in self.columns else named


def read_sheet(lines: Iterable[str], judge: PasswordJudge, region: str = HOME) -> Sheet:
    """Read the lines of a file that was opened with `newline=""` and surrogate escapes.

    `region` is where a mobile number without a country code belongs.
    """
    sheet = Sheet(judge, region)
    records = _records(lines, sheet)
    header = next(records, None)
    if header is None:
        if not sheet.faults:
            sheet.faults.append((1, "the file is empty; the first line names the columns"))
        return sheet
    if not _read_header(header[1], sheet):
        return sheet
    for number, (line, cells) in enumerate(records):
        if number == MOST_ROWS:
            text = f"more than {MOST_ROWS} users: divide the file, and import one part at a time"
            sheet.faults.append((line, text))
            break
        row = _read_row(line, cells, sheet)
        if row is not None:
            sheet.rows.append(row)
    return sheet


def bounded_lines(text: TextIO) -> Iterator[str]:
    """Yield the lines of an open file. Raises csv.Error at one of more than LONGEST_LINE."""
    while line := text.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise csv.Error(f"a line of more than {LONGEST_LINE} characters")
        yield line


def _records(lines: Iterable[str], sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank, with the line it begins on."""
    reader = csv.reader(lines, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            sheet.faults.append((line, f"this is not CSV: {error}"))
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _read_header(cells: list[str], sheet: Sheet) -> bool:
    columns = tuple(cell.strip().casefold() for cell in cells)
    faults = [f"no column {needed!r}" for needed in NEEDED if needed not in columns]
    known = (*NEEDED, *OPTIONAL)
    faults += [
        f"unknown column {c[:40]!r}; there are {', '.join(known)}"
        for c in columns
        if c not in known
    ]
    faults += [f"column {c!r} stands there twice" for c in known if columns.count(c) > 1]
    if len(columns) == 1 and ";" in columns[0]:
        faults = ["the columns are separated by ';': save the file with commas"]
    sheet.columns = columns
    sheet.faults += [(1, fault) for fault in faults]
    return not faults


def _read_row(line: int, cells: list[str], sheet: Sheet) -> Row | None:
    faults: list[str] = []
    row = _judge(line, cells, sheet, faults)
    sheet.faults += [(line, fault) for fault in faults]
    return None if faults else row


def _judge(line: int, cells: list[str], sheet: Sheet, faults: list[str]) -> Row | None:
    if len(cells) != len(sheet.columns):
        faults.append(f"{len(cells)} cells, but {len(sheet.columns)} columns")
        return None
    if any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
        faults.append("this line is not UTF-8: save the file as CSV UTF-8")
        return None
    cell = dict(zip(sheet.columns, cells, strict=True))
    _note_user(line, cell["user"], sheet, faults)
    person = person_fields.person(
        person_fields.Written(
            user=cell["user"],
            name=cell["name"],
            email=cell.get("email", ""),
            mobile=cell.get("mobile", ""),
            groups=[group for group in cell.get("groups", "").split(";") if group.strip()],
            enabled=_read_enabled(cell.get("enabled", ""), faults),
            region=sheet.region,
        ),
        faults,
    )
    password, phc = _read_password(cell, faults)
    if password is not None:
        faults += [f"the password: {fault}" for fault in sheet.judge(password, person)]
    return None if person is None else Row(line, person, password, phc)


def _note_user(line: int, written: str, sheet: Sheet, faults: list[str]) -> None:
    """Note where a user stands first; one whose row is wrong elsewhere stands there too."""
    user = user_names.canonical(written)
    if not user_names.is_possible(user):
        return  # told as a fault of the person
    first = sheet.line_of.setdefault(user, line)
    if first != line:
        faults.append(f"{user} stands in line {first} already")


def _read_enabled(text: str, faults: list[str]) -> bool:
    word = text.strip().casefold()
    if word not in _YES | _NO:
        faults.append(f"enabled is yes or no, not {text[:40]!r}")
    return word in _YES


def _read_password(cell: dict[str, str], faults: list[str]) -> tuple[str | None, str | None]:
    # Neither value is ever quoted in a fault.
    password, phc = cell.get("password") or None, cell.get("password_hash", "").strip() or None
    if password is not None and phc is not None:
        faults.append("a password and a password_hash: give one of them")
    if password is not None:
        try:
            material(password)
        except PasswordUnusable as fault:
            faults.append(str(fault))
            password = None
    if phc is not None and cost_of(phc) is None:
        faults.append("password_hash is no PHC string of Argon2id ($argon2id$v=19$m=…,t=…,p=…$…$…)")
    return password, phc
