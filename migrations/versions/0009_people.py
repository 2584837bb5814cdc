"""What people decide: changes to settings with who made them, ratings, and drafts.

Revision ID: 0009
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UPGRADE = """
-- Who changed what. Filled by triggers, so that no change is left out whoever makes it; what
-- is no row, such as a run that somebody asked for, is written by the program.
CREATE TABLE audit_log (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    surface text NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    target  text NOT NULL,
    before  jsonb,
    after   jsonb
);
CREATE INDEX audit_log_at ON audit_log (at DESC, id DESC);
CREATE INDEX audit_log_target ON audit_log (action, target, id DESC);

-- Arguments: the column that names the row, then columns that the program keeps for itself. Who
-- acts is told for the transaction; without that it is the program, or a person with psql.
CREATE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ignored text[] := ARRAY(SELECT unnest(TG_ARGV[1:]));
    old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - ignored END;
    new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) - ignored END;
BEGIN
    IF old_row IS DISTINCT FROM new_row THEN
        INSERT INTO audit_log (surface, actor, action, target, before, after)
        VALUES (coalesce(nullif(current_setting('supportbot.surface', true), ''), 'system'),
                coalesce(nullif(current_setting('supportbot.actor', true), ''), session_user),
                TG_TABLE_NAME || CASE TG_OP WHEN 'INSERT' THEN ' added'
                                            WHEN 'UPDATE' THEN ' changed' ELSE ' removed' END,
                coalesce(new_row, old_row) ->> TG_ARGV[0], old_row, new_row);
    END IF;
    RETURN NULL;
END;
$$;

-- The same for rows that are written by the thousand: how many, not each of them.
CREATE FUNCTION audit_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rows bigint := (SELECT count(*) FROM changed);
BEGIN
    IF rows > 0 THEN
        INSERT INTO audit_log (surface, actor, action, target, after)
        VALUES (coalesce(nullif(current_setting('supportbot.surface', true), ''), 'system'),
                coalesce(nullif(current_setting('supportbot.actor', true), ''), session_user),
                TG_TABLE_NAME || CASE TG_OP WHEN 'INSERT' THEN ' added' ELSE ' removed' END,
                '', jsonb_build_object('rows', rows));
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON sources FOR EACH ROW
    EXECUTE FUNCTION audit_change('name', 'id', 'cursor', 'created_at', 'api_calls');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON schedules FOR EACH ROW
    EXECUTE FUNCTION audit_change('source', 'anchor', 'last_run', 'next_run');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON ticket_policies FOR EACH ROW
    EXECUTE FUNCTION audit_change('id');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON routing_tags FOR EACH ROW
    EXECUTE FUNCTION audit_change('name', 'id');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON routing_rules FOR EACH ROW
    EXECUTE FUNCTION audit_change('id');
CREATE TRIGGER audit_added AFTER INSERT ON routing_examples
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audit_count();
CREATE TRIGGER audit_removed AFTER DELETE ON routing_examples
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audit_count();

-- What admins set by groups that belong together, each checked by the program that reads it.
CREATE TABLE preferences (
    name  text PRIMARY KEY,
    value jsonb NOT NULL
);
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON preferences FOR EACH ROW
    EXECUTE FUNCTION audit_change('name');

-- What a passage was of, so that a recorded answer can be told from the team's own papers. "" where
-- that was not written down yet.
ALTER TABLE question_passages ADD COLUMN kind text NOT NULL DEFAULT '';

-- What people said of an answer: the latest word of each person counts.
CREATE TABLE feedback (
    question_id uuid NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    surface     text NOT NULL,
    person      text NOT NULL,
    helpful     boolean NOT NULL,
    reasons     text[] NOT NULL DEFAULT '{}',
    comment     text NOT NULL DEFAULT '',
    given_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (question_id, surface, person)
);
CREATE INDEX feedback_given_at ON feedback (given_at DESC);

