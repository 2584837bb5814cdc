"""The console: who may use it, their sessions, and attempts to sign in.

Revision ID: 0013
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE console_people (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         text NOT NULL UNIQUE CHECK (email <> ''),
    name          text NOT NULL DEFAULT '',
    role          text NOT NULL CHECK (role IN ('viewer', 'agent', 'admin')),
    timezone      text NOT NULL DEFAULT 'UTC',
    disabled      boolean NOT NULL DEFAULT false,
    password_hash text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL DEFAULT now(),
    seen_at       timestamptz
);
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON console_people FOR EACH ROW
    EXECUTE FUNCTION audit_change('email', 'id', 'password_hash', 'created_at', 'seen_at');

-- Whom an OpenID Connect provider means: its subject, because addresses change hands.
CREATE TABLE console_identities (
    issuer    text NOT NULL,
    subject   text NOT NULL,
    person_id bigint NOT NULL REFERENCES console_people (id) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX console_identities_person ON console_identities (person_id);

CREATE TABLE console_sessions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    person_id  bigint NOT NULL REFERENCES console_people (id) ON DELETE CASCADE,
    begun_at   timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    agent      text NOT NULL DEFAULT '',
    address    text NOT NULL DEFAULT ''
);
CREATE INDEX console_sessions_person ON console_sessions (person_id);

-- Links that sign somebody in once: from the command line, and invitations.
CREATE TABLE console_links (
    token_hash bytea PRIMARY KEY,
    person_id  bigint NOT NULL REFERENCES console_people (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX console_links_person ON console_links (person_id);

-- Where a sign-in at an OpenID Connect provider goes on when the browser comes back.
CREATE TABLE console_sign_ins (
    state_hash bytea PRIMARY KEY,
    nonce      text NOT NULL,
    verifier   text NOT NULL,
    next       text NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Tries to sign in, by account and by address; upkeep removes them after a day.
CREATE TABLE console_attempts (
    key text NOT NULL,
    at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX console_attempts_key ON console_attempts (key, at);
"""

DOWNGRADE = """
DROP TABLE console_attempts, console_sign_ins, console_links, console_sessions, console_identities,
    console_people;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
