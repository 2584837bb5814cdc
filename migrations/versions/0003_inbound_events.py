"""Which events of vendors have come in, so that one that is sent twice is acted on once.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UPGRADE = """
-- Written in the transaction that enqueues what the event asks for: either both are there, or
-- neither. Vendors repeat an event for minutes, so upkeep removes rows after some days.
CREATE TABLE inbound_events (
    source      text NOT NULL,
    id          text NOT NULL,
    kind        text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, id)
);
CREATE INDEX inbound_events_received_at ON inbound_events (received_at);
"""

DOWNGRADE = "DROP TABLE inbound_events"


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
