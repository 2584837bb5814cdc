"""Which jobs hold each other back, by index.

Revision ID: 0025
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

UPGRADE = """
-- Before a job is taken, procrastinate looks for others with its lock. It brings no index for that:
-- with 20,000 jobs waiting it read all of them for each of them.
CREATE INDEX jobs_by_lock ON procrastinate_jobs (lock, priority DESC, id)
    WHERE status IN ('todo', 'doing');
"""

DOWNGRADE = """
DROP INDEX jobs_by_lock;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
