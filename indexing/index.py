"""One embedding model's index: its table of passages, its statistics, its vector index.

Which index is live is a row in `embedding_indexes`, so that every process sees the same one. The
others are being built to take its place, or were live before and can be gone back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from psycopg import sql

from indexing.errors import IndexMissing

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

# halfvec halves the table and the graph at no measurable loss for unit vectors. `text` and
# `search` may leave the row; what scoring reads (embedding, terms) must stay in it. Without
# fastupdate, because every search would read the list of what is not in the word index yet.
_CREATE_TABLE = """
CREATE TABLE {passages} (
    pk           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_pk  bigint NOT NULL REFERENCES documents (pk) ON DELETE CASCADE,
    id           text NOT NULL,
    ordinal      integer NOT NULL,
    heading_path text[] NOT NULL,
    anchor       text NOT NULL,
    text         text NOT NULL,
    tokens       integer NOT NULL,
    language     text NOT NULL,
    search       tsvector NOT NULL,
    terms        sparsevec NOT NULL,
    embedding    halfvec({dimensions}) NOT NULL,
    UNIQUE (document_pk, id)
);
ALTER TABLE {passages} ALTER COLUMN embedding SET STORAGE PLAIN,
                       ALTER COLUMN terms SET STORAGE MAIN,
                       ALTER COLUMN search SET STORAGE EXTERNAL;
CREATE INDEX ON {passages} USING gin (search) WITH (fastupdate = off);
CREATE INDEX ON {passages} (id);
"""

# The passages in the columns that llama-index's PGVectorStore reads; see indexing.llama.
_CREATE_VIEW = """
CREATE VIEW {view} AS
SELECT passage.pk AS id, passage.id AS node_id, passage.text, passage.embedding,
       document.audience,
       jsonb_build_object(
           'ref_doc_id', document.id, 'document_id', document.id, 'doc_id', document.id,
           'source', document.source, 'title', document.title, 'locale', document.locale,
           'heading_path', passage.heading_path,
           'url', document.url || CASE WHEN passage.anchor = '' OR document.url = '' THEN ''
                                       ELSE '#' || passage.anchor END
       ) AS metadata_
FROM {passages} AS passage JOIN documents AS document ON document.pk = passage.document_pk
"""

_CREATE_VECTOR_INDEX = """
CREATE INDEX IF NOT EXISTS {name} ON {passages}
USING hnsw (embedding halfvec_cosine_ops) WITH (m = 16, ef_construction = 128)
"""

_REFRESH_STATISTICS = """
WITH gone AS (DELETE FROM lexeme_frequencies WHERE index_id = {id}),
measured AS (
    SELECT language, count(*)::integer AS passages FROM {passages} GROUP BY language
),
forgotten AS (
    DELETE FROM index_languages
    WHERE index_id = {id} AND language NOT IN (SELECT language FROM measured)
)
INSERT INTO index_languages (index_id, language, passages)
SELECT {id}, language, passages FROM measured
ON CONFLICT (index_id, language)
    DO UPDATE SET passages = excluded.passages, measured_at = now()
