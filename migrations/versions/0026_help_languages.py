"""In which language somebody wrote from the help page.

Revision ID: 0026
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

UPGRADE = """
-- That of the page, which was English before it spoke others.
ALTER TABLE help_contacts ADD COLUMN locale text NOT NULL DEFAULT 'en';
"""

DOWNGRADE = "ALTER TABLE help_contacts DROP COLUMN locale;"


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
