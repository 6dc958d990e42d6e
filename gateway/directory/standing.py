"""Which revision the tables of a database are, compared with what this version needs.

Asked once by each process before it uses a database, so it does without Alembic, which takes as
long to import as everything else together.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gateway.directory.schema import HEAD, REVISIONS, metadata, users, version

MIGRATE: Final = "portvakt migrate"


class State(enum.StrEnum):
    """How the tables are. NEWER and CURRENT can be worked with."""

    EMPTY = "empty"  # no tables of ours
    UNVERSIONED = "unversioned"  # made before there were revisions
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"  # with all that this version knows still in it
    FOREIGN = "foreign"  # tables that only have our names


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found. `revision` is "" where none is written down."""

    state: State
    revision: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether this version can work with the tables."""
        return self.state in {State.CURRENT, State.NEWER}

    @property
    def told(self) -> str:
        """The state in an operator's words, with the way out where there is one."""
        match self.state:
            case State.CURRENT:
                return f"the tables are at revision {HEAD}"
            case State.NEWER:
                return f"the tables are at revision {self.revision}, of a newer Portvakt"
            case State.EMPTY:
                return f"the database holds no tables yet: run {MIGRATE}"
            case State.FOREIGN:
                return (
                    "the database holds a table users or mobiles that is not Portvakt's: give "
                    "Portvakt a database of its own"
                )
            case State.UNVERSIONED | State.OLDER:
                at = f"at revision {self.revision}" if self.revision else "without a revision"
                return f"the tables are {at}, {HEAD} is needed: run {MIGRATE}"


class SchemaDue(Exception):
    """The tables cannot be worked with as they are; the text says what to do."""


def look(connection: sa.Connection) -> Standing:
    """Return how the tables are. Raises SQLAlchemyError."""
    inspector = sa.inspect(connection)
    revision = ""
    if inspector.has_table(version.name):
        revision = connection.scalar(sa.select(version.c.version_num)) or ""
    if revision == HEAD:
        return Standing(State.CURRENT, revision)
    if revision in REVISIONS:
        return Standing(State.OLDER, revision)
    if revision:
        return Standing(State.NEWER if _is_whole(inspector) else State.FOREIGN, revision)
    if not any(inspector.has_table(table) for table in metadata.tables):
        return Standing(State.EMPTY)
    # PostgreSQL has had revisions from the first day: what is there without one is somebody else's.
    is_ours = connection.dialect.name == "sqlite" and _has_columns(inspector, users)
    return Standing(State.UNVERSIONED if is_ours else State.FOREIGN)


def _is_whole(inspector: sa.Inspector) -> bool:
    return all(_has_columns(inspector, table) for table in metadata.tables.values())


def _has_columns(inspector: sa.Inspector, table: sa.Table) -> bool:
    if not inspector.has_table(table.name):
        return False
    return {one.name for one in table.c} <= {
        one["name"] for one in inspector.get_columns(table.name)
    }


def create(connection: sa.Connection) -> None:
    """Make the tables in an empty database, as of HEAD. Raises SQLAlchemyError."""
    metadata.create_all(connection)
    version.create(connection)
    connection.execute(sa.insert(version).values(version_num=HEAD))
