"""A sample of what was sent, checked once more.

Revision ID: 0020
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UPGRADE = """
-- What a second look at an answer found, statement by statement; `sampled` is whether chance chose
-- it, rather than somebody's opinion of it, which was looked up to calibrate the look.
CREATE TABLE answer_checks (
    question_id uuid PRIMARY KEY REFERENCES questions (id) ON DELETE CASCADE,
    statements  integer NOT NULL,
    supported   integer NOT NULL,
    citations   integer NOT NULL,
    needed      integer NOT NULL,
    gone        integer NOT NULL,
    faults      jsonb NOT NULL DEFAULT '[]',
    sampled     boolean NOT NULL,
    sent_at     timestamptz NOT NULL,
    checked_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX answer_checks_sent_at ON answer_checks (sent_at DESC);

-- Chance that everybody can repeat: the same answers are chosen whoever looks, and a larger share
-- holds all of a smaller one.
CREATE FUNCTION is_sampled(question uuid, share double precision) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('x' || substr(md5(question::text), 1, 7))::bit(28)::bigint < share * 268435456;

-- What people were given as an answer: shown, sent, or drafted and then sent as it was.
CREATE VIEW given_answers AS
SELECT question.id AS question_id, question.asked_at AS sent_at
FROM questions AS question
LEFT JOIN draft_decisions AS decision ON decision.draft_id = question.id
WHERE question.surface IN ('zendesk', 'slack', 'help')
  AND (question.outcome = 'answered'
       OR (question.outcome = 'drafted' AND decision.ended = 'sent' AND decision.text IS NULL));
"""

DOWNGRADE = """
DROP VIEW given_answers;
DROP FUNCTION is_sampled;
DROP TABLE answer_checks;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
