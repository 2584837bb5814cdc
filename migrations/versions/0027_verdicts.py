"""The newest verdicts of customers, by index.

Revision ID: 0027
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

UPGRADE = """
-- How sure an answer must be is asked for each ticket, and rests on what was judged lately: without
-- it every answer of the account was looked at. bot.sending orders by the same expression.
CREATE INDEX tickets_judged_at
    ON tickets ((greatest(declined_at, reopened_at, confirmed_at)) DESC)
    WHERE greatest(declined_at, reopened_at, confirmed_at) IS NOT NULL;
"""

DOWNGRADE = """
DROP INDEX tickets_judged_at;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
