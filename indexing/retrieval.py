"""Finds the passages for a question: embed it, fetch candidates, weigh them, keep the best."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexing.candidates import CANDIDATES, Hit, Search, hits
from indexing.fusion import Candidate, fused_scores, pieces_per_word
from indexing.questions import question_vector
from indexing.translations import in_asked_locale

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from indexing.index import Index
    from indexing.models import Passage, Reader

# Nobody asks one thing in more characters.
_READ_CHARACTERS = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a search found: passages in order, the calibrated probability in 0..1 that they
    carry the answer, and milliseconds by stage."""

    passages: tuple[Passage, ...]
    evidence: float
    latency_ms: dict[str, float]


class Retriever:
    """Finds what one reader may read."""

    def __init__(self, *, pool: ConnectionPool, index: Index, embedder: Embedder) -> None:
        self._pool = pool
        self._index = index
        self._embedder = embedder

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
        clock = _Clock()
        found = self._hits(query, reader, locale, k, sources, clock)
        ranked = in_asked_locale(self._scored(found, query), locale)
        clock.stop("rank")
        return Found(
            passages=tuple(hit.passage(score) for hit, score in ranked[:k]),
            evidence=0.0,
            latency_ms=clock.stages,
        )

    def dense(self, query: str, reader: Reader, locale: str | None, k: int) -> tuple[Passage, ...]:
        """What the vectors alone find, for comparison."""
        found = self._hits(query, reader, locale, k, None, _Clock())
        found.sort(key=lambda hit: -hit.dense)
        return tuple(hit.passage(hit.dense) for hit in found[:k])

    def lexical(
        self, query: str, reader: Reader, locale: str | None, k: int
    ) -> tuple[Passage, ...]:
        """What the words alone find, for comparison."""
        found = self._hits(query, reader, locale, k, None, _Clock())
        found = [hit for hit in found if hit.bm25 > 0]
        found.sort(key=lambda hit: -hit.bm25)
        return tuple(hit.passage(hit.bm25) for hit in found[:k])

    def _scored(self, found: list[Hit], query: str) -> list[tuple[Hit, float]]:
        scores = fused_scores(
            [
                Candidate(
                    document=hit.document_pk,
                    document_passages=hit.document_passages,
                    dense=hit.dense,
                    bm25=hit.bm25,
                    question_weight=hit.question_weight,
                )
                for hit in found
            ],
            pieces=pieces_per_word(query[:_READ_CHARACTERS], self._embedder.count_tokens),
            dense_list=CANDIDATES,
        )
        scored = list(zip(found, scores, strict=True))
        scored.sort(key=lambda pair: -pair[1])
        return scored

    def _hits(
        self,
        query: str,
        reader: Reader,
        locale: str | None,
        k: int,
        sources: frozenset[str] | None,
        clock: _Clock,
    ) -> list[Hit]:
        query = query[:_READ_CHARACTERS]
        if not query.strip():
            return []
        vector = question_vector(self._embedder, query)
        clock.stop("embed")
        search = Search(
            text=query,
            vector=vector,
            reader=reader,
            locale=locale,
            sources=sources,
            candidates=max(k, CANDIDATES),
        )
        with self._pool.connection() as connection:
            found = hits(connection, self._index, search)
        clock.stop("search")
        return found


class _Clock:
    """Milliseconds by stage, one after the other."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._began = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = (now - self._began) * 1000
        self._began = now
