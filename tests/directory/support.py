"""A directory in a temporary file, cheap hashes, a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gateway.auth.model import Person
from gateway.directory.accounts import OnChanged, nobody_listens
from gateway.directory.passwords import Cost, PasswordHasher, cost_of
from gateway.directory.rows import Account
from gateway.directory.sql import SqlDirectory, open_sql
from gateway.settings.model import Directory, Secret
from gateway.system import SystemEntropy

CHEAP = Cost(memory_kib=8, iterations=1, lanes=1)


class Counted:
    """Stands where Argon2id is called and notes the cost of each derivation."""

    def __init__(self) -> None:
        self.costs: list[Cost | None] = []

    def __call__(self, **parameters: int) -> Counted:
        self.costs.append(
            Cost(parameters["memory_cost"], parameters["iterations"], parameters["lanes"])
        )
        self._real = Argon2id(**parameters)  # type: ignore[arg-type] - bytes and ints by name
        return self

    def derive_phc_encoded(self, given: bytes) -> str:
        return self._real.derive_phc_encoded(given)

    def verify_phc_encoded(self, given: bytes, phc: str) -> None:
        self.costs.append(cost_of(phc))
        Argon2id.verify_phc_encoded(given, phc)


@dataclass
class StandingClock:
    time: float = 1_700_000_000.0

    def now(self) -> float:
        return self.time


@dataclass
class Listener:
    heard: list[str] = field(default_factory=list)

    async def __call__(self, user: str) -> None:
        self.heard.append(user)


def person(user: str, **changes: object) -> Person:
    values: dict[str, object] = {
        "user": user,
        "name": f"{user.title()} Andersson",
        "email": f"{user}@example.se",
        "mobile": "+46701740605",
        "groups": ("hr", "guards"),
        "enabled": True,
    }
    return Person(**(values | changes))  # type: ignore[arg-type] - a table of field values


def account(user: str, phc: str | None = None, **changes: object) -> Account:
    return Account(person(user, **changes), phc)


def cheap_hasher(**options: int) -> PasswordHasher:
    return PasswordHasher(SystemEntropy(), CHEAP, **options)


@asynccontextmanager
async def directory_in(
    where: Path | str,
    *,
    hasher: PasswordHasher | None = None,
    clock: StandingClock | None = None,
    on_changed: OnChanged = nobody_listens,
    deadline_s: float = 5.0,
) -> AsyncIterator[SqlDirectory]:
    """Yield a directory in a file, or in PostgreSQL by its URL; it and its hasher are closed."""
    hasher = hasher or cheap_hasher()
    is_file = isinstance(where, Path)
    url = f"sqlite+aiosqlite:///{where}" if is_file else where
    directory = open_sql(
        Directory("sqlite" if is_file else "sql", Secret(url)),
        hasher,
        clock or StandingClock(),
        on_changed=on_changed,
        deadline_s=deadline_s,
    )
    try:
        yield directory
    finally:
        await directory.close()
        hasher.close()
