"""Replies in threads of Slack whose beginning the bot has not been told of yet.

Revision ID: 0024
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

UPGRADE = """
-- No words: most are of people who do not talk to the bot, and Slack is asked for the others.
CREATE TABLE slack_early_replies (
    team_id    text NOT NULL,
    channel_id text NOT NULL,
    thread_ts  text NOT NULL,
    ts         text NOT NULL,
    heard_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (team_id, channel_id, thread_ts, ts)
);
CREATE INDEX slack_early_replies_age ON slack_early_replies (heard_at);
"""

DOWNGRADE = """
DROP TABLE slack_early_replies;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
