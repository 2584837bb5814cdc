"""Figures by day, so that a year of them is read at once.

Revision ID: 0016
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE daily_figures (
    day        date NOT NULL,
    name       text NOT NULL,
    label      text NOT NULL,
    value      double precision NOT NULL,
    samples    bigint NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, name, label)
);
CREATE INDEX daily_figures_counted_at ON daily_figures (counted_at DESC);
"""

DOWNGRADE = "DROP TABLE daily_figures"


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
