"""Messages from the help page, each of which becomes a ticket.

Revision ID: 0021
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

UPGRADE = """
-- The id is that of the conversation: a form that is sent twice is one message.
CREATE TABLE help_contacts (
    id           uuid PRIMARY KEY,
    question_ids uuid[] NOT NULL DEFAULT '{}',
    name         text NOT NULL DEFAULT '',
    email        text NOT NULL,
    message      text NOT NULL,
    ticket_id    bigint,
    sent_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX help_contacts_email ON help_contacts (lower(email));
CREATE INDEX help_contacts_questions ON help_contacts USING gin (question_ids);
"""

DOWNGRADE = "DROP TABLE help_contacts"


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
