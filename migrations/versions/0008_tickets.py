"""Tickets: which of a customer's messages had which outcome, who is answered, and what came of it.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UPGRADE = """
-- How tickets are dealt with. The fitting policy that says most about a ticket decides; without
-- any, nothing is answered.
CREATE TABLE ticket_policies (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    brand_id bigint,
    channel  text,
    form_id  bigint,
    intent   text,
    mode     text NOT NULL CHECK (mode IN ('auto', 'draft', 'handoff', 'off')),
    share    integer NOT NULL DEFAULT 100 CHECK (share BETWEEN 0 AND 100),
    allowed  text[] NOT NULL DEFAULT '{}',
    UNIQUE NULLS NOT DISTINCT (brand_id, channel, form_id, intent)
);

-- One customer turn (a message, or several before anybody answered) and its one outcome.
-- 'sending' is written before Zendesk is, with everything that is written there: after a crash
-- the ticket is searched for the marker, and the same words are sent if it is not found.
CREATE TABLE ticket_turns (
    id          uuid PRIMARY KEY,
    ticket_id   bigint NOT NULL,
    state       text NOT NULL CHECK (state IN ('sending', 'done')),
    outcome     text NOT NULL CHECK (outcome IN ('answered', 'drafted', 'handed_off', 'ignored')),
    reason      text NOT NULL DEFAULT '',
    why         text NOT NULL DEFAULT '',
    changes     jsonb NOT NULL DEFAULT '[]',
    routing_tag text NOT NULL DEFAULT '',
    asked_at    timestamptz NOT NULL,
    decided_at  timestamptz NOT NULL DEFAULT now(),
    done_at     timestamptz
);
CREATE INDEX ticket_turns_ticket ON ticket_turns (ticket_id);
CREATE INDEX ticket_turns_decided_at ON ticket_turns (decided_at);
CREATE UNIQUE INDEX ticket_turns_sending ON ticket_turns (ticket_id) WHERE state = 'sending';

-- The primary key is what makes it impossible that a message has two outcomes.
CREATE TABLE ticket_messages (
    ticket_id  bigint NOT NULL,
    message_id bigint NOT NULL,
    turn_id    uuid NOT NULL REFERENCES ticket_turns (id) ON DELETE CASCADE,
    PRIMARY KEY (ticket_id, message_id)
);
CREATE INDEX ticket_messages_turn ON ticket_messages (turn_id);

-- What is known of a ticket that the bot had to do with, after its outcome.
CREATE TABLE tickets (
    ticket_id    bigint PRIMARY KEY,
    brand_id     bigint,
    channel      text NOT NULL DEFAULT '',
    answered_at  timestamptz,
    handed_at    timestamptz,
    confirmed_at timestamptz,
    declined_at  timestamptz,
    human_at     timestamptz,
    reopened_at  timestamptz,
    status       text NOT NULL DEFAULT '',
    score        text NOT NULL DEFAULT '',
    -- The ticket's updated_at as Zendesk wrote it, and how many comments it had, when the bot last
    -- read or wrote it: a sweep that finds both unchanged has nothing to look at.
    stamp        text NOT NULL DEFAULT '',
    comments     integer,
    seen_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tickets_answered_at ON tickets (answered_at);

-- Silence is never success: only the customer's own word confirms. An answer may still be
-- confirmed within 72 hours, so until then its resolution is not known, and afterwards it is
-- 'unknown' for good.
CREATE VIEW ticket_resolutions AS
SELECT ticket_id, brand_id, channel, answered_at, score,
       CASE WHEN reopened_at IS NOT NULL THEN 'reopened'
            WHEN human_at IS NOT NULL OR handed_at > answered_at THEN 'human_finished'
            WHEN confirmed_at IS NOT NULL THEN 'confirmed'
            WHEN answered_at < now() - interval '72 hours' THEN 'unknown'
            ELSE 'open' END AS resolution
FROM tickets WHERE answered_at IS NOT NULL;

-- Where the sweep over changed tickets goes on, and other single facts of that kind.
CREATE TABLE ticket_sweeps (
    account    text PRIMARY KEY,
    cursor     text NOT NULL,
    swept_at   timestamptz NOT NULL DEFAULT now(),
    -- Whom the bot writes as: events of its own comments are known by it.
    bot_id     bigint NOT NULL
);

-- Tickets that could not be dealt with yet and why, for the admin; gone once they are.
CREATE TABLE ticket_problems (
    ticket_id  bigint PRIMARY KEY,
    problem    text NOT NULL,
    since      timestamptz NOT NULL DEFAULT now(),
    last_tried timestamptz NOT NULL DEFAULT now()
);

-- A key of our own making, which signs the links in replies. Rows, so that it can be changed
-- while old links still hold.
CREATE TABLE signing_keys (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purpose    text NOT NULL,
    key        bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX signing_keys_purpose ON signing_keys (purpose, id);

-- Whether anything is restricted at all, which most help centers have nothing of: only then is
-- it worth a call to ask what a requester may read.
CREATE INDEX documents_restricted ON documents (pk) WHERE NOT audience && '{public,agents}';
"""

DOWNGRADE = """
DROP INDEX documents_restricted;
DROP TABLE signing_keys, ticket_problems, ticket_sweeps;
DROP VIEW ticket_resolutions;
DROP TABLE tickets, ticket_messages, ticket_turns, ticket_policies;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
