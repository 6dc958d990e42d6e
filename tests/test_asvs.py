"""docs/asvs.md is whole and true to the suite, and what no other file of the suite shows of it."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import pytest

from gateway.auth.model import Person
from gateway.auth.reset import TICKET
from gateway.directory.passwords import LONGEST
from gateway.directory.schema import users
from gateway.pages.forms import MAX_BODY
from gateway.settings.model import (
    Limits,
    Lockout,
    OneTimePassword,
    Password,
    Session,
    SmsBudget,
)
from gateway.wire import chunked

ROOT = Path(__file__).resolve().parents[1]
STATES = {"met", "partly", "departs", "not met", "not tested"}
ROW = re.compile(r"\| (N?\d[\d.]*) \| (.*?) \| (.*?) \| (.*?) \| (.*?)\|\n")
SECRETS = re.compile(
    r"(^|_)(secret|mac|token|password|signature|ticket|code|digest|key|phc|hash)s?($|_)"
)
HARMLESS = {
    "one.key == mine": "keys of sessions are hashes of tokens",
    "name == old.key": "keys of sessions are hashes of tokens",
    "wish.new_password != wish.confirm_password": "both are the client's own",
    "users.c.user_name == key": "a user name",
    "after['password_hash'] != before.password_hash": "both are stored: has it changed?",
    "now.password_hash != phc": "both are stored: has it changed?",
    "users.c.password_hash == old": "both are stored: has it changed?",
    "self._known.get(found.seq, found.mac) != found.mac": "a line whose mac was verified before",
    "found.prev != self.last.mac": "a line whose mac was verified before",
    "digest != self._digest": "of the configuration, shown to operators",
    "bulletin.digest != self._digest": "of the configuration, shown to operators",
    "key != self._for": "what a remembered request head is for",
    "wanted.secret_key != running.secret_key": "both are the operator's: has it changed?",
    "secret.file != settings.secret_key_file": "names of files",
    "asked.key == KIND": "a key of gateway.toml",
}


def table() -> list[tuple[str, ...]]:
    text = (ROOT / "docs" / "asvs.md").read_text("utf-8")
    rows = [tuple(cell.strip() for cell in row) for row in ROW.findall(text)]
    lines = [line for line in text.splitlines() if re.match(r"\| N?\d", line)]
    assert len(rows) == len(lines), "a row with more or fewer cells"
    return rows


def names(node: ast.Module | ast.ClassDef, before: str = "") -> set[str]:
    """Return what pytest calls the tests of a module: `test_a`, `TestB::test_c`."""
    found = set()
    for one in node.body:
        if isinstance(one, ast.ClassDef):
            found |= names(one, f"{before}{one.name}::")
        elif isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(before + one.name)
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


def test_every_line_is_there_once_and_says_how_it_stands():
    rows = table()
    ids = [row[0] for row in rows]
    assert len(ids) > 120
    assert sorted(set(ids)) == sorted(ids)
    for number, asked, state, how, _shown in rows:
        assert asked, number
        assert how, number
        assert state in STATES, (number, state)


def test_every_test_that_is_named_exists():
    known: dict[str, set[str]] = {}
    for number, _asked, state, _how, shown in table():
        tests = re.findall(r"`([\w/]+\.py)::([\w:]+)`", shown)
        assert re.sub(r"`[\w/.]+::[\w:]+`,? ?", "", shown) == "", number
        assert bool(tests) != (state in {"not met", "not tested"}), number
        for file, name in tests:
            if file not in known:
                known[file] = names(ast.parse((ROOT / "tests" / file).read_text("utf-8")))
            assert name in known[file], f"{number}: {file}::{name}"


def minutes(value: timedelta) -> int:
    return value // timedelta(minutes=1)


def number(value: int) -> str:
    return f"{value:,}".replace(",", " ")


def printed() -> str:
    """Return the limits as the document has to print them."""
    limits, lockout, code = Limits(), Lockout(), OneTimePassword()
    session, sms, kib = Session(), SmsBudget(), 1024
    *most, last = [str(minutes(lock)) for lock in lockout.lock]
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert (sms.number.period, sms.address.period, sms.resets.period) == (hour,) * 3
    assert (sms.user.period, sms.total.period) == (day, day)
    wrong = ", ".join(
        f"{rate.count} in {minutes(rate.period)} minutes {whose}"
        for rate, whose in (
            (lockout.user_and_address, "of a user from an address"),
            (lockout.address, "from an address"),
            (lockout.user, "of a user"),
        )
    )
    return (
        f"Head {limits.head // kib} KiB, {limits.fields} fields, target {limits.url // kib} KiB, "
        f"body {limits.body // kib**3} GiB, head within {limits.head_timeout.seconds} s, "
        f"idle connection {limits.idle_timeout.seconds} s, "
        f"{number(limits.connections_per_address)} connections an address; "
        f"chunk line {chunked._MAX_LINE // kib} KiB, "
        f"trailers {chunked._MAX_TRAILERS} and {chunked._MAX_TRAILER_BYTES // kib} KiB; "
        f"forms {MAX_BODY // kib} KiB; "
        f"passwords of {Password().min_length} to {number(LONGEST)} characters; "
        f"wrong passwords {wrong}; locks of {', '.join(most)} and {last} minutes; "
        f"{lockout.codes_per_day} wrong codes a day; "
        f"a code {minutes(code.lifetime)} minutes, {code.attempts} tries, "
        f"{code.resends} resends {code.resend_after.seconds} s apart; "
        f"sessions {minutes(session.idle)} minutes idle, {session.absolute // hour} hours in all, "
        f"{session.max_per_user} a user; messages {sms.number.count} an hour to a number, "
        f"{sms.user.count} a day for a user (codes, resets and notices apart), "
        f"{sms.address.count} an hour by an address, {number(sms.total.count)} a day; "
        f"{sms.resets.count} resets an hour of a user, whose ticket lasts {minutes(TICKET)} minutes."
    )


def test_limits_in_the_document_are_the_running_defaults():
    """ASVS 5.0 6.1.1, 7.1.1 and 7.1.2: what is printed is what runs."""
    text = (ROOT / "docs" / "outside.md").read_text("utf-8")
    _, _, section = text.partition("## Limits, as they stand without a line in gateway.toml\n")
    assert " ".join(section.partition("\n## ")[0].split()) == printed()


def test_passwords_have_no_age():
    """ASVS 5.0 6.2.10 and 6.4.2: nothing to expire by, and no place for hints or questions.

    What judges a logon (Person) knows no time at all.
    """
    assert {field.name for field in fields(Password)} == {
        "min_length", "require", "allowed", "forbid", "forbidden_file",
    }  # fmt: skip
    assert {column.name for column in users.columns} == {
        "user_name", "name", "email", "mobile", "groups", "enabled", "password_hash", "created",
        "changed",
    }  # fmt: skip
    assert {field.name for field in fields(Person)} == {
        "user", "name", "email", "mobile", "groups", "enabled", "credential",
    }  # fmt: skip


def comparisons() -> set[str]:
    """Return every == and != of the code with a name in it that a secret could have."""
    found = set()
    for top in ("gateway", "policies"):
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Compare) and any(
                    isinstance(operator, (ast.Eq, ast.NotEq)) for operator in node.ops
                ):
                    sides = [
                        getattr(side, "id", getattr(side, "attr", ""))
                        for side in (node.left, *node.comparators)
                    ]
                    if any(SECRETS.search(side) for side in sides):
                        found.add(ast.unparse(node))
    return found


def test_secrets_are_not_compared_with_equals():
    """ASVS 5.0 11.2.4: hmac.compare_digest does, except for what is written down here."""
    assert comparisons() == set(HARMLESS)


def test_times_for_repairs_are_written_down():
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    assert "critical 48 hours" in text.partition("## When a hole is published")[2]


@pytest.mark.parametrize("package", ["portvakt", "aiohttp", "httptools", "redis"])
def test_no_page_names_a_version(package):
    """ASVS 5.0 13.4.6: neither ours nor that of what we stand on is in any page's source."""
    version = metadata.version(package)
    for path in sorted((ROOT / "gateway" / "pages").rglob("*.html")):
        text = path.read_text("utf-8").lower()
        assert version not in text, path
        assert "version" not in text, path
