"""Everything about a question's candidate passages, from one statement.

Who may read what is decided inside the statement, before anything is ranked, from bound
parameters only. Dense and lexical candidates are united and every candidate gets both scores,
so that `indexing.fusion` can weigh them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgvector import HalfVector
from psycopg import sql
from psycopg.errors import DeadlockDetected, UndefinedTable
from psycopg.rows import class_row

from indexing.lexical import BM25_K1, language_of, searchable
from indexing.models import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray
    from psycopg import Connection

    from indexing.index import Index
    from indexing.models import DocumentKind, Reader

# Candidates of each half. A document's best passage must be among them, no more.
CANDIDATES = 60

# Fewer readable documents than this are compared one by one: exact, and as fast as the graph,
# which would have to wander far to meet them.
EXACT_BELOW_DOCUMENTS = 1000

# Of an article that only the memory names, what is nearest of it may answer.
_OF_REMEMBERED = 3

# The question's rarest words are looked up until this many passages may match. It bounds the
# cost of common words, which say little about what is asked.
LEXICAL_BUDGET = 1500

# Longer questions are cut for the lexical half; their words repeat by then.
_SEARCHED_CHARACTERS = 8000

GONE = (UndefinedTable, DeadlockDetected)
"""What is raised for an index that was dropped after another had taken its place, or that is being
dropped: then the question and whoever drops it may each wait for what the other has locked."""

_LIVE = "SELECT id FROM embedding_indexes WHERE state = 'live'"

# The graph is walked on until enough readable passages were met. A plan made for these very
# parameters costs 2 ms; the generic one that PostgreSQL changes to after five questions costs
# five times the search. Starting parallel workers costs as much as the search itself, even for a
# branch that is then not taken. SET LOCAL, because a pooled connection must not keep it.
SETTINGS = """
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),
       set_config('hnsw.ef_search', '100', true),
       set_config('hnsw.max_scan_tuples', '40000', true),
       set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('max_parallel_workers_per_gather', '0', true),
       set_config('jit', 'off', true)
