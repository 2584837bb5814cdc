"""Finds the passages for a question: embed it, recall past questions, fetch candidates, weigh them
all, keep the best."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from indexing.candidates import CANDIDATES, Hit, Search, hits
from indexing.errors import IndexReplaced
from indexing.evidence import PASSAGES, evidence, surroundings
from indexing.fusion import Candidate, fused_scores, pieces_per_word
from indexing.index import Index
from indexing.models import Cut
from indexing.questions import question_vector
from indexing.recall import Recalled, recalled
from indexing.translations import in_asked_locale

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from indexing.models import Passage, Reader

# Nobody asks one thing in more characters.
_READ_CHARACTERS = 20_000

# Of what was found and left out, the nearest of each kind explain an answer; nobody reads further.
CUTS_TOLD = 8

_HELD = """
SELECT passage.id FROM {passages} AS passage
JOIN documents AS document ON document.pk = passage.document_pk
WHERE passage.id = ANY(%(ids)s) AND document.audience && %(reads)s::text[]
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a search found: passages in order, the calibrated probability in 0..1 that they
    carry the answer, the id of the index they are of, milliseconds by stage, and the nearest of
    what was left out."""

    passages: tuple[Passage, ...]
    index: int
    evidence: float
    latency_ms: dict[str, float]
    cut: tuple[Cut, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Searched:
    """What is searched: an index, and the model that it was built with."""

    index: Index
    embedder: Embedder


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """What one caller wants to know."""

    query: str
    reader: Reader
    locale: str | None
    k: int
    sources: frozenset[str] | None = None
    remembers: bool = True

    @property
    def text(self) -> str:
        """As much of the question as is read."""
        return self.query[:_READ_CHARACTERS]

    @property
    def candidates(self) -> int:
        """Passages that each half may bring."""
        return max(self.k, CANDIDATES)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Brought:
    """What a search brought: candidates, and what past questions say of their documents."""

    searched: _Searched
    hits: list[Hit]
    memory: Recalled


class Retriever:
    """Finds what one reader may read, always in the index that is live: `load` gives the model
    of one that has gone live since, and without it that is an error, IndexReplaced. One that is
    `pinned` searches its own index whichever is live, for comparison."""

    def __init__(
        self,
        *,
        pool: ConnectionPool,
        index: Index,
        embedder: Embedder,
        load: Callable[[Index], Embedder] | None = None,
        pinned: bool = False,
    ) -> None:
        self._pool = pool
        self._load = load
        self._pinned = pinned
        self._live = _Searched(index=index, embedder=embedder)

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
        return self._found(_Asked(query=query, reader=reader, locale=locale, k=k, sources=sources))

    def held(self, chunk_ids: Collection[str], reader: Reader) -> frozenset[str]:
        """Which of these passages are in the live index now, word for word, in documents that
        `reader` may read: what was found a while ago may have changed since."""
        with self._pool.connection() as connection:
            statement = sql.SQL(_HELD).format(passages=Index.live(connection).table)
            asked = {"ids": list(chunk_ids), "reads": sorted(reader.labels)}
            return frozenset(row[0] for row in connection.execute(statement, asked))

    def articles(
        self, query: str, reader: Reader, locale: str | None, k: int
    ) -> tuple[Passage, ...]:
        """What `retrieve` finds without past questions, for comparison."""
        asked = _Asked(query=query, reader=reader, locale=locale, k=k, remembers=False)
        return self._found(asked).passages

    def dense(self, query: str, reader: Reader, locale: str | None, k: int) -> tuple[Passage, ...]:
        """What the vectors alone find, for comparison."""
        asked = _Asked(query=query, reader=reader, locale=locale, k=k, remembers=False)
        found = sorted(self._brought(asked, _Clock()).hits, key=lambda hit: -hit.dense)
        return tuple(hit.passage(hit.dense) for hit in found[:k])

    def lexical(
        self, query: str, reader: Reader, locale: str | None, k: int
    ) -> tuple[Passage, ...]:
        """What the words alone find, for comparison."""
        asked = _Asked(query=query, reader=reader, locale=locale, k=k, remembers=False)
        found = [hit for hit in self._brought(asked, _Clock()).hits if hit.bm25 > 0]
        found.sort(key=lambda hit: -hit.bm25)
        return tuple(hit.passage(hit.bm25) for hit in found[:k])

    def _found(self, asked: _Asked) -> Found:
        clock = _Clock()
        brought = self._brought(asked, clock)
        pieces = pieces_per_word(asked.text, brought.searched.embedder.count_tokens)
        kept = weighed(brought.hits, pieces, asked.candidates, asked.locale)
        found = raised(kept, brought.memory)
        near = surroundings(hit.dense for hit in brought.hits)
        carried = evidence(
            asked.text,
            [_candidate(hit) for hit, _ in kept[:PASSAGES]],
            pieces=pieces,
            remembered=brought.memory.surest,
            strangeness=brought.memory.strangeness(near),
        )
        clock.stop("rank")
        return Found(
            passages=tuple(hit.passage(score) for hit, score in found[: asked.k]),
            index=brought.searched.index.id,
            evidence=carried,
            latency_ms=clock.stages,
            cut=_cut(brought.hits, found, asked.k),
        )

    def _brought(self, asked: _Asked, clock: _Clock) -> _Brought:
        searched = self._live
        if not asked.text.strip():
            return _Brought(searched=searched, hits=[], memory=Recalled())
        search = Search(
            text=asked.text,
            vector=question_vector(searched.embedder, asked.text),
            reader=asked.reader,
            locale=asked.locale,
            sources=asked.sources,
            candidates=asked.candidates,
        )
        clock.stop("embed")
        with self._pool.connection() as connection:
            memory = Recalled()
            if asked.remembers:
                memory = recalled(connection, searched.index, search)
                clock.stop("recall")
            found = hits(connection, searched.index, search, memory.suggested, pinned=self._pinned)
            live = searched.index if found is not None else Index.live(connection)
        clock.stop("search")
        if found is None:
            self._follow(live)
            return self._brought(asked, clock)
        return _Brought(searched=searched, hits=found, memory=memory)

    def _follow(self, live: Index) -> None:
        if self._load is None:
            raise IndexReplaced
        self._live = _Searched(index=live, embedder=self._load(live))


def weighed(
    found: Sequence[Hit], pieces: float, dense_list: int, locale: str | None
) -> list[tuple[Hit, float]]:
    """The candidates in one translation of each article, with the scores that their meaning and
    their words give them, best first. `pieces` and `dense_list` are what `fused_scores` takes."""
    candidates = [_candidate(hit) for hit in found]
    scores = fused_scores(candidates, pieces=pieces, dense_list=dense_list)
    scored = sorted(zip(found, scores, strict=True), key=lambda pair: -pair[1])
    return in_asked_locale(scored, locale)


def raised(weighed: Sequence[tuple[Hit, float]], memory: Recalled) -> list[tuple[Hit, float]]:
    """The same with what past questions add. They speak of whole documents, so all passages of
    one are raised alike."""
    scored = [(hit, score + memory.worth(hit.document_pk)) for hit, score in weighed]
    scored.sort(key=lambda pair: -pair[1])
    return scored


def _cut(hits: Sequence[Hit], ranked: Sequence[tuple[Hit, float]], k: int) -> tuple[Cut, ...]:
    """The nearest of what was left out: what follows the best `k`, and translations whose article
    is there in another language, with their best passage."""
    lower = (
        Cut(passage=hit.passage(score), why="ranked_lower")
        for hit, score in ranked[k : k + CUTS_TOLD]
    )
    kept = {hit.document_pk for hit, _ in ranked}
    others: dict[int, Hit] = {}
    for hit in sorted(hits, key=lambda each: -each.dense):
        if hit.document_pk not in kept:
            others.setdefault(hit.document_pk, hit)
    translations = (
        Cut(passage=hit.passage(0.0), why="other_translation")
        for hit in list(others.values())[:CUTS_TOLD]
    )
    return (*lower, *translations)


def _candidate(hit: Hit) -> Candidate:
    return Candidate(
        document=hit.document_pk,
        document_passages=hit.document_passages,
        dense=hit.dense,
        bm25=hit.bm25,
        question_weight=hit.question_weight,
    )


class _Clock:
    """Milliseconds by stage, one after the other."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._began = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = (now - self._began) * 1000
        self._began = now
