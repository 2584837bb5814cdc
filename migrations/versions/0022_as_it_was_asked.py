"""Of which sources a question was asked, and what was to become of its answer.

Revision ID: 0022
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

UPGRADE = """
-- So that a question can be asked again as it was. Of tickets that came before, answers were sent.
ALTER TABLE questions
    ADD COLUMN sources text[],
    ADD COLUMN delivery text NOT NULL DEFAULT 'shown'
        CHECK (delivery IN ('shown', 'sent', 'drafted'));
UPDATE questions SET delivery = CASE outcome WHEN 'drafted' THEN 'drafted' ELSE 'sent' END
WHERE surface = 'zendesk';
"""

DOWNGRADE = "ALTER TABLE questions DROP COLUMN sources, DROP COLUMN delivery;"


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
