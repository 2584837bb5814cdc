"""Document -> chunks -> vectors -> passages, skipping whatever did not change.

Documents are taken in batches so that the embedding model sees texts of many documents
sorted by length; each document is still written in a transaction of its own, and one that
fails does not hold up the others.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import psycopg

from indexing.chunking import chunk
from indexing.errors import DocumentRejected
from indexing.store import PassageStore, hashes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from indexing.index import Index
    from indexing.models import Chunk, Document

IndexedAs = Literal["added", "changed", "unchanged", "failed"]

# Large enough that the model's batches hold texts of like length, small enough that memory
# stays flat and that a killed sync repeats only a few seconds of work.
BATCH_DOCUMENTS = 64

# Statistics drive only the choice of rare words, so they may lag; they are counted again
# whenever this share of the index is new, which costs a constant factor over a whole sync.
_STALE_SHARE = 0.1

# PostgreSQL cannot store these in text.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


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
class _Prepared:
    """A document that must be written, with the chunks that have no vector yet."""

    document: Document
    known: bool
    chunks: tuple[Chunk, ...]
    missing: tuple[Chunk, ...]


class Indexer:
    """Brings documents into one index."""

    def __init__(self, *, pool: ConnectionPool, index: Index, embedder: Embedder) -> None:
        self._pool = pool
        self._index = index
        self._embedder = embedder
        self._store = PassageStore(index=index)
        self._written = 0
        self._counted = 0

    def index(self, documents: Iterable[Document]) -> Iterator[IndexResult]:
        """One result per document, in order within a batch. Documents are written before their
        result is yielded; consuming the iterator is what drives the work.

        Raises psycopg.OperationalError when the database is gone, and EmbeddingFailed when the
        model cannot embed at all; what was yielded before is safely indexed.
        """
        for batch in _batches(documents):
            yield from self._index_batch([_storable(each) for each in batch])

    def remove(self, source: str, document_ids: Iterable[str]) -> list[str]:
        """Removes these documents for every later query; returns the ids that were there."""
        with self._pool.connection() as connection:
            return self._store.delete(connection, source, document_ids)

    def finish(self) -> None:
        """Call after a run: builds the vector index if it is missing, and counts words anew
        when enough has changed to matter."""
        with self._pool.connection() as connection:
            self._index.build_vector_index(connection)
            if self._written > _STALE_SHARE * self._index.measured_passages(connection):
                self._index.refresh_statistics(connection)
                self._written = 0

    def _index_batch(self, batch: Sequence[Document]) -> Iterator[IndexResult]:
        steps = self._prepare(batch)
        vectors = self._embed([each for step in steps for each in _missing(step)])
        for step in steps:
            yield step if isinstance(step, IndexResult) else self._write(step, vectors)
        self._refresh_while_growing()

    def _prepare(self, batch: Sequence[Document]) -> list[_Prepared | IndexResult]:
        source = batch[0].source
        with self._pool.connection() as connection:
            known = self._store.known_hashes(connection, source, [each.id for each in batch])
            steps: list[_Prepared | IndexResult] = []
            for document in batch:
                before, now = known.get(document.id), hashes(document)
                if before == now:
                    steps.append(IndexResult(document_id=document.id, outcome="unchanged"))
                elif before is not None and before.content == now.content:
                    self._store.update_metadata(connection, document)
                    steps.append(IndexResult(document_id=document.id, outcome="changed"))
                else:
                    steps.append(self._chunk(connection, document, known=before is not None))
        return steps

    def _chunk(
        self, connection: Connection, document: Document, *, known: bool
    ) -> _Prepared | IndexResult:
        try:
            chunks = chunk(
                document,
                count_tokens=self._embedder.count_tokens,
                budget=self._embedder.max_tokens,
            )
        except DocumentRejected as error:
            return IndexResult(document_id=document.id, outcome="failed", reason=str(error))
        there = self._store.passage_ids(connection, document) if known else frozenset()
        missing = tuple(each for each in chunks if each.id not in there)
        return _Prepared(document=document, known=known, chunks=chunks, missing=missing)

    def _embed(self, chunks: Sequence[Chunk]) -> Mapping[str, NDArray[np.float32]]:
        if not chunks:
            return {}
        vectors = self._embedder.embed([each.embedded_text for each in chunks])
        return {each.id: vector for each, vector in zip(chunks, vectors, strict=True)}

    def _write(self, step: _Prepared, vectors: Mapping[str, NDArray[np.float32]]) -> IndexResult:
        own = {each.id: vectors[each.id] for each in step.missing}
        try:
            with self._pool.connection() as connection, connection.transaction():
                self._store.replace(connection, step.document, step.chunks, own)
        except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as error:
            # Something in this one document: the others go on, and this one is reported.
            return IndexResult(
                document_id=step.document.id,
                outcome="failed",
                reason=f"The database refused it: {error.diag.message_primary or error}",
            )
        self._written += len(step.missing)
        return IndexResult(
            document_id=step.document.id,
            outcome="changed" if step.known else "added",
            passages=len(step.chunks),
            embedded=len(step.missing),
        )

    def _refresh_while_growing(self) -> None:
        """Keeps word counts useful during a long first sync, at intervals that double."""
        if self._written > max(500, self._counted):
            with self._pool.connection() as connection:
                self._index.refresh_statistics(connection)
            self._counted += self._written
            self._written = 0


def _missing(step: _Prepared | IndexResult) -> Sequence[Chunk]:
    return () if isinstance(step, IndexResult) else step.missing


def _batches(documents: Iterable[Document]) -> Iterator[Sequence[Document]]:
    """Runs of documents of one source in which every id occurs once, so that the hashes that
    are read for a batch are true for all of it."""
    batch: dict[str, Document] = {}
    source = ""
    try:
        for document in documents:
            if batch and (
                len(batch) >= BATCH_DOCUMENTS or document.source != source or document.id in batch
            ):
                yield list(batch.values())
                batch = {}
            source = document.source
            batch[document.id] = document
    except Exception:
        # The source went away: what it delivered before that is indexed all the same.
        if batch:
            yield list(batch.values())
        raise
    if batch:
        yield list(batch.values())


def _storable(document: Document) -> Document:
    """The document without characters that no text column can hold."""
    return dataclasses.replace(
        document,
        id=_clean(document.id),
        title=_clean(document.title),
        body=_clean(document.body),
        url=_clean(document.url),
        heading_path=tuple(_clean(each) for each in document.heading_path),
        labels=tuple(_clean(each) for each in document.labels),
        metadata={_clean(key): _clean(value) for key, value in document.metadata.items()},
    )


def _clean(text: str) -> str:
    return _UNSTORABLE.sub("", text)
