"""Slack: drafts that wait for a decision, and the app in several workspaces, of which some are the
team's own.

Revision ID: 0017
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UPGRADE = """
-- Where a draft is shown, and as what: its state when it was shown last. With a `question_id` it
-- is the reply to that question, else a message of its own in the channel of its routing tag.
CREATE TABLE slack_drafts (
    draft_id    uuid NOT NULL,
    team_id     text NOT NULL,
    question_id uuid,
    shown       text NOT NULL DEFAULT '',
    UNIQUE NULLS NOT DISTINCT (draft_id, team_id, question_id)
);

-- Each opens the way back from Slack's page once, and not for long.
CREATE TABLE slack_states (
    state     text PRIMARY KEY,
    issued_at timestamptz NOT NULL DEFAULT now()
);

-- Anybody who finds the page may install the app. What the team knows is for the workspaces that
-- an operator trusts, and for that of SLACK_BOT_TOKEN.
ALTER TABLE slack_workspaces ADD COLUMN is_trusted boolean NOT NULL DEFAULT false;
UPDATE slack_workspaces SET is_trusted = true WHERE token IS NULL;

CREATE TRIGGER audit_added AFTER INSERT ON slack_workspaces FOR EACH ROW
    WHEN (NEW.token IS NOT NULL)
    EXECUTE FUNCTION audit_change('id', 'token', 'refresh_token', 'expires_at', 'installed_at');
CREATE TRIGGER audit_changed AFTER UPDATE ON slack_workspaces FOR EACH ROW
    WHEN (NEW.token IS NOT NULL)
    EXECUTE FUNCTION audit_change('id', 'token', 'refresh_token', 'expires_at', 'installed_at');
CREATE TRIGGER audit_removed AFTER DELETE ON slack_workspaces FOR EACH ROW
    WHEN (OLD.token IS NOT NULL)
    EXECUTE FUNCTION audit_change('id', 'token', 'refresh_token', 'expires_at', 'installed_at');
"""

DOWNGRADE = """
DROP TRIGGER audit_added ON slack_workspaces;
DROP TRIGGER audit_changed ON slack_workspaces;
DROP TRIGGER audit_removed ON slack_workspaces;
ALTER TABLE slack_workspaces DROP COLUMN is_trusted;
DROP TABLE slack_states;
DROP TABLE slack_drafts;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