RETURNING language
"""

_COUNT_LEXEMES = """
INSERT INTO lexeme_frequencies (index_id, language, lexeme, passages)
SELECT {id}, {language}, word, ndoc
FROM ts_stat({query})
"""

State = Literal["building", "live", "retired"]

_STATISTICS_LOCK = 0x73746174  # "stat", the namespace of this advisory lock


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexSize:
    """How much an index holds."""

    documents: int
    passages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """The passages of one embedding model. `id` names its table, `passages_<id>`."""

    id: int
    model: str
    dimensions: int

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(f"passages_{self.id}")

    @property
    def memory(self) -> sql.Identifier:
        """The vectors of past questions, see indexing.learning."""
        return sql.Identifier(f"memory_{self.id}")

    @classmethod
    def live(cls, connection: Connection) -> Index:
        """The index that answers now. Raises IndexMissing when there is none."""
        row = connection.execute(
            "SELECT id, model, dimensions FROM embedding_indexes WHERE state = 'live'"
        ).fetchone()
        if row is None:
            raise IndexMissing
        return cls(id=row[0], model=row[1], dimensions=row[2])

    @classmethod
    def open(cls, pool: ConnectionPool, *, model: str, dimensions: int) -> Index:
        """The live index, whatever its model; one of this model, made now, if there is none.
        Only the model that it names finds anything in it."""
        with pool.connection() as connection, connection.transaction():
            # Two processes may open an empty database at once.
            connection.execute("LOCK TABLE embedding_indexes IN SHARE ROW EXCLUSIVE MODE")
            try:
                return cls.live(connection)
            except IndexMissing:
                return cls.create(connection, model=model, dimensions=dimensions, state="live")

    @classmethod
    def create(cls, connection: Connection, *, model: str, dimensions: int, state: State) -> Index:
        """A new index with nothing in it."""
        row = connection.execute(
            "INSERT INTO embedding_indexes (model, dimensions, state) VALUES (%s, %s, %s) "
            "RETURNING id",
            (model, dimensions, state),
        ).fetchone()
        if row is None:
            raise IndexMissing
        index = cls(id=row[0], model=model, dimensions=dimensions)
        connection.execute(
            sql.SQL(_CREATE_TABLE).format(
                passages=index.table, dimensions=sql.Literal(index.dimensions)
            )
        )
        connection.execute(
            sql.SQL(_CREATE_VIEW).format(
                passages=index.table, view=sql.Identifier(f"data_passages_{index.id}")
            )
        )
        connection.execute("SELECT create_memory(%s, %s)", (index.id, dimensions))
        return index

    def drop(self, connection: Connection) -> None:
        """Removes it with all that it holds. Waits for whoever reads any document, because the
        passages refer to those; taken in this order, nobody waits for each other."""
        connection.execute("LOCK TABLE embedding_indexes IN SHARE ROW EXCLUSIVE MODE")
        connection.execute("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE")
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(self.table))
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self.memory))
        connection.execute("DELETE FROM embedding_indexes WHERE id = %s", (self.id,))

    def size(self, connection: Connection) -> IndexSize:
        """Documents and passages that can be found now."""
        row = connection.execute(
            sql.SQL(
                "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM {passages})"
            ).format(passages=self.table)
        ).fetchone()
        return IndexSize(documents=row[0] if row else 0, passages=row[1] if row else 0)

    def measured_passages(self, connection: Connection) -> int:
        """How many passages the statistics were counted over."""
        row = connection.execute(
            "SELECT coalesce(sum(passages), 0) FROM index_languages WHERE index_id = %s",
            (self.id,),
        ).fetchone()
        return int(row[0]) if row else 0

    def build_vector_index(self, connection: Connection) -> None:
        """Makes the HNSW index if it is not there. Left until the first sync has written its
        passages, because building it once is several times faster than growing it, and a
        graph built at once has the better recall."""
        connection.execute(
            sql.SQL(_CREATE_VECTOR_INDEX).format(
                name=sql.Identifier(f"passages_{self.id}_embedding"), passages=self.table
            )
        )

    def refresh_statistics(self, connection: Connection) -> None:
        """Counts languages and lexemes anew and lets the planner know the table's size."""
        with connection.transaction():
            # One at a time: two syncs may end together.
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_STATISTICS_LOCK, self.id))
            languages = connection.execute(
                sql.SQL(_REFRESH_STATISTICS).format(id=sql.Literal(self.id), passages=self.table)
            ).fetchall()
            for (language,) in languages:
                searched = sql.SQL("SELECT search FROM {} WHERE language = {}").format(
                    self.table, sql.Literal(language)
                )
                connection.execute(
                    sql.SQL(_COUNT_LEXEMES).format(
                        id=sql.Literal(self.id),
                        language=sql.Literal(language),
                        query=sql.Literal(searched.as_string(connection)),
                    )
                )
        connection.execute(sql.SQL("ANALYZE {}").format(self.table))
        connection.execute("ANALYZE documents, lexeme_frequencies")
