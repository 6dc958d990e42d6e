"""What Alembic runs for every command: on the connection it was handed, or to print SQL.

The transaction is begun and ended by whoever hands the connection over (`migrating.py`).
"""

from __future__ import annotations

from alembic import context

from gateway.directory.schema import metadata

_connection = context.config.attributes.get("connection")

if context.is_offline_mode():
    context.configure(
        dialect_name=context.config.attributes["dialect"],
        target_metadata=metadata,
        literal_binds=True,
        transactional_ddl=True,
    )
else:
    context.configure(connection=_connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
