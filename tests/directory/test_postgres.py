"""What PostgreSQL alone can do wrong, or right: a server that dies, is stopped, or is not itself."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import psycopg
import pytest

from gateway.auth.ports import Unavailable
from gateway.directory.breaker import FAILURES, FIRST_PAUSE_S, LONGEST_PAUSE_S, Breaker
from gateway.directory.database import Database
from gateway.directory.importing import Imported
from gateway.directory.ldap.numbers import Numbers
from gateway.directory.postgres import connection_values
from gateway.directory.sql import SqlDirectory
from gateway.directory.trouble import DirectoryUnavailable
from tests.directory.postgres_servers import PASSWORD, QUOTED, Postgres
from tests.directory.support import (
    Listener,
    StandingClock,
    account,
    directory_in,
    person,
)
from tests.system.certificates import Authority

pytestmark = pytest.mark.asyncio
DEADLINE_S = 1.0


async def filled(postgres: Postgres, *names: str) -> str:
    """Return the URL of a new database with these users."""
    url = postgres.url(postgres.fresh())
    database = Database(url)
    await database.migrate()
    await database.close()
    async with directory_in(url) as directory:
        for name in names:
            assert await directory.accounts.add(account(name))
    return url


async def back(directory: SqlDirectory) -> None:
    """Return when the directory answers again by itself, without a restart of anything of ours."""
    end = time.monotonic() + 3 * LONGEST_PAUSE_S
    while True:
        try:
            assert await directory.find("anna") is not None
        except Unavailable:
            assert time.monotonic() < end, "it does not come back"
            await asyncio.sleep(0.05)
        else:
            return


async def test_a_server_that_is_stopped_holds_nobody_beyond_the_deadline(
    postgres: Postgres,
) -> None:
    async with directory_in(await filled(postgres, "anna"), deadline_s=DEADLINE_S) as directory:
        await directory.ping()
        postgres.signal_all(signal.SIGSTOP)
        try:
            begun = time.monotonic()
            asked = [directory.find("anna") for _ in range(10)]  # more than are pooled
            answers = await asyncio.gather(*asked, return_exceptions=True)
            took = time.monotonic() - begun
            assert {type(answer) for answer in answers} == {DirectoryUnavailable}
            assert took < 2 * DEADLINE_S
            begun = time.monotonic()
            with pytest.raises(DirectoryUnavailable, match="directory") as raised:
                await directory.authenticate("anna", "x")
            assert "a moment ago" in raised.value.advice
            assert time.monotonic() - begun < DEADLINE_S / 2, "it is not even asked"
        finally:
            postgres.signal_all(signal.SIGCONT)
        await back(directory)


async def test_a_server_that_crashes_and_one_that_is_restarted(postgres: Postgres) -> None:
    async with directory_in(await filled(postgres, "anna"), deadline_s=DEADLINE_S) as directory:
        await directory.ping()
        postgres.stop(signal.SIGQUIT)
        for _ in range(FAILURES + 1):
            with pytest.raises(Unavailable):
                await directory.find("anna")
        postgres.start()
        await back(directory)
        postgres.stop()
        postgres.start()
        assert await directory.find("anna") is not None, "a dead connection is not a dead server"


async def test_the_next_server_is_asked_when_one_is_away(postgres: Postgres) -> None:
    url = await filled(postgres, "anna")
    both = (
        url.replace("@127.0.0.1:", "@127.0.0.1:1,127.0.0.1:") + "?target_session_attrs=read-write"
    )
    async with directory_in(both) as directory:
        assert await directory.find("anna") is not None
    standby = both.replace("read-write", "standby")
    async with directory_in(standby) as directory:
        with pytest.raises(DirectoryUnavailable):
            await directory.find("anna")


async def test_a_breaker() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        assert not breaker.failed(0.0)
        assert breaker.lets(0.0)
    assert breaker.failed(0.0)
    assert breaker.is_away
    assert not breaker.failed(0.0), "one that was under way lengthens nothing"
    now, pause = 0.0, FIRST_PAUSE_S
    for _ in range(5):
        assert not breaker.lets(now + pause * 0.9)
        now += pause
        assert breaker.lets(now)
        assert not breaker.lets(now), "one at a time"
        assert not breaker.failed(now)
        pause = min(2 * pause, LONGEST_PAUSE_S)
    assert breaker.worked()
    assert not breaker.worked()
    assert breaker.lets(now)


async def test_the_server_must_prove_its_name(postgres: Postgres, tmp_path: Path) -> None:
    name = postgres.fresh()
    stranger = Authority(tmp_path, "stranger")
    trusted = {"sslmode": "verify-full", "sslrootcert": str(postgres.ca)}
    async with directory_in(postgres.url(name, **trusted)) as directory:
        with pytest.raises(DirectoryUnavailable) as raised:
            await directory.ping()
        assert "holds no tables yet" in raised.value.advice, "which it can only know from inside"
    for values in (
        {**trusted, "sslrootcert": str(stranger.file)},
        {**trusted, "host": "localhost"},  # the certificate is for 127.0.0.1
    ):
        async with directory_in(postgres.url(name, **values)) as directory:
            with pytest.raises(DirectoryUnavailable) as raised:
                await directory.ping()
            assert "certificate" in raised.value.advice


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@db/d", ("verify-full", "system")),
        ("postgres://u@a,127.0.0.1/d", ("verify-full", "system")),
        ("postgresql+psycopg:///d?host=db.example.se", ("verify-full", "system")),
        ("postgresql://u@db/d?sslrootcert=/ca.pem", ("verify-full", "/ca.pem")),
        ("postgresql://u@db/d?sslmode=require", ("require", None)),
        ("postgresql:///d", ("verify-full", "system")),  # PGHOST may say where
        ("postgresql:///?service=directory", ("verify-full", "system")),
        ("postgresql://localhost#x@db/d", ("verify-full", "system")),  # a user of an odd name
        ("postgresql://localhost/d?hostaddr=10.0.0.5", ("verify-full", "system")),
        ("postgresql://localhost,db/d", ("verify-full", "system")),
        ("postgresql://u@127.0.0.1:5433/d", (None, None)),
        ("postgresql://u@[::1]/d", (None, None)),
        ("postgresql:///d?host=/run/postgresql", (None, None)),
        ("postgresql://%2Frun%2Fpostgresql/d", (None, None)),
    ],
)
async def test_elsewhere_means_a_certificate(url: str, expected: tuple[str | None, ...]) -> None:
    values = connection_values(url, 5.0)
    assert (values.get("sslmode"), values.get("sslrootcert")) == expected
    assert "statement_timeout=5000" in values["options"]


async def test_what_an_operator_is_told(
    postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    name = postgres.fresh()
    database = Database(postgres.url(name))
    await database.migrate()
    await database.close()
    postgres.run("CREATE ROLE guest LOGIN PASSWORD 'x'", name)
    good = postgres.url(name)
    for url, words in (
        (good.replace(QUOTED, "wrong"), "password authentication failed"),
        (postgres.url("nowhere"), '"nowhere" does not exist'),
        (good.replace(f"boss:{QUOTED}", "guest:x"), "lacks the right"),
        (postgres.url(name, port=1), "Connection refused"),
        (
            postgres.url(name, options="-c%20default_transaction_read_only%3Don"),
            "read-only standby",
        ),
    ):
        async with directory_in(url) as directory:
            with pytest.raises(DirectoryUnavailable) as raised:
                await directory.accounts.add(account("anna", "a-hash"))
            assert words in raised.value.advice
    async with directory_in(good, deadline_s=DEADLINE_S) as directory:
        assert await directory.accounts.add(account("anna", "a-hash"))
        assert not await directory.accounts.add(account("anna", "a-hash"))
        with psycopg.connect(good) as other:
            other.execute("SELECT 1 FROM users FOR UPDATE")
            directory._database.deadline_s = 60.0  # so that the server's own limit is met
            with pytest.raises(DirectoryUnavailable) as raised:
                await directory.accounts.set_mobile("anna", "+46701740606")
        assert "too long for a statement" in raised.value.advice
    for secret in (QUOTED, "Kaffe", "a-hash", "+4670174060", "wrong"):
        assert secret not in caplog.text


async def test_the_user_that_serves_needs_no_right_to_change_tables(postgres: Postgres) -> None:
    """As docs/postgresql.md has it set up."""
    name = postgres.fresh()
    text = (Path(__file__).parents[2] / "docs" / "postgresql.md").read_text("utf-8")
    written = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    for statement in written:
        if statement.startswith("CREATE"):
            spoken = statement.replace("…", PASSWORD).replace(" directory ", " their_directory ")
            postgres.run(spoken, name)
    owner = postgres.url("their_directory", user="portvakt_owner")
    with psycopg.connect(owner, autocommit=True) as connection:
        for statement in written:
            if statement.startswith("ALTER DEFAULT"):
                connection.execute(statement)
    url = postgres.url("their_directory", user="portvakt")
    database = Database(url)
    with pytest.raises(DirectoryUnavailable) as raised:
        await database.migrate()
    assert "lacks the right" in raised.value.advice
    await database.close()
    database = Database(owner)
    await database.migrate()
    await database.close()
    async with directory_in(url) as directory:
        assert await directory.accounts.add(account("anna"))
        assert await directory.accounts.set_mobile("anna", None)
        assert await directory.accounts.remove("anna")


async def test_one_name_whatever_its_case_and_whoever_asks_first(postgres: Postgres) -> None:
    url = await filled(postgres)
    async with directory_in(url) as one, directory_in(url) as other:
        tries = [account("anna", name=f"Anna {number}") for number in range(16)]
        added = await asyncio.gather(
            *((one, other)[n % 2].accounts.add(each) for n, each in enumerate(tries))
        )
        assert sorted(added) == [False] * 15 + [True]
        with pytest.raises(ValueError, match="canonical"):
            await one.accounts.add(account("Anna"))
        assert (await one.find("ÅNNA"), (await other.find("ANNA")) is not None) == (None, True)
        # A name and another's address at once: one of the two is refused or comes first.
        await asyncio.gather(
            one.accounts.add(account("cia@example.se", email="")),
            other.accounts.add(account("eva", email="CIA@example.se")),
            return_exceptions=True,
        )
        names = [entry.person.user async for entry in one.accounts.entries()]
        assert names in (["anna", "cia@example.se", "eva"], ["anna", "eva"])


async def test_changes_at_once_are_all_made(postgres: Postgres) -> None:
    names = [f"user{number:02}" for number in range(20)]
    url = await filled(postgres, *names)
    listener = Listener()
    async with directory_in(url, on_changed=listener) as one, directory_in(url) as other:
        forth = [account(name, groups=("new",)) for name in names]
        written = await asyncio.gather(
            one.importer(frozenset({"groups"})).write(forth),
            other.importer(frozenset({"groups"})).write(forth[::-1]),  # in the other order
            *(one.accounts.set_mobile(name, "+46701740606") for name in names),
            *(other.accounts.set_enabled(name, enabled=False) for name in names),
        )
        assert written[:2] == [Imported(0, 20), Imported(0, 20)]
        assert set(written[2:]) == {True}
        async for entry in one.accounts.entries():
            kept = entry.person
            assert (kept.groups, kept.mobile, kept.enabled) == (("new",), "+46701740606", False)


async def test_numbers_beside_a_directory_that_is_only_read(postgres: Postgres) -> None:
    """Two gateways keep the first number of the same person at once."""
    numbers = [Numbers(Database(await filled(postgres)), StandingClock())]
    numbers.append(Numbers(Database(postgres.url(f"directory_{postgres.made}")), StandingClock()))
    given = [f"+4670174060{digit}" for digit in range(8)]
    await asyncio.gather(*(numbers[n % 2].set("anna", mobile) for n, mobile in enumerate(given)))
    kept = await numbers[0].laid_over(person("anna", mobile=None))
    assert kept.mobile in given
    await numbers[1].set("anna", None)
    assert (await numbers[0].laid_over(person("anna"))).mobile is None
    for one in numbers:
        await one.close()


async def test_the_order_is_that_of_sqlite(postgres: Postgres, tmp_path: Path) -> None:
    """Whatever the locale of the database: pages of a list go by it, and so does an import."""
    names = ["a-b", "a.b", "ab", "a_b", "åsa", "z", "ä", "anna@a.se", "0"]
    name = postgres.fresh()
    postgres.run(f"DROP DATABASE {name}", "postgres")
    postgres.run(
        f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE'",
        "postgres",
    )
    database = Database(postgres.url(name))
    await database.migrate()
    await database.close()
    async with (
        directory_in(postgres.url(name)) as one,
        directory_in(tmp_path / "d.sqlite3") as other,
    ):
        listed = []
        for directory in (one, other):
            for each in names:
                await directory.accounts.add(account(each, email=""))
            listed.append([entry async for entry in directory.accounts.entries()])
        assert listed[0] == listed[1]
        assert listed[0][0].person == person("0", email="", name=listed[0][0].person.name)
