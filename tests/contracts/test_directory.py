"""What the logon domain may expect of any directory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.auth.ports import Directory, Unavailable
from gateway.directory.database import Database
from gateway.directory.opening import open_directory
from gateway.directory.rows import Account
from gateway.settings.model import Directory as Settings
from gateway.settings.model import Secret
from gateway.system import SystemClock, SystemEntropy
from tests.contracts.fake_directory import FakeDirectory
from tests.directory.forwarder import forwarding
from tests.directory.ldap_servers import Server, running_samba, running_slapd
from tests.directory.postgres_servers import Postgres
from tests.directory.support import cheap_hasher, directory_in, person

PASSWORD = "Sommar2026"
GROUPS = ("guards", "hr")
ANNA = person("anna", name="Anna Åkesson", groups=GROUPS)
BO = person("bo", mobile=None, email="", groups=())
OUT = person("disa", enabled=False, groups=GROUPS)
MUTE = person("mute", groups=GROUPS)  # has no password
PEOPLE = {ANNA: PASSWORD, BO: "Höst2026", OUT: PASSWORD, MUTE: None}


@dataclass
class Subject:
    """A directory with ANNA, BO, OUT and MUTE in it, and how to break it."""

    directory: Directory
    fail: Callable[[], Awaitable[None]]


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_slapd(tmp_path_factory.mktemp("slapd"), PEOPLE) as server:
        yield server


@pytest.fixture(scope="module")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_samba(tmp_path_factory.mktemp("samba"), PEOPLE) as server:
        yield server


@pytest.fixture(scope="module")
def in_tables(postgres: Postgres) -> tuple[Postgres, str]:
    """Return where PEOPLE are in a real PostgreSQL."""
    name = postgres.fresh()
    with ThreadPoolExecutor() as elsewhere:  # a test's own loop runs already
        elsewhere.submit(lambda: asyncio.run(fill(postgres.url(name)))).result()
    return postgres, name


async def fill(url: str) -> None:
    """Make the tables, and PEOPLE in them."""
    database = Database(url)
    await database.migrate()
    await database.close()
    hasher = cheap_hasher()
    directory = open_directory(Settings("sql", Secret(url)), hasher, SystemClock(), SystemEntropy())
    for one, password in PEOPLE.items():
        phc = None if password is None else await hasher.derive(password)
        await directory.accounts.add(Account(one, phc))
    await directory.close()
    hasher.close()


@contextlib.asynccontextmanager
async def in_postgres(server: Postgres, name: str) -> AsyncIterator[Subject]:
    """Yield a directory in a real server, through a forwarder that can be taken away."""
    with forwarding(server.port) as forwarder:
        url = server.url(name, port=forwarder.port)
        hasher = cheap_hasher()
        directory = open_directory(
            Settings("sql", Secret(url)), hasher, SystemClock(), SystemEntropy()
        )

        async def cut_off() -> None:
            forwarder.refuse()

        yield Subject(directory, cut_off)
        await directory.close()
        hasher.close()


@contextlib.asynccontextmanager
async def in_ldap(server: Server) -> AsyncIterator[Subject]:
    """Yield a directory that asks a real server, through a forwarder that can be taken away."""
    with forwarding(server.port) as forwarder:
        # One process does everything in this domain controller: a rush takes its time.
        patience = timedelta(seconds=5)
        rules = server.rules(f"ldaps://127.0.0.1:{forwarder.port}", timeout=patience)
        settings = Settings("ldap", Secret("sqlite+aiosqlite://"), rules)
        hasher = cheap_hasher()
        directory = open_directory(settings, hasher, SystemClock(), SystemEntropy())

        async def cut_off() -> None:
            forwarder.refuse()

        yield Subject(directory, cut_off)
        await directory.close()
        hasher.close()


@pytest_asyncio.fixture(params=["sqlite", "fake", "postgres", "slapd", "samba"])
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    people = PEOPLE
    if request.param in {"slapd", "samba"}:
        async with in_ldap(request.getfixturevalue(request.param)) as found:
            yield found
        return
    if request.param == "postgres":
        async with in_postgres(*request.getfixturevalue("in_tables")) as found:
            yield found
        return
    if request.param == "fake":
        fake = FakeDirectory()
        for one, password in people.items():
            fake.put(one, password)

        async def go_down() -> None:
            fake.is_down = True

        yield Subject(fake, go_down)
        return
    path = tmp_path / "directory.sqlite3"
    hasher = cheap_hasher()
    async with directory_in(path, hasher=hasher) as directory:
        for one, password in people.items():
            phc = None if password is None else await hasher.derive(password)
            await directory.accounts.add(Account(one, phc))

        async def ruin() -> None:
            await directory.close()
            for file in tmp_path.iterdir():
                file.unlink()
            path.write_bytes(b"no database " * 1000)

        yield Subject(directory, ruin)


@pytest.fixture
def directory(subject: Subject) -> Directory:
    return subject.directory


@pytest.mark.parametrize("spelling", ["anna", "ANNA", " Anna ", "ａｎｎａ", "\u00a0anna"])
@pytest.mark.asyncio
async def test_any_spelling_of_the_name_with_the_right_password(
    directory: Directory, spelling: str
) -> None:
    assert await directory.authenticate(spelling, PASSWORD) == ANNA
    assert await directory.find(spelling) == ANNA
    assert directory.canonical(spelling) == "anna"


@pytest.mark.parametrize(
    "password",
    [
        "",
        "x",
        "sommar2026",
        "SOMMAR2026",
        "Sommar2026 ",
        "Sommar2026\0",
        "Sommar202",
        "Sommar20266",
        "Sommar2026" * 200,
        "Ｓommar2026",
        "\ud800",
    ],
)
@pytest.mark.asyncio
async def test_any_other_password(directory: Directory, password: str) -> None:
    assert await directory.authenticate("anna", password) is None


@pytest.mark.parametrize(
    "user_name",
    [
        "cecilia",
        "",
        " ",
        "anna\0",
        "anna\n",
        "anna bo",
        "an\u200bna",
        "anna'--",
        "%",
        "a" * 100_000,
        "\ud800",
    ],
)
@pytest.mark.asyncio
async def test_nobody_is_found_nor_let_in(directory: Directory, user_name: str) -> None:
    assert await directory.authenticate(user_name, PASSWORD) is None
    assert await directory.find(user_name) is None


@pytest.mark.asyncio
async def test_a_disabled_account_is_found_but_not_let_in(directory: Directory) -> None:
    assert await directory.authenticate("disa", PASSWORD) is None
    assert await directory.find("disa") == OUT


@pytest.mark.parametrize("password", ["", PASSWORD, "None", "null"])
@pytest.mark.asyncio
async def test_an_account_without_a_password_is_not_let_in(
    directory: Directory, password: str
) -> None:
    assert await directory.authenticate("mute", password) is None
    assert await directory.find("mute") == MUTE


@pytest.mark.asyncio
async def test_what_a_person_lacks_comes_back_lacking(directory: Directory) -> None:
    assert await directory.find("bo") == BO


@pytest.mark.parametrize("typed", ["H\u00f6st2026", "Ho\u0308st2026"])
@pytest.mark.asyncio
async def test_a_keyboard_may_compose_or_not(directory: Directory, typed: str) -> None:
    assert await directory.authenticate("bo", typed) == BO


@pytest.mark.asyncio
async def test_one_persons_password_is_not_anothers(directory: Directory) -> None:
    answers = await asyncio.gather(
        *(directory.authenticate(user, PASSWORD) for user in ["anna", "bo", "disa"] * 10)
    )
    assert answers == [ANNA, None, None] * 10


@pytest.mark.asyncio
async def test_a_directory_that_answers_can_be_pinged(directory: Directory) -> None:
    await directory.ping()


@pytest.mark.asyncio
async def test_a_directory_in_trouble_says_so_and_lets_nobody_in(subject: Subject) -> None:
    await subject.fail()
    for call in (
        subject.directory.authenticate("anna", PASSWORD),
        subject.directory.authenticate("anna", "wrong"),
        subject.directory.authenticate("cecilia", PASSWORD),
        subject.directory.find("anna"),
        subject.directory.ping(),
    ):
        with pytest.raises(Unavailable) as raised:
            await call
        assert raised.value.what == "directory"