"""

_CANDIDATES = """
WITH readable AS NOT MATERIALIZED (
    SELECT pk, source, translation_group, locale FROM documents
    WHERE audience && %(reads)s::text[]
      AND (%(sources)s::text[] IS NULL OR source = ANY(%(sources)s::text[]))
),
few AS MATERIALIZED (
    SELECT count(*) < %(exact_below)s AS exact
    FROM (SELECT FROM readable LIMIT %(exact_below)s) AS counted
),
asked AS MATERIALIZED (
    SELECT language, words, weights, total
    FROM question_words(%(index)s, %(searched)s, %(budget)s)
),
dense AS MATERIALIZED (
    (SELECT passage.pk FROM {passages} AS passage
     JOIN readable ON readable.pk = passage.document_pk
     WHERE NOT (SELECT exact FROM few)
     ORDER BY passage.embedding <=> %(vector)s LIMIT %(candidates)s)
    UNION ALL
    (SELECT passage.pk FROM readable
     JOIN {passages} AS passage ON passage.document_pk = readable.pk
     WHERE (SELECT exact FROM few)
     ORDER BY (passage.embedding <=> %(vector)s) + 0 LIMIT %(candidates)s)
),
lexical AS MATERIALIZED (
    SELECT passage.pk FROM asked
    JOIN {passages} AS passage
        ON passage.search @@ asked.words AND passage.language = asked.language
    JOIN readable ON readable.pk = passage.document_pk
    ORDER BY passage.terms <#> asked.weights LIMIT %(candidates)s
),
remembered AS MATERIALIZED (
    SELECT best.pk FROM readable
    CROSS JOIN LATERAL (
        SELECT passage.pk FROM {passages} AS passage WHERE passage.document_pk = readable.pk
        ORDER BY (passage.embedding <=> %(vector)s) + 0 LIMIT %(of_remembered)s
    ) AS best
    WHERE readable.pk = ANY(%(remembered)s::bigint[])
),
found AS (SELECT pk FROM dense UNION SELECT pk FROM lexical UNION SELECT pk FROM remembered),
translated AS (
    SELECT sibling.pk
    FROM (SELECT DISTINCT readable.source, readable.translation_group
          FROM found JOIN {passages} AS passage USING (pk)
          JOIN readable ON readable.pk = passage.document_pk
          WHERE readable.translation_group <> ''
            AND split_part(readable.locale, '-', 1) <> %(language)s) AS original
    JOIN readable AS translation USING (source, translation_group)
    JOIN {passages} AS sibling ON sibling.document_pk = translation.pk
    WHERE split_part(translation.locale, '-', 1) = %(language)s
)
SELECT passage.id AS chunk_id, passage.ordinal, passage.anchor, passage.text,
       passage.heading_path,
       document.pk AS document_pk, document.id AS document_id, document.source, document.kind,
       document.title, document.url, document.locale, document.audience, document.edited_at,
       document.promoted, document.translation_group,
       1 - (passage.embedding <=> %(vector)s) AS dense,
       coalesce(-(passage.terms <#> asked.weights), 0) AS bm25,
       coalesce(asked.total, 0) AS question_weight,
       (SELECT count(*) FROM {passages} AS own WHERE own.document_pk = document.pk)
           AS document_passages
FROM (SELECT pk FROM found UNION SELECT pk FROM translated) AS candidate
JOIN {passages} AS passage USING (pk)
JOIN documents AS document ON document.pk = passage.document_pk
LEFT JOIN asked ON asked.language = passage.language
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A candidate with both scores. `dense` is the cosine similarity; `bm25` the BM25 score of
    the question's words in this passage, `question_weight` the weight of all of them;
    `document_passages` how many passages its document has."""

    chunk_id: str
    ordinal: int
    anchor: str
    text: str
    heading_path: list[str]
    document_pk: int
    document_id: str
    source: str
    kind: DocumentKind
    title: str
    url: str
    locale: str
    audience: list[str]
    edited_at: datetime | None
    promoted: bool
    translation_group: str
    dense: float
    bm25: float
    question_weight: float
    document_passages: int

    def passage(self, score: float) -> Passage:
        """The passage as the rest of the product knows it."""
        return Passage(
            chunk_id=self.chunk_id,
            document_id=self.document_id,
            source=self.source,
            kind=self.kind,
            title=self.title,
            url=self.url,
            anchor=self.anchor,
            heading_path=tuple(self.heading_path),
            text=self.text,
            locale=self.locale,
            audience=tuple(self.audience),
            edited_at=self.edited_at,
            score=score,
            dense=self.dense,
            lexical=self.share,
        )

    @property
    def share(self) -> float:
        """Which part of the question's weight in words this passage carries, in 0..1."""
        if self.question_weight <= 0:
            return 0.0
        return min(1.0, self.bm25 / (self.question_weight * (BM25_K1 + 1)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What to look for. `vector` is the question's unit vector of shape (dimensions,);
    `candidates` how many passages each half may bring."""

    text: str
    vector: NDArray[np.float32]
    reader: Reader
    locale: str | None
    sources: frozenset[str] | None = None
    candidates: int = CANDIDATES


def hits(
    connection: Connection,
    index: Index,
    search: Search,
    remembered: Sequence[int] = (),
    *,
    pinned: bool = False,
) -> list[Hit] | None:
    """The candidates in no particular order, all readable by the search's reader; None when this
    index is not the live one, unless it is `pinned`. Documents of these keys are among them if
    they may be read. One round trip, which ends the transaction."""
    parameters = {
        "reads": sorted(search.reader.labels),
        "sources": None if search.sources is None else sorted(search.sources),
        "language": language_of(search.locale or ""),
        "vector": HalfVector(search.vector),
        "searched": searchable(search.text[:_SEARCHED_CHARACTERS]),
        "index": index.id,
        "exact_below": EXACT_BELOW_DOCUMENTS,
        "budget": LEXICAL_BUDGET,
        "candidates": search.candidates,
        "remembered": list(remembered),
        "of_remembered": _OF_REMEMBERED,
    }
    try:
        with connection.pipeline():
            live = connection.execute(_LIVE)
            connection.execute(SETTINGS)
            cursor = connection.cursor(row_factory=class_row(Hit))
            cursor.execute(sql.SQL(_CANDIDATES).format(passages=index.table), parameters)
            connection.commit()
    except GONE:
        connection.rollback()
        return None
    row = live.fetchone()
    is_live = row is not None and row[0] == index.id
    return cursor.fetchall() if is_live or pinned else None
