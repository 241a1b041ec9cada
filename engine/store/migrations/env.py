"""What Alembic runs: the connection comes from ``engine.store.migration``, in an open transaction."""

from alembic import context

from engine.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter a column: batch mode makes a new table, copies the rows and renames it.
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
