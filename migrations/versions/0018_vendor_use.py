"""What vendors were asked and what that cost, by the hour, and which of them are left alone now.

Revision ID: 0018
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

UPGRADE = """
-- Sums, so that a budget is looked up in a few rows however much is asked. `vendor` is zendesk,
-- slack or model; an hour is one of UTC.
CREATE TABLE vendor_use (
    vendor   text NOT NULL,
    hour     timestamptz NOT NULL,
    calls    bigint NOT NULL DEFAULT 0,
    failures bigint NOT NULL DEFAULT 0,
    cost_usd double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (vendor, hour)
);

-- A process that leaves a vendor alone after failures says so here, for those who look on. It
-- decides by itself: one that is cut off from a vendor says nothing about the others.
CREATE TABLE vendor_rests (
    vendor  text NOT NULL,
    process text NOT NULL,
    until   timestamptz NOT NULL,
    PRIMARY KEY (vendor, process)
);
"""

DOWNGRADE = "DROP TABLE vendor_rests, vendor_use;"


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
