"""Test sets, and what measuring on them and on files gave.

Revision ID: 0012
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UPGRADE = """
-- Questions whose right outcome is known. Of whoever asked, nothing is kept: personal data is taken
-- out before a case is written.
CREATE TABLE test_sets (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- `article_ids` are ids of documents, any one of which answers; `outcome` is what should become of
-- the question; `reference` says the right answer in somebody's words; `routing_tag` is the tag
-- that a hand-off should get; "" and {} where that is not known. A case goes with the record of the
-- question that it comes from.
CREATE TABLE test_cases (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    set_id      bigint NOT NULL REFERENCES test_sets (id) ON DELETE CASCADE,
    question    text NOT NULL,
    history     jsonb NOT NULL DEFAULT '[]',
    audience    text[] NOT NULL CHECK (cardinality(audience) > 0),
    locale      text NOT NULL DEFAULT '',
    article_ids text[] NOT NULL DEFAULT '{}',
    outcome     text NOT NULL CHECK (outcome IN ('answered', 'handed_off')),
    reference   text NOT NULL DEFAULT '',
    routing_tag text NOT NULL DEFAULT '',
    origin      text NOT NULL DEFAULT 'person'
        CHECK (origin IN ('person', 'file', 'retest', 'approved', 'corrected', 'rejected')),
    question_id uuid REFERENCES questions (id) ON DELETE CASCADE,
    created_by  text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (set_id, question_id)
);

-- Somebody who takes the words out of a record does not want them asked again and again either.
CREATE FUNCTION forget_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM test_cases WHERE question_id = NEW.id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER forget_case AFTER UPDATE OF text ON questions
    FOR EACH ROW WHEN (OLD.text IS DISTINCT FROM NEW.text) EXECUTE FUNCTION forget_case();
CREATE INDEX test_cases_question ON test_cases (question_id);

-- One measurement, with all that another one must share to give the same. `cases_hash` is of the
-- cases as they were; `index_version` is of the documents as they were indexed.
CREATE TABLE evaluation_runs (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text NOT NULL,
    cases_name      text NOT NULL,
    cases_hash      text NOT NULL,
    index_version   text NOT NULL DEFAULT '',
    embedding_model text NOT NULL DEFAULT '',
    engine          text NOT NULL DEFAULT '',
    model           text NOT NULL DEFAULT '',
    prompt_version  text NOT NULL DEFAULT '',
    seed            integer NOT NULL DEFAULT 0,
    settings        jsonb NOT NULL DEFAULT '{}',
    figures         jsonb NOT NULL,
    cases           integer NOT NULL,
    created_by      text NOT NULL DEFAULT '',
    finished_at     timestamptz NOT NULL DEFAULT now(),
    is_baseline     boolean NOT NULL DEFAULT false
);
-- What no change may fall below: one run of each kind and set of cases.
CREATE UNIQUE INDEX evaluation_runs_baseline ON evaluation_runs (kind, cases_name)
    WHERE is_baseline;

CREATE TABLE evaluation_results (
    run_id       bigint NOT NULL REFERENCES evaluation_runs (id) ON DELETE CASCADE,
    case_id      text NOT NULL,
    position     integer NOT NULL,
    question     text NOT NULL,
    scores       jsonb NOT NULL,
    detail       jsonb NOT NULL DEFAULT '{}',
    test_case_id bigint REFERENCES test_cases (id) ON DELETE CASCADE,
    PRIMARY KEY (run_id, case_id)
);
CREATE INDEX evaluation_results_test_case ON evaluation_results (test_case_id);
"""

DOWNGRADE = """
DROP TRIGGER forget_case ON questions;
DROP FUNCTION forget_case;
DROP TABLE evaluation_results, evaluation_runs, test_cases, test_sets;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
