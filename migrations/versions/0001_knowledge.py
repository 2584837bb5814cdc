"""Knowledge, its indexes, and the record of every question.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UPGRADE = r"""
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE sources (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    kind       text NOT NULL,
    config     jsonb NOT NULL DEFAULT '{}',
    cursor     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What is true at the source now. The body is kept so that a document can be shown and
-- re-chunked for another embedding model without asking the vendor again.
CREATE TABLE documents (
    pk                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source            text NOT NULL REFERENCES sources (name) ON UPDATE CASCADE ON DELETE CASCADE,
    id                text NOT NULL,
    kind              text NOT NULL,
    title             text NOT NULL,
    body              text NOT NULL,
    media_type        text NOT NULL,
    locale            text NOT NULL,
    url               text NOT NULL,
    audience          text[] NOT NULL CHECK (cardinality(audience) > 0),
    translation_group text NOT NULL,
    heading_path      text[] NOT NULL,
    labels            text[] NOT NULL,
    promoted          boolean NOT NULL,
    edited_at         timestamptz,
    metadata          jsonb NOT NULL,
    content_hash      bytea NOT NULL,
    metadata_hash     bytea NOT NULL,
    indexed_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, id)
);
CREATE INDEX documents_audience ON documents USING gin (audience);
CREATE INDEX documents_translation_group ON documents (source, translation_group)
    WHERE translation_group <> '';

