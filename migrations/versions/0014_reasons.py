"""Why an answer is as it is: what was cut, what checks found, what changed in the knowledge.

Revision ID: 0014
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UPGRADE = """
-- The nearest passages that were found and not given to the writer, and why.
CREATE TABLE question_cuts (
    question_id uuid NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    position    smallint NOT NULL,
    why         text NOT NULL CHECK (why IN ('ranked_lower', 'other_translation')),
    source      text NOT NULL,
    kind        text NOT NULL,
    document_id text NOT NULL,
    chunk_id    text NOT NULL,
    title       text NOT NULL,
    url         text NOT NULL,
    audience    text[] NOT NULL,
    score       real NOT NULL,
    dense       real NOT NULL,
    lexical     real NOT NULL,
    PRIMARY KEY (question_id, position)
);

-- What the checks made of each statement that the writer gave. `sent` is "" where it was removed.
CREATE TABLE statement_checks (
    question_id uuid NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    position    smallint NOT NULL,
    given       text NOT NULL,
    sent        text NOT NULL,
    result      text NOT NULL CHECK (result IN ('ok', 'repaired', 'rejected')),
    detail      text NOT NULL,
    PRIMARY KEY (question_id, position)
);

-- The list of conversations walks back in time from where the reader is, whatever is looked for.
DROP INDEX questions_asked_at;
CREATE INDEX questions_asked_at ON questions (asked_at DESC, id DESC);
CREATE INDEX questions_surface ON questions (surface, asked_at DESC, id DESC);
CREATE INDEX questions_outcome ON questions (outcome, asked_at DESC, id DESC);
CREATE INDEX questions_reason ON questions (reason, asked_at DESC, id DESC)
    WHERE reason IS NOT NULL;
CREATE INDEX questions_words ON questions USING gin (to_tsvector('simple', text));

-- What happened to a document at its source, as the index learnt of it. Tickets are left out: they
-- are nobody's to write anew, and there are many. `changed` names what is different: 'added' and
-- 'removed' stand alone.
CREATE TABLE document_versions (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text NOT NULL REFERENCES sources (name) ON UPDATE CASCADE ON DELETE CASCADE,
    document_id  text NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    changed      text[] NOT NULL,
    title        text NOT NULL,
    audience     text[] NOT NULL,
    content_hash bytea NOT NULL,
    edited_at    timestamptz
);
CREATE INDEX document_versions_document ON document_versions (source, document_id, id DESC);

-- A trigger, so that the history is whole whoever writes. A source that is deleted takes its
-- history along.
CREATE FUNCTION note_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one documents := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    changes text[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        changes := array_remove(ARRAY[
            CASE WHEN NEW.title IS DISTINCT FROM OLD.title THEN 'title' END,
            CASE WHEN NEW.body IS DISTINCT FROM OLD.body THEN 'text' END,
            CASE WHEN NEW.audience IS DISTINCT FROM OLD.audience THEN 'audience' END,
            CASE WHEN NEW.locale IS DISTINCT FROM OLD.locale THEN 'locale' END,
            CASE WHEN NEW.url IS DISTINCT FROM OLD.url THEN 'address' END,
            CASE WHEN NEW.heading_path IS DISTINCT FROM OLD.heading_path THEN 'section' END,
            CASE WHEN NEW.labels IS DISTINCT FROM OLD.labels THEN 'labels' END,
            CASE WHEN NEW.promoted IS DISTINCT FROM OLD.promoted THEN 'promoted' END,
            CASE WHEN NEW.translation_group IS DISTINCT FROM OLD.translation_group
                 THEN 'translations' END
        ], NULL);
        IF changes = '{}' THEN RETURN NULL; END IF;
    ELSE
        changes := ARRAY[CASE TG_OP WHEN 'INSERT' THEN 'added' ELSE 'removed' END];
    END IF;
    INSERT INTO document_versions
        (source, document_id, changed, title, audience, content_hash, edited_at)
    SELECT one.source, one.id, changes, one.title, one.audience, one.content_hash, one.edited_at
    FROM sources WHERE name = one.source;
    RETURN NULL;
END;
$$;
CREATE TRIGGER note_version AFTER INSERT ON documents
    FOR EACH ROW WHEN (NEW.kind <> 'ticket') EXECUTE FUNCTION note_version();
CREATE TRIGGER note_version_changed AFTER UPDATE ON documents
    FOR EACH ROW WHEN (NEW.kind <> 'ticket') EXECUTE FUNCTION note_version();
CREATE TRIGGER note_version_removed AFTER DELETE ON documents
    FOR EACH ROW WHEN (OLD.kind <> 'ticket') EXECUTE FUNCTION note_version();
INSERT INTO document_versions
    (source, document_id, at, changed, title, audience, content_hash, edited_at)
SELECT source, id, indexed_at, '{added}', title, audience, content_hash, edited_at
FROM documents WHERE kind <> 'ticket' ORDER BY indexed_at, pk;
"""

DOWNGRADE = """
DROP TRIGGER note_version ON documents;
DROP TRIGGER note_version_changed ON documents;
DROP TRIGGER note_version_removed ON documents;
DROP FUNCTION note_version;
DROP TABLE document_versions, statement_checks, question_cuts;
DROP INDEX questions_surface, questions_outcome, questions_reason, questions_words,
    questions_asked_at;
CREATE INDEX questions_asked_at ON questions (asked_at DESC);
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