-- Articles that people say are wrong or missing, until somebody has dealt with it.
CREATE TABLE knowledge_reports (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    question_id uuid NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('wrong', 'missing')),
    documents   text[] NOT NULL DEFAULT '{}',
    comment     text NOT NULL DEFAULT '',
    surface     text NOT NULL,
    person      text NOT NULL,
    reported_at timestamptz NOT NULL DEFAULT now(),
    settled_at  timestamptz,
    UNIQUE (question_id, kind, surface, person)
);
CREATE INDEX knowledge_reports_open ON knowledge_reports (reported_at DESC)
    WHERE settled_at IS NULL;

-- The newest public reply of a person: a draft that is older comes too late.
ALTER TABLE tickets ADD COLUMN replied_at timestamptz;

-- Who wrote the ticket: a machine that opens a new one for each reply is told by it.
ALTER TABLE tickets ADD COLUMN requester_id bigint;
CREATE INDEX tickets_requester ON tickets (requester_id);

-- What a person decided about a draft, which is a turn with the outcome 'drafted'. The primary key
-- is what makes it impossible that two people decide. `ended` is what came of an approval: 'sent',
-- or 'refused' because the ticket had moved on, with why.
CREATE TABLE draft_decisions (
    draft_id   uuid PRIMARY KEY REFERENCES ticket_turns (id) ON DELETE CASCADE,
    decision   text NOT NULL CHECK (decision IN ('approved', 'rejected')),
    text       text,
    reason     text NOT NULL DEFAULT '',
    surface    text NOT NULL,
    person     text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    ended      text CHECK (ended IN ('sent', 'refused')),
    why        text NOT NULL DEFAULT '',
    ended_at   timestamptz
);
-- Every draft with what became of it. One is overtaken when the customer wrote again, when a person
-- replied, or when the ticket ended; the turn that sends it has the same asked_at.
CREATE VIEW drafts AS
SELECT turn.id, turn.ticket_id, turn.routing_tag, turn.asked_at, turn.done_at AS drafted_at,
       ticket.brand_id, ticket.channel,
       decision.text, decision.reason, decision.surface, decision.person, decision.decided_at,
       decision.why,
       CASE WHEN decision.decision = 'rejected' THEN 'rejected'
            WHEN decision.ended IS NOT NULL THEN decision.ended
            WHEN decision.decision = 'approved' THEN 'approved'
            WHEN ticket.replied_at > turn.asked_at OR ticket.status IN ('solved', 'closed')
                 OR EXISTS (SELECT FROM ticket_turns AS later
                            WHERE later.ticket_id = turn.ticket_id
                              AND later.asked_at > turn.asked_at
                              AND later.outcome <> 'ignored') THEN 'overtaken'
            ELSE 'waiting' END AS state
FROM ticket_turns AS turn
LEFT JOIN draft_decisions AS decision ON decision.draft_id = turn.id
LEFT JOIN tickets AS ticket ON ticket.ticket_id = turn.ticket_id
WHERE turn.outcome = 'drafted' AND turn.state = 'done';
CREATE INDEX ticket_turns_drafted ON ticket_turns (decided_at DESC) WHERE outcome = 'drafted';
"""

DOWNGRADE = """
DROP INDEX ticket_turns_drafted;
DROP VIEW drafts;
DROP TABLE draft_decisions, knowledge_reports, feedback, preferences;
ALTER TABLE question_passages DROP COLUMN kind;
ALTER TABLE tickets DROP COLUMN replied_at, DROP COLUMN requester_id;
DROP TRIGGER audit ON sources;
DROP TRIGGER audit ON schedules;
DROP TRIGGER audit ON ticket_policies;
DROP TRIGGER audit ON routing_tags;
DROP TRIGGER audit ON routing_rules;
DROP TRIGGER audit_added ON routing_examples;
DROP TRIGGER audit_removed ON routing_examples;
DROP FUNCTION audit_change, audit_count;
DROP TABLE audit_log;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
