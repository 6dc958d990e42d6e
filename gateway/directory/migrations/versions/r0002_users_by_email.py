"""An index of users by their address in mail.

A new user may not be named like somebody else's address: without it, an import of many names with
an @ reads the whole table for each chunk.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    """Make the index; PostgreSQL keeps writers waiting meanwhile, a second for 500 000 users."""
    op.create_index("users_by_email", "users", [sa.text("lower(email)")])
