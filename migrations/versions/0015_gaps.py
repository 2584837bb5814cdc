"""What the knowledge lacks: topics that people had to answer, and articles that need a look.

Revision ID: 0015
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UPGRADE = """
-- When they were last worked out, and of how many questions.
CREATE TABLE gap_runs (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    finished_at timestamptz NOT NULL,
    questions   integer NOT NULL,
    alone       integer NOT NULL
);

-- Questions that people had to answer or that were answered wrongly, by what they ask about. The
-- words stand in the record of the questions and nowhere else: what is forgotten there is forgotten
-- here. `evidence_now` is the probability that the index answers the first of them by now.
CREATE TABLE gap_topics (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    handed_off   integer NOT NULL,
    judged_wrong integer NOT NULL,
    last_asked   timestamptz NOT NULL,
    evidence_now real NOT NULL
);
CREATE TABLE gap_topic_questions (
    topic_id    bigint NOT NULL REFERENCES gap_topics (id) ON DELETE CASCADE,
    question_id uuid NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    position    integer NOT NULL,
    PRIMARY KEY (topic_id, question_id)
);
CREATE INDEX gap_topic_questions_question ON gap_topic_questions (question_id);
CREATE TABLE gap_topic_articles (
    topic_id    bigint NOT NULL REFERENCES gap_topics (id) ON DELETE CASCADE,
    document_pk bigint NOT NULL REFERENCES documents (pk) ON DELETE CASCADE,
    position    smallint NOT NULL,
    dense       real NOT NULL,
    PRIMARY KEY (topic_id, document_pk)
);
CREATE INDEX gap_topic_articles_document ON gap_topic_articles (document_pk);

-- Articles that need a look. Of a pair, `detail` holds the words that differ.
CREATE TABLE article_findings (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL
        CHECK (kind IN ('contradiction', 'duplicate', 'never_cited', 'stale')),
    document_pk bigint NOT NULL REFERENCES documents (pk) ON DELETE CASCADE,
    other_pk    bigint REFERENCES documents (pk) ON DELETE CASCADE,
    weight      real NOT NULL,
    detail      jsonb NOT NULL DEFAULT '{}',
    found_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (kind, document_pk, other_pk)
);
CREATE INDEX article_findings_kind ON article_findings (kind, weight DESC, id);
CREATE INDEX article_findings_document ON article_findings (document_pk);
CREATE INDEX article_findings_other ON article_findings (other_pk);

-- Which version of a document was compared with all others: the next run takes what has changed.
CREATE TABLE compared_documents (
    document_pk bigint PRIMARY KEY REFERENCES documents (pk) ON DELETE CASCADE,
    indexed_at  timestamptz NOT NULL
);
"""

DOWNGRADE = """
DROP TABLE compared_documents, article_findings, gap_topic_articles, gap_topic_questions,
    gap_topics, gap_runs;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