-- One row per embedding model that has an index; its passages live in a table of their own,
-- passages_<id>, because the vector size is part of the column's type.
CREATE TABLE embedding_indexes (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model      text NOT NULL,
    dimensions integer NOT NULL,
    state      text NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX embedding_indexes_live ON embedding_indexes ((state)) WHERE state = 'live';

-- Which text-search languages an index holds, and in how many passages each lexeme occurs:
-- what BM25's idf and the choice of a question's rarest words need. Refreshed after syncs.
CREATE TABLE index_languages (
    index_id    integer NOT NULL REFERENCES embedding_indexes (id) ON DELETE CASCADE,
    language    text NOT NULL,
    passages    integer NOT NULL,
    measured_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (index_id, language)
);
CREATE TABLE lexeme_frequencies (
    index_id integer NOT NULL,
    language text NOT NULL,
    lexeme   text NOT NULL,
    passages integer NOT NULL,
    PRIMARY KEY (index_id, language, lexeme),
    FOREIGN KEY (index_id, language) REFERENCES index_languages ON DELETE CASCADE
);

-- A lexeme's coordinate in a sparse vector. md5 rather than a hash function of the server,
-- because those may change with a major version and this is stored.
CREATE FUNCTION term_number(lexeme text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN 1 + ('x' || substr(md5(lexeme), 1, 7))::bit(28)::bigint;

-- The document side of BM25 (Robertson & Zaragoza, 2009): saturated term frequency with
-- length normalisation. Its inner product with the question's idf weights is the BM25 score.
CREATE FUNCTION bm25_terms(search tsvector, k1 real, b real, average_length real)
RETURNS sparsevec
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT ('{' || coalesce(string_agg(term || ':' || weight, ',' ORDER BY term), '')
            || '}/268435456')::sparsevec
    FROM (
        SELECT term_number(lexeme) AS term,
               max(frequency * (k1 + 1)
                   / (frequency + k1 * (1 - b + b * length / average_length))) AS weight
        FROM (
            SELECT lexeme,
                   cardinality(positions)::real AS frequency,
                   sum(cardinality(positions)) OVER () AS length
            FROM unnest(search)
        ) AS counted
        GROUP BY 1
    ) AS weighted
);

-- The words of a question in each language that an index holds: what to look up in the full-text
-- index (the rarest words, until `budget` passages may match) and what each word weighs. A word
-- weighs its idf times the root of how often it was said: who writes it three times means it,
-- but not three times as much. In more than a few words a single letter is a splinter ("e-mail",
-- "l'email"), not a size. A function, because the planner must know how few rows come.
CREATE FUNCTION question_words(index_number integer, question text, budget integer)
RETURNS TABLE (language text, words tsquery, weights sparsevec, total double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 2
AS $$
BEGIN
    RETURN QUERY
    WITH lexeme AS (
        SELECT known.language, word.lexeme, coalesce(frequency.passages, 0) AS passages,
               count(*) OVER (PARTITION BY known.language) AS different_words,
               sqrt(cardinality(word.positions))
               * ln(1 + (known.passages - coalesce(frequency.passages, 0) + 0.5::float8)
                        / (coalesce(frequency.passages, 0) + 0.5::float8)) AS weight
        FROM index_languages AS known
        CROSS JOIN LATERAL unnest(to_tsvector(known.language::regconfig, question)) AS word
        LEFT JOIN lexeme_frequencies AS frequency
            ON frequency.index_id = known.index_id AND frequency.language = known.language
            AND frequency.lexeme = word.lexeme
        WHERE known.index_id = index_number
    ),
    counted AS (
        SELECT lexeme.*, sum(lexeme.passages) OVER (
                   PARTITION BY lexeme.language ORDER BY lexeme.passages, lexeme.lexeme
               ) AS reached
        FROM lexeme
        WHERE lexeme.different_words <= 8 OR lexeme.lexeme !~ '^[a-z]$'
    )
    SELECT different.language,
           string_agg(
               '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | '
           ) FILTER (WHERE reached <= budget OR reached = passages)::tsquery,
           ('{' || string_agg(term_number(lexeme) || ':' || weight, ',')
                || '}/268435456')::sparsevec,
           sum(weight)
    FROM (SELECT DISTINCT ON (counted.language, term_number(counted.lexeme)) *
          FROM counted) AS different
    GROUP BY different.language;
END
$$;

CREATE TABLE sync_runs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL REFERENCES sources (name) ON UPDATE CASCADE ON DELETE CASCADE,
    state       text NOT NULL CHECK (state IN ('running', 'succeeded', 'failed')),
    full_sweep  boolean NOT NULL,
    added       integer NOT NULL DEFAULT 0,
    changed     integer NOT NULL DEFAULT 0,
    unchanged   integer NOT NULL DEFAULT 0,
    removed     integer NOT NULL DEFAULT 0,
    failed      integer NOT NULL DEFAULT 0,
    error       text NOT NULL DEFAULT '',
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX sync_runs_source ON sync_runs (source, started_at DESC);

-- What could not be indexed, until it can: the list an admin works through.
CREATE TABLE failed_documents (
    source     text NOT NULL REFERENCES sources (name) ON UPDATE CASCADE ON DELETE CASCADE,
    id         text NOT NULL,
    reason     text NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen  timestamptz NOT NULL DEFAULT now(),
    attempts   integer NOT NULL DEFAULT 1,
    PRIMARY KEY (source, id)
);

CREATE TABLE questions (
    id                 uuid PRIMARY KEY,
    surface            text NOT NULL,
    text               text NOT NULL,
    history            jsonb NOT NULL DEFAULT '[]',
    locale             text NOT NULL,
    audience           text[] NOT NULL,
    asked_at           timestamptz NOT NULL DEFAULT now(),
    outcome            text NOT NULL,
    reason             text,
    detail             text NOT NULL,
    tags               text[] NOT NULL,
    evidence           real NOT NULL,
    engine             text NOT NULL,
    model              text NOT NULL,
    prompt_version     text NOT NULL,
    embedding_index    integer NOT NULL,
    input_tokens       integer NOT NULL,
    output_tokens      integer NOT NULL,
    cache_read_tokens  integer NOT NULL,
    cache_write_tokens integer NOT NULL,
    cost_usd           numeric(12, 6) NOT NULL,
    latency_ms         jsonb NOT NULL,
    CHECK ((reason IS NOT NULL) = (outcome = 'handed_off'))
);
CREATE INDEX questions_asked_at ON questions (asked_at DESC);

-- A copy of what was found, because the article may change after the answer was given.
CREATE TABLE question_passages (
    question_id uuid NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    rank        smallint NOT NULL,
    source      text NOT NULL,
    document_id text NOT NULL,
    chunk_id    text NOT NULL,
    title       text NOT NULL,
    url         text NOT NULL,
    text        text NOT NULL,
    audience    text[] NOT NULL,
    score       real NOT NULL,
    dense       real NOT NULL,
    lexical     real NOT NULL,
    PRIMARY KEY (question_id, rank)
);
CREATE INDEX question_passages_document ON question_passages (source, document_id);

CREATE TABLE statements (
    question_id uuid NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    position    smallint NOT NULL,
    text        text NOT NULL,
    PRIMARY KEY (question_id, position)
);

CREATE TABLE citations (
    question_id uuid NOT NULL,
    statement   smallint NOT NULL,
    position    smallint NOT NULL,
    document_id text NOT NULL,
    chunk_id    text NOT NULL,
    title       text NOT NULL,
    url         text NOT NULL,
    quote       text NOT NULL,
    PRIMARY KEY (question_id, statement, position),
    FOREIGN KEY (question_id, statement) REFERENCES statements ON DELETE CASCADE
);
CREATE INDEX citations_document ON citations (document_id);
"""

DOWNGRADE = """
DROP TABLE citations, statements, question_passages, questions, failed_documents, sync_runs;
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT id FROM embedding_indexes LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', 'passages_' || one.id);
    END LOOP;
END $$;
DROP TABLE lexeme_frequencies, index_languages, embedding_indexes, documents, sources;
DROP FUNCTION question_words, bm25_terms, term_number;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
