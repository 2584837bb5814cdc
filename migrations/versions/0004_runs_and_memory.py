"""What a sync run cost and how fresh it left the index; and which articles solved which ticket.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UPGRADE = """
-- `article` is set on what a webhook started: one article, no run of the whole source. Freshness
-- is in seconds from an edit until it was answerable; null where no document tells it.
ALTER TABLE sync_runs
    ADD COLUMN article text,
    ADD COLUMN api_calls integer,
    ADD COLUMN freshness_p50 double precision,
    ADD COLUMN freshness_p95 double precision;
-- What one run wrote, found without reading the whole source: a webhook's run is one document.
CREATE INDEX documents_indexed_at ON documents (source, indexed_at);

-- Only ever grows, which the sum over runs does not: old ones are removed.
ALTER TABLE sources ADD COLUMN api_calls bigint NOT NULL DEFAULT 0;

-- What customers asked and which articles the agents who solved it linked, as translation groups.
-- Who may know of it is decided on the ticket's document, without which no row can be.
CREATE TABLE question_memory (
    source      text NOT NULL,
    document_id text NOT NULL,
    question    text NOT NULL,
    locale      text NOT NULL,
    article_ids text[] NOT NULL CHECK (cardinality(article_ids) > 0),
    asked_at    timestamptz,
    PRIMARY KEY (source, document_id),
    FOREIGN KEY (source, document_id) REFERENCES documents (source, id)
        ON UPDATE CASCADE ON DELETE CASCADE
);

-- A trigger, so that a ticket and what is remembered of it are one transaction whoever writes.
CREATE FUNCTION remember_question() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM question_memory WHERE source = NEW.source AND document_id = NEW.id;
    INSERT INTO question_memory (source, document_id, question, locale, article_ids, asked_at)
    SELECT NEW.source, NEW.id, NEW.metadata ->> 'question', NEW.locale, linked.ids,
           coalesce((NEW.metadata ->> 'asked_at')::timestamptz, NEW.edited_at)
    FROM (SELECT array_agg('article:' || id ORDER BY place) AS ids
          FROM jsonb_array_elements_text((NEW.metadata ->> 'linked_articles')::jsonb)
               WITH ORDINALITY AS each (id, place)) AS linked
    WHERE linked.ids IS NOT NULL AND NEW.metadata ->> 'question' <> '';
    RETURN NULL;
END;
$$;
CREATE TRIGGER remember_question AFTER INSERT OR UPDATE OF metadata, locale, edited_at ON documents
    FOR EACH ROW WHEN (NEW.kind = 'ticket') EXECUTE FUNCTION remember_question();
UPDATE documents SET metadata = metadata WHERE kind = 'ticket';
"""

DOWNGRADE = """
DROP TRIGGER remember_question ON documents;
DROP FUNCTION remember_question;
DROP TABLE question_memory;
ALTER TABLE sources DROP COLUMN api_calls;
DROP INDEX documents_indexed_at;
ALTER TABLE sync_runs
    DROP COLUMN article, DROP COLUMN api_calls, DROP COLUMN freshness_p50,
    DROP COLUMN freshness_p95;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
