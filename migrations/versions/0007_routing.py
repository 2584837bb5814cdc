"""Which tags route what is handed off: the admin's tags, their examples, and rules.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE routing_tags (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text NOT NULL UNIQUE CHECK (name <> ''),
    description   text NOT NULL DEFAULT '',
    group_id      bigint,
    group_name    text NOT NULL DEFAULT '',
    priority      text CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    custom_fields jsonb NOT NULL DEFAULT '{}',
    enabled       boolean NOT NULL DEFAULT true
);

-- Without a tag: what belongs to none of them.
CREATE TABLE routing_examples (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tag_id     bigint REFERENCES routing_tags (id) ON DELETE CASCADE,
    text       text NOT NULL CHECK (text <> ''),
    source     text NOT NULL DEFAULT 'admin',
    created_at timestamptz NOT NULL DEFAULT now()
);
-- A hash, because a text may be longer than an index takes.
CREATE UNIQUE INDEX routing_examples_once
    ON routing_examples (coalesce(tag_id, 0), md5(text));

-- The first rule by position that fits decides. Empty conditions fit everything.
CREATE TABLE routing_rules (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    position       integer NOT NULL,
    tag_id         bigint NOT NULL REFERENCES routing_tags (id) ON DELETE CASCADE,
    phrases        text[] NOT NULL DEFAULT '{}',
    channels       text[] NOT NULL DEFAULT '{}',
    brands         text[] NOT NULL DEFAULT '{}',
    forms          text[] NOT NULL DEFAULT '{}',
    requester_tags text[] NOT NULL DEFAULT '{}',
    locales        text[] NOT NULL DEFAULT '{}',
    CHECK (cardinality(phrases || channels || brands || forms || requester_tags || locales) > 0)
);

-- What the embedding model made of examples and descriptions, so that a process starts at once.
CREATE TABLE routing_embeddings (
    model     text NOT NULL,
    text_hash bytea NOT NULL,
    vector    real[] NOT NULL,
    PRIMARY KEY (model, text_hash)
);

-- Running processes learn anew when this number has changed. By triggers, so that it does
-- whoever writes.
CREATE TABLE routing_version (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO routing_version (version) VALUES (0);
CREATE FUNCTION routing_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE routing_version SET version = version + 1;
    RETURN NULL;
END;
$$;
CREATE TRIGGER routing_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON routing_tags
    FOR EACH STATEMENT EXECUTE FUNCTION routing_changed();
CREATE TRIGGER routing_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON routing_examples
    FOR EACH STATEMENT EXECUTE FUNCTION routing_changed();
CREATE TRIGGER routing_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON routing_rules
    FOR EACH STATEMENT EXECUTE FUNCTION routing_changed();
"""

DOWNGRADE = """
DROP TABLE routing_rules, routing_examples, routing_tags, routing_embeddings, routing_version;
DROP FUNCTION routing_changed;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
