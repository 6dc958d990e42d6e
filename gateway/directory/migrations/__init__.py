"""Alembic's revisions of the directory's tables; `migrating.py` runs them."""
