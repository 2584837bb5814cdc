"""What the pages about answers and articles look up, by index: for any number of either.

Revision ID: 0019
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UPGRADE = """
-- Which sources, kinds and languages there are, without reading every document; and one by what an
-- admin knows of it. By hash, because an address may be longer than a page of an index.
CREATE INDEX documents_facets ON documents (source, kind, locale);
CREATE INDEX documents_id ON documents USING hash (id);
CREATE INDEX documents_url ON documents USING hash (url);

-- The latest answers that cite an article, however many there are.
ALTER TABLE citations ADD COLUMN cited_at timestamptz NOT NULL DEFAULT now();
UPDATE citations SET cited_at = question.asked_at
FROM questions AS question WHERE question.id = citations.question_id;
DROP INDEX citations_document;
CREATE INDEX citations_document ON citations (document_id, cited_at DESC) INCLUDE (question_id);

CREATE INDEX draft_decisions_decided_at ON draft_decisions (decided_at DESC);

-- What to do about the cases of a set that fail, as it was last worked out. The cases stand in
-- `advice` by number: their words go with them.
CREATE TABLE set_advice (
    set_id      bigint PRIMARY KEY REFERENCES test_sets (id) ON DELETE CASCADE,
    finished_at timestamptz NOT NULL,
    cases       integer NOT NULL,
    failed      integer NOT NULL,
    trend       text NOT NULL,
    advice      jsonb NOT NULL
);
"""

DOWNGRADE = """
DROP TABLE set_advice;
DROP INDEX draft_decisions_decided_at, citations_document, documents_url, documents_id,
    documents_facets;
ALTER TABLE citations DROP COLUMN cited_at;
CREATE INDEX citations_document ON citations (document_id);
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
