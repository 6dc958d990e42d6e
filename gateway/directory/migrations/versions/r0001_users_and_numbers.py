"""The tables of users and of mobile numbers.

As they were when revisions began. SQLite files are older than that: what such a file has stays,
what it lacks is made.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Make what is missing."""
    op.create_table(
        "users",
        sa.Column("user_name", _text(64), primary_key=True),
        sa.Column("name", _text(200), nullable=False),
        sa.Column("email", _text(254), nullable=False),
        sa.Column("mobile", _text(16)),
        sa.Column("groups", sa.JSON, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("password_hash", _text(255)),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "mobiles",
        sa.Column("user_name", _text(64), primary_key=True),
        sa.Column("mobile", _text(16)),
        sa.Column("changed", sa.Double, nullable=False),
        if_not_exists=True,
    )


def _text(length: int) -> sa.String:
    plain = sa.String(length)
    return plain.with_variant(sa.String(length, collation="C"), "postgresql")
