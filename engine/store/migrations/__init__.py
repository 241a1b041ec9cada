"""Alembic's part of the store: how a file of an older version becomes one of this version."""
