"""How much of an account's minute at Zendesk is taken, by all processes together.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UPGRADE = """
-- One row for each budget that Zendesk counts. Moments are seconds since 1970 by this server's
-- clock. taken: [[moment, requests], …]: so many count until that moment, sent or not, so that
-- what a killed process had reserved comes back by itself.
CREATE TABLE zendesk_ceilings (
    account    text NOT NULL,
    pool       text NOT NULL,
    per_minute integer NOT NULL CHECK (per_minute > 0),
    taken      jsonb NOT NULL DEFAULT '[]',
    remaining  integer NOT NULL DEFAULT 0,
    resets_at  double precision NOT NULL DEFAULT 0,
    held_until double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (account, pool)
);
"""

DOWNGRADE = "DROP TABLE zendesk_ceilings"


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
