"""Finds the passages for a question: one statement that filters, ranks both ways, and scores.

Who may read what is decided inside the statement, before anything is ranked, from bound
parameters only. Dense and lexical candidates are united and every candidate gets both scores,
so that `indexing.fusion` can weigh them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgvector import HalfVector
from psycopg import sql
from psycopg.rows import class_row

from indexing.lexical import BM25_K1, language_of, searchable
from indexing.models import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from indexing.index import Index
    from indexing.models import DocumentKind, Reader

# Candidates of each half. A document's best passage must be among them, no more.
CANDIDATES = 60

# Fewer readable documents than this are compared one by one: exact, and as fast as the graph,
# which would have to wander far to meet them.
EXACT_BELOW_DOCUMENTS = 1000

# The question's rarest words are looked up until this many passages may match. It bounds the
# cost of common words, which say little about what is asked.
LEXICAL_BUDGET = 3000

# Longer questions are cut for the lexical half; their words repeat by then.
_SEARCHED_CHARACTERS = 8000

# The graph is walked on until enough readable passages were met. SET LOCAL, because a
# pooled connection must not keep it.
_SETTINGS = """
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),
       set_config('hnsw.ef_search', '100', true),
       set_config('hnsw.max_scan_tuples', '40000', true),
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
lexeme AS MATERIALIZED (
    SELECT known.language, word.lexeme, coalesce(frequency.passages, 0) AS passages,
           ln(1 + (known.passages - coalesce(frequency.passages, 0) + 0.5::float8)
                  / (coalesce(frequency.passages, 0) + 0.5::float8)) AS idf
    FROM index_languages AS known
    CROSS JOIN LATERAL unnest(to_tsvector(known.language::regconfig, %(searched)s)) AS word
    LEFT JOIN lexeme_frequencies AS frequency
        ON frequency.index_id = known.index_id AND frequency.language = known.language
        AND frequency.lexeme = word.lexeme
    WHERE known.index_id = %(index)s
),
counted AS (
    SELECT *, sum(passages) OVER (PARTITION BY language ORDER BY passages, lexeme) AS reached
    FROM lexeme
),
asked AS MATERIALIZED (
    SELECT language,
           string_agg('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''', ' | ')
               FILTER (WHERE reached <= %(budget)s OR reached = passages)::tsquery AS words,
           ('{{' || string_agg(term_number(lexeme) || ':' || idf, ',') || '}}/268435456')::sparsevec
               AS weights,
           sum(idf) AS total
    FROM (SELECT DISTINCT ON (language, term_number(lexeme)) * FROM counted) AS different
    GROUP BY language
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
found AS (SELECT pk FROM dense UNION SELECT pk FROM lexical),
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
       coalesce(asked.total, 0) AS question_weight
FROM (SELECT pk FROM found UNION SELECT pk FROM translated) AS candidate
JOIN {passages} AS passage USING (pk)
JOIN documents AS document ON document.pk = passage.document_pk
LEFT JOIN asked ON asked.language = passage.language
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a search found: passages in order, the calibrated probability in 0..1 that they
    carry the answer, and milliseconds by stage."""

    passages: tuple[Passage, ...]
    evidence: float
    latency_ms: dict[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A candidate with both scores. `dense` is the cosine similarity; `bm25` the BM25 score of
    the question's words in this passage, `question_weight` the idf weight of all of them."""

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


class Retriever:
    """Finds what one reader may read."""

    def __init__(self, *, pool: ConnectionPool, index: Index, embedder: Embedder) -> None:
        self._pool = pool
        self._index = index
        self._embedder = embedder
        self._statement = sql.SQL(_CANDIDATES).format(passages=index.table)

    def retrieve(
        self,
        query: str,
        reader: Reader,
        locale: str | None = None,
        k: int = 8,
        sources: frozenset[str] | None = None,
    ) -> tuple[Passage, ...]:
        """At most `k` passages, best first, all of documents that `reader` may read.

        Where an article has a translation in `locale`, that one is found rather than another.
        `sources` narrows the search to sources of these names.
        """
        return self.search(query, reader, locale, k, sources).passages

    def search(
        self,
        query: str,
        reader: Reader,
        locale: str | None = None,
        k: int = 8,
        sources: frozenset[str] | None = None,
    ) -> Found:
        """The same, with the evidence that the passages carry an answer, and the time it took.
        A question without any character finds nothing."""
        if not query.strip():
            return Found(passages=(), evidence=0.0, latency_ms={})
        began = time.perf_counter()
        vector = self._embedder.embed_query(query)
        embedded = time.perf_counter()
        hits = self._hits(query, vector, reader, locale, max(k, CANDIDATES), sources)
        searched = time.perf_counter()
        ranked = in_asked_locale(_scored(hits), locale)
        return Found(
            passages=tuple(hit.passage(score) for hit, score in ranked[:k]),
            evidence=0.0,
            latency_ms={
                "embed": (embedded - began) * 1000,
                "search": (searched - embedded) * 1000,
                "rank": (time.perf_counter() - searched) * 1000,
            },
        )

    def dense(self, query: str, reader: Reader, locale: str | None, k: int) -> tuple[Passage, ...]:
        """What the vectors alone find, for comparison."""
        hits = self._compared(query, reader, locale, k)
        hits.sort(key=lambda hit: -hit.dense)
        return tuple(hit.passage(hit.dense) for hit in hits[:k])

    def lexical(
        self, query: str, reader: Reader, locale: str | None, k: int
    ) -> tuple[Passage, ...]:
        """What the words alone find, for comparison."""
        hits = [hit for hit in self._compared(query, reader, locale, k) if hit.bm25 > 0]
        hits.sort(key=lambda hit: -hit.bm25)
        return tuple(hit.passage(hit.bm25) for hit in hits[:k])

    def _compared(self, query: str, reader: Reader, locale: str | None, k: int) -> list[Hit]:
        if not query.strip():
            return []
        vector = self._embedder.embed_query(query)
        return self._hits(query, vector, reader, locale, max(k, CANDIDATES), None)

    def _hits(
        self,
        query: str,
        vector: NDArray[np.float32],
        reader: Reader,
        locale: str | None,
        candidates: int,
        sources: frozenset[str] | None,
    ) -> list[Hit]:
        parameters = {
            "reads": sorted(reader.labels),
            "sources": None if sources is None else sorted(sources),
            "language": language_of(locale or ""),
            "vector": HalfVector(vector),
            "searched": searchable(query[:_SEARCHED_CHARACTERS]),
            "index": self._index.id,
            "exact_below": EXACT_BELOW_DOCUMENTS,
            "budget": LEXICAL_BUDGET,
            "candidates": candidates,
        }
        with self._pool.connection() as connection, connection.pipeline():
            connection.execute(_SETTINGS)
            cursor = connection.cursor(row_factory=class_row(Hit))
            cursor.execute(self._statement, parameters)
            return cursor.fetchall()


def _scored(hits: Sequence[Hit]) -> list[tuple[Hit, float]]:
    best = max((hit.bm25 for hit in hits), default=0.0) or 1.0
    scored = [(hit, hit.dense + 0.15 * hit.bm25 / best) for hit in hits]
    scored.sort(key=lambda pair: -pair[1])
    return scored


def in_asked_locale(
    scored: Sequence[tuple[Hit, float]], locale: str | None
) -> list[tuple[Hit, float]]:
    """Keeps one translation of each article: the asked locale's, else its language's, else the
    best. It takes the place that the article earned in any language, because a question in
    German may lie nearer to the English text under an English model."""
    chosen: dict[tuple[str, str], int] = {}
    earned: dict[tuple[str, str], float] = {}
    kept_best: dict[int, float] = {}
    for hit, score in scored:
        article = _article(hit)
        earned[article] = max(earned.get(article, score), score)
        kept_best[hit.document_pk] = max(kept_best.get(hit.document_pk, score), score)
    for hit, _ in sorted(scored, key=lambda pair: (_fit(pair[0].locale, locale), pair[1])):
        chosen[_article(hit)] = hit.document_pk
    kept = [
        (hit, score + earned[_article(hit)] - kept_best[hit.document_pk])
        for hit, score in scored
        if chosen[_article(hit)] == hit.document_pk
    ]
    kept.sort(key=lambda pair: -pair[1])
    return kept


def _article(hit: Hit) -> tuple[str, str]:
    return hit.source, f"={hit.document_id}" if not hit.translation_group else hit.translation_group


def _fit(locale: str, asked: str | None) -> int:
    if not asked:
        return 0
    if locale.lower() == asked.lower():
        return 2
    return int(language_of(locale) == language_of(asked))
