"""Slack: where the app is installed, what was asked and what was replied, and who may read along.

Revision ID: 0010
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UPGRADE = """
-- One installation: a workspace, or with `is_organisation` a whole Enterprise organisation. The
-- tokens are encrypted; there is none where SLACK_BOT_TOKEN holds it.
CREATE TABLE slack_workspaces (
    id              text PRIMARY KEY,
    enterprise_id   text NOT NULL DEFAULT '',
    is_organisation boolean NOT NULL DEFAULT false,
    name            text NOT NULL DEFAULT '',
    bot_user_id     text NOT NULL,
    bot_id          text NOT NULL DEFAULT '',
    app_id          text NOT NULL DEFAULT '',
    scopes          text[] NOT NULL DEFAULT '{}',
    token           bytea,
    refresh_token   bytea,
    expires_at      timestamptz,
    installed_by    text NOT NULL DEFAULT '',
    installed_at    timestamptz NOT NULL DEFAULT now()
);

-- Which installation serves a workspace: its own, or that of its organisation.
CREATE TABLE slack_teams (
    team_id   text PRIMARY KEY,
    workspace text NOT NULL REFERENCES slack_workspaces (id) ON DELETE CASCADE
);
CREATE INDEX slack_teams_workspace ON slack_teams (workspace);

-- What the admin decided of one conversation; without a row the defaults hold.
CREATE TABLE slack_channels (
    team_id     text NOT NULL,
    channel_id  text NOT NULL,
    name        text NOT NULL DEFAULT '',
    auto_answer boolean NOT NULL DEFAULT false,
    floor       real NOT NULL DEFAULT 0.7 CHECK (floor BETWEEN 0 AND 1),
    sources     text[],
    public_only boolean NOT NULL DEFAULT false,
    language    text,
    PRIMARY KEY (team_id, channel_id)
);

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON slack_channels FOR EACH ROW
    EXECUTE FUNCTION audit_change('channel_id');

-- Threads that the bot was asked in. Once people talk to each other it says nothing there until
-- it is named again.
CREATE TABLE slack_threads (
    team_id     text NOT NULL,
    channel_id  text NOT NULL,
    thread_ts   text NOT NULL,
    askers      text[] NOT NULL,
    with_people boolean NOT NULL DEFAULT false,
    PRIMARY KEY (team_id, channel_id, thread_ts)
);

-- A question and its one reply. `ts` is the message that asks, NULL where there is none, as for
-- commands. `parts` are the messages of the reply, one after the other: written here with their
-- markers before they are posted ('sending'), so that after a crash the thread can be searched
-- for them; each gets its `ts` once it is known. `answered` is the revision that they answer.
CREATE TABLE slack_questions (
    id           uuid PRIMARY KEY,
    team_id      text NOT NULL,
    channel_id   text NOT NULL,
    thread_ts    text NOT NULL DEFAULT '',
    ts           text,
    user_id      text NOT NULL,
    way          text NOT NULL CHECK (way IN (
                     'mention', 'direct', 'follow_up', 'auto', 'command', 'shortcut', 'rest',
                     'published')),
    room         text NOT NULL DEFAULT '',
    shared       boolean NOT NULL DEFAULT false,
    has_files    boolean NOT NULL DEFAULT false,
    text         text NOT NULL,
    -- Where Slack takes an answer that only the asker sees, for half an hour.
    respond_to   text NOT NULL DEFAULT '',
    -- The question whose answer is given here once more, to others or in full.
    origin       uuid,
    revision     integer NOT NULL DEFAULT 1,
    edited_ts    text NOT NULL DEFAULT '',
    withdrawn    boolean NOT NULL DEFAULT false,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'done')),
    answered     integer NOT NULL DEFAULT 0,
    outcome      text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    why          text NOT NULL DEFAULT '',
    audience     text[] NOT NULL DEFAULT '{}',
    parts        jsonb NOT NULL DEFAULT '[]',
    -- The message in which the answer is being written; after a crash it is taken away.
    stream       text NOT NULL DEFAULT '',
    asked_at     timestamptz NOT NULL DEFAULT now(),
    announced_at timestamptz,
    done_at      timestamptz,
    UNIQUE (team_id, channel_id, ts)
);
CREATE INDEX slack_questions_thread ON slack_questions (team_id, channel_id, thread_ts);
CREATE INDEX slack_questions_asked_at ON slack_questions (asked_at);
CREATE INDEX slack_questions_sending ON slack_questions (team_id) WHERE state <> 'done';

-- What Slack said of people and conversations, for as long as it is believed.
CREATE TABLE slack_people (
    team_id    text NOT NULL,
    user_id    text NOT NULL,
    facts      jsonb NOT NULL,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (team_id, user_id)
);
CREATE TABLE slack_rooms (
    team_id    text NOT NULL,
    channel_id text NOT NULL,
    facts      jsonb NOT NULL,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (team_id, channel_id)
);

-- Messages that the bot posts of itself and keeps up to date, such as drafts that wait for a
-- person. `ts` is empty while nobody knows whether the message was posted, `shown` is a digest of
-- what it says.
CREATE TABLE slack_notices (
    team_id      text NOT NULL,
    key          text NOT NULL,
    channel_id   text NOT NULL,
    thread_ts    text NOT NULL DEFAULT '',
    ts           text NOT NULL DEFAULT '',
    shown        text NOT NULL DEFAULT '',
    announced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (team_id, key)
);

-- Where in Slack the people are who look after a routing tag; the tag '' stands for all others.
CREATE TABLE slack_routes (
    team_id    text NOT NULL,
    tag        text NOT NULL,
    channel_id text NOT NULL DEFAULT '',
    group_id   text NOT NULL DEFAULT '',
    PRIMARY KEY (team_id, tag)
);
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON slack_routes FOR EACH ROW
    EXECUTE FUNCTION audit_change('tag');

-- What was handed to people from Slack, once for each question, until somebody says that it is
-- done. `ticket_id` is set once there is one.
CREATE TABLE slack_handoffs (
    question_id uuid PRIMARY KEY,
    team_id     text NOT NULL,
    channel_id  text NOT NULL,
    thread_ts   text NOT NULL,
    user_id     text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('group', 'ticket')),
    comment     text NOT NULL DEFAULT '',
    routing_tag text,
    ticket_id   bigint,
    asked_at    timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    resolved_by text NOT NULL DEFAULT ''
);

-- Links that people write are looked up by their page, whatever follows it.
CREATE INDEX documents_address ON documents (split_part(split_part(url, '#', 1), '?', 1));

-- What could not be done in Slack yet and why, for the admin; gone once it is.
CREATE TABLE slack_problems (
    team_id    text NOT NULL,
    place      text NOT NULL,
    problem    text NOT NULL,
    since      timestamptz NOT NULL DEFAULT now(),
    last_tried timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (team_id, place)
);
"""

DOWNGRADE = """
DROP INDEX documents_address;
DROP TABLE slack_problems, slack_handoffs, slack_routes, slack_notices, slack_rooms, slack_people,
    slack_questions, slack_threads, slack_channels, slack_teams, slack_workspaces;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
