"""The tables as this version reads and writes them, and the revisions that led to them.

The revisions themselves are in `migrations/versions`; a test holds both to each other. Whoever
changes a table here adds a revision there, and its number at the end of REVISIONS.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from policies.people import LONGEST_EMAIL, LONGEST_NAME
from policies.user_names import LONGEST as LONGEST_USER_NAME

REVISIONS: Final = ("0001", "0002")
"""From the first to the one that these tables are."""
HEAD: Final = REVISIONS[-1]

LONGEST_HASH: Final = 255

metadata: Final = sa.MetaData()


def _text(length: int) -> sa.String:
    """Return a type that compares and sorts by bytes, as SQLite does, whatever the locale."""
    plain = sa.String(length)
    return plain.with_variant(sa.String(length, collation="C"), "postgresql")


users: Final = sa.Table(
    "users",
    metadata,
    sa.Column("user_name", _text(LONGEST_USER_NAME), primary_key=True),  # canonical
    sa.Column("name", _text(LONGEST_NAME), nullable=False),
    sa.Column("email", _text(LONGEST_EMAIL), nullable=False),  # "" when there is none
    sa.Column("mobile", _text(16)),  # E.164
    sa.Column("groups", sa.JSON, nullable=False),  # a list of names, always read as a whole
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("password_hash", _text(LONGEST_HASH)),  # PHC; null: cannot log on yet
    sa.Column("created", sa.Double, nullable=False),  # seconds since the epoch
    sa.Column("changed", sa.Double, nullable=False),
)
sa.Index("users_by_email", sa.func.lower(users.c.email))

mobiles: Final = sa.Table(  # of users who are kept in a directory that is only read
    "mobiles",
    metadata,
    sa.Column("user_name", _text(LONGEST_USER_NAME), primary_key=True),  # canonical
    sa.Column("mobile", _text(16)),  # E.164; null: taken away
    sa.Column("changed", sa.Double, nullable=False),
)

version: Final = sa.Table(  # Alembic's own: which revision the tables are
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), primary_key=True),
)
