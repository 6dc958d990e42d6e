"""Bringing the tables of a database to the revision of this version, by Alembic.

Imported only when there is something to do. Everything happens in the transaction of the
connection that is handed in: it is all done, or nothing is.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from gateway.directory.schema import HEAD
from gateway.directory.standing import SchemaDue, Standing, State, look

_PLACE: Final = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Step:
    """One revision, and what it does in a line."""

    revision: str
    about: str


def upgrade(connection: sa.Connection) -> list[Step]:
    """Bring the tables up to date, within the caller's transaction; return what was done.

    Raises SchemaDue when they are not ours, and SQLAlchemyError.
    """
    standing = look(connection)
    steps = due(standing)
    if steps:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
    return steps


def due(standing: Standing) -> list[Step]:
    """Return the missing revisions in order. Raises SchemaDue when the tables are not ours."""
    if standing.state is State.FOREIGN:
        raise SchemaDue(standing.told)
    if standing.is_usable:
        return []
    missing = scripts().iterate_revisions(HEAD, standing.revision or "base")
    return [Step(one.revision, one.doc.rstrip(".")) for one in reversed(list(missing))]


def as_sql(standing: Standing, dialect: str) -> str:
    """Return the statements of the missing revisions, in one transaction; "" when none is."""
    if not due(standing):
        return ""
    text = io.StringIO()
    config = _config(text)
    config.attributes["dialect"] = dialect
    command.upgrade(config, f"{standing.revision or 'base'}:{HEAD}", sql=True)
    return text.getvalue()


def scripts() -> ScriptDirectory:
    """Return the revisions as Alembic reads them."""
    return ScriptDirectory.from_config(_config())


def _config(output: io.StringIO | None = None) -> Config:
    config = Config() if output is None else Config(output_buffer=output)
    config.set_main_option("script_location", str(_PLACE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
