"""A store knows who it is and which folder is its own; a run knows when it began and how long it worked."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WORKED = """
UPDATE run SET
    claimed_at = started_at,
    working_since = CASE WHEN status IN ('starting', 'running') THEN started_at END,
    worked_seconds = CASE
        WHEN started_at IS NULL OR status IN ('starting', 'running') THEN 0
        ELSE max(coalesce(finished_at, heartbeat_at, started_at) - started_at, 0)
    END
"""


def upgrade() -> None:
    """Add the identity and the times; of a run that was resumed before, only the last stretch is known."""
    op.create_table(
        "identity",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
    )
    connection = op.get_bind()
    named = sa.text(
        "INSERT INTO identity (id, folder, created_at) VALUES (:id, '', coalesce((SELECT min(created_at) FROM run), 0))"
    )
    connection.execute(named, {"id": uuid.uuid4().hex})
    with op.batch_alter_table("run") as batch:
        batch.add_column(sa.Column("process", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("claimed_at", sa.Double(), nullable=True))
        batch.add_column(sa.Column("working_since", sa.Double(), nullable=True))
        batch.add_column(sa.Column("worked_seconds", sa.Double(), nullable=False, server_default="0"))
    op.execute(_WORKED)
