"""Document -> chunks -> vectors -> passages, skipping whatever did not change.

Documents are taken in batches so that the embedding model sees texts of many documents
sorted by length. A batch is one transaction, in which readers see each document as it was or as
it is; one that fails does not hold up the others. While the model reads one batch, the one before
is written and the one after is cut into chunks: on few cores the model is the bottleneck, and must
not wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import psycopg

from indexing.batches import batches, storable
from indexing.chunking import chunk
from indexing.errors import DocumentRejected, IndexReplaced
from indexing.index import Index
from indexing.learning import learn
from indexing.store import PassageStore, Write, hashes
from indexing.trust import measure

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray
    from psycopg import Connection

    from indexing.embedders.embedder import Embedder
    from indexing.models import Chunk, Document

IndexedAs = Literal["added", "changed", "unchanged", "failed"]

# Statistics drive only the choice of rare words, so they may lag; they are counted again
# whenever this share of the index is new, which costs a constant factor over a whole sync.
_STALE_SHARE = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexResult:
    """What became of one document. `embedded` counts the passages whose vectors were computed;
    `reason` says why a failed document is not in the index as it is now."""

    document_id: str
    outcome: IndexedAs
    passages: int = 0
    embedded: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """Where passages go, and the model that their vectors come from."""

    index: Index
    embedder: Embedder
    store: PassageStore


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prepared:
    """A document that must be written, with the chunks that have no vector yet. They are cut,
    and were compared with what is there, for this target only."""

    target: _Target
    document: Document
    known: bool
    chunks: tuple[Chunk, ...]
    missing: tuple[Chunk, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Embedding:
    """A batch whose vectors are being computed."""

    steps: Sequence[_Prepared | IndexResult]
    ids: frozenset[str]
    teaches: bool
    vectors: Future[Mapping[str, NDArray[np.float32]]]


class Connections(Protocol):
    """Where connections come from: a pool, or one transaction that everything belongs to."""

    def connection(self) -> AbstractContextManager[Connection[Any]]: ...


class Indexer:
    """Brings documents into one index, or into the one that takes its place meanwhile: `load`
    gives the embedder of that one, and without it a swap ends the work with IndexReplaced.
    `store` is what writes, if not simply the live index."""

    def __init__(
        self,
        *,
        pool: Connections,
        index: Index,
        embedder: Embedder,
        store: PassageStore | None = None,
        load: Callable[[Index], Embedder] | None = None,
    ) -> None:
        self._pool = pool
        self._load = load
        self._target = _Target(
            index=index, embedder=embedder, store=store or PassageStore(index=index)
        )
        self._written = 0
        self._counted = 0

    def index(self, documents: Iterable[Document]) -> Iterator[IndexResult]:
        """One result per document, in order within a batch. Documents are written before their
        result is yielded; consuming the iterator is what drives the work.

        Raises psycopg.OperationalError when the database is gone, and EmbeddingFailed when the
        model cannot embed at all; what was yielded before is safely indexed.
        """
        # Two: the next batch begins while the last texts of one are read.
        with ThreadPoolExecutor(2, thread_name_prefix="embedding") as model:
            embedding: _Embedding | None = None
            for batch in batches(documents):
                # What is known of a document must be what was written last.
                if embedding is not None and (not batch or _again(embedding, batch)):
                    yield from self._write_batch(embedding)
                    embedding = None
                if batch:
                    steps = self._prepare([storable(each) for each in batch])
                    before, embedding = embedding, self._begin(steps, model)
                    if before is not None:
                        yield from self._write_batch(before)

    def remove(self, source: str, document_ids: Iterable[str]) -> list[str]:
        """Removes these documents for every later query; returns the ids that were there."""
        with self._pool.connection() as connection:
            return self._target.store.delete(connection, source, document_ids)

    def finish(self) -> None:
        """Call after a run: builds the vector index if it is missing, counts words anew when
        enough has changed to matter, and learns what the documents tell of past questions."""
        with self._pool.connection() as connection:
            index = self._target.index
            index.build_vector_index(connection)
            if self._written > _STALE_SHARE * index.measured_passages(connection):
                index.refresh_statistics(connection)
                self._written = 0
        self._learn()
        measure(self._pool, index, self._target.embedder)

    def _learn(self) -> None:
        """Past questions of tickets count from the moment that their batch is written."""
        learn(self._pool, self._target.index, self._target.embedder)

    def _begin(
        self, steps: Sequence[_Prepared | IndexResult], model: ThreadPoolExecutor
    ) -> _Embedding:
        prepared = [step for step in steps if isinstance(step, _Prepared)]
        missing = [each for step in prepared for each in step.missing]
        target = prepared[0].target if prepared else self._target
        return _Embedding(
            steps=steps,
            ids=frozenset(
                step.document_id if isinstance(step, IndexResult) else step.document.id
                for step in steps
            ),
            teaches=any(step.document.kind == "ticket" for step in prepared),
            vectors=model.submit(_embed, target, missing),
        )

    def _write_batch(self, embedding: _Embedding) -> Iterator[IndexResult]:
        vectors = embedding.vectors.result()
        prepared = [step for step in embedding.steps if isinstance(step, _Prepared)]
        written = iter(self._write(prepared, vectors))
        for step in embedding.steps:
            yield step if isinstance(step, IndexResult) else next(written)
        self._refresh_while_growing()
        if embedding.teaches:
            self._learn()

    def _prepare(self, batch: Sequence[Document]) -> list[_Prepared | IndexResult]:
        source, store = batch[0].source, self._target.store
        with self._pool.connection() as connection:
            known = store.known_hashes(connection, source, [each.id for each in batch])
            steps: list[_Prepared | IndexResult] = []
            for document in batch:
                before, now = known.get(document.id), hashes(document)
                if before == now:
                    steps.append(IndexResult(document_id=document.id, outcome="unchanged"))
                elif before is not None and before.content == now.content:
                    store.update_metadata(connection, document)
                    steps.append(IndexResult(document_id=document.id, outcome="changed"))
                else:
                    steps.append(self._chunk(connection, document, known=before is not None))
        return steps

    def _chunk(
        self, connection: Connection, document: Document, *, known: bool
    ) -> _Prepared | IndexResult:
        target = self._target
        try:
            chunks = chunk(
                document,
                count_tokens=target.embedder.count_tokens,
                budget=target.embedder.max_tokens,
            )
        except DocumentRejected as error:
            if known:  # what it said before stays, for those who may read it now
                target.store.update_metadata(connection, document)
            return IndexResult(document_id=document.id, outcome="failed", reason=str(error))
        there = target.store.passage_ids(connection, document) if known else frozenset()
        missing = tuple(each for each in chunks if each.id not in there)
        return _Prepared(
            target=target, document=document, known=known, chunks=chunks, missing=missing
        )

    def _write(
        self, steps: Sequence[_Prepared], vectors: Mapping[str, NDArray[np.float32]]
    ) -> list[IndexResult]:
        """Writes them together, which costs a small part of the time of one after the other; one
        by one where the database refuses something in one of them."""
        if not steps:
            return []
        writes = [
            Write(
                document=each.document,
                chunks=each.chunks,
                vectors={one.id: vectors[one.id] for one in each.missing},
            )
            for each in steps
        ]
        try:
            with self._pool.connection() as connection, connection.transaction():
                steps[0].target.store.replace(connection, writes)
        except IndexReplaced:
            return [self._write_anew(each.document) for each in steps]
        except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as error:
            if len(steps) > 1:
                return [result for each in steps for result in self._write([each], vectors)]
            return [_refused(steps[0], error)]
        self._written += sum(len(each.missing) for each in steps)
        return [_result(each) for each in steps]

    def _write_anew(self, document: Document) -> IndexResult:
        """Writes it into the index that has taken the place of the one it was prepared for."""
        self._follow()
        (step,) = self._prepare([document])
        if isinstance(step, IndexResult):
            return step
        (result,) = self._write([step], _embed(step.target, step.missing))
        return result

    def _follow(self) -> None:
        with self._pool.connection() as connection:
            live = Index.live(connection)
        if live == self._target.index:
            return
        if self._load is None:
            raise IndexReplaced
        self._target = _Target(
            index=live, embedder=self._load(live), store=PassageStore(index=live)
        )

    def _refresh_while_growing(self) -> None:
        """Keeps word counts useful during a long first sync, at intervals that double."""
        if self._written > max(500, self._counted):
            with self._pool.connection() as connection:
                self._target.index.refresh_statistics(connection)
            self._counted += self._written
            self._written = 0


def _result(step: _Prepared) -> IndexResult:
    return IndexResult(
        document_id=step.document.id,
        outcome="changed" if step.known else "added",
        passages=len(step.chunks),
        embedded=len(step.missing),
    )


def _refused(step: _Prepared, error: psycopg.Error) -> IndexResult:
    """Something in this one document: the others go on, and this one is reported."""
    return IndexResult(
        document_id=step.document.id,
        outcome="failed",
        reason=f"The database refused it: {error.diag.message_primary or error}",
    )


def _embed(target: _Target, chunks: Sequence[Chunk]) -> Mapping[str, NDArray[np.float32]]:
    if not chunks:
        return {}
    vectors = target.embedder.embed([each.embedded_text for each in chunks])
    return {each.id: vector for each, vector in zip(chunks, vectors, strict=True)}


def _again(embedding: _Embedding, batch: Sequence[Document]) -> bool:
    return any(each.id in embedding.ids for each in batch)
