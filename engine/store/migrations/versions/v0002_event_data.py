"""Events carry what programs read of them, such as the rule behind an alarm and the setting to turn."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was said before has nothing in it."""
    with op.batch_alter_table("event") as batch:
        batch.add_column(sa.Column("data", sa.JSON(), nullable=False, server_default="{}"))
