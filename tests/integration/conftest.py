"""An index in the test's own database, with the real embedding model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from indexing.index import Index
from indexing.pipeline import Indexer, IndexResult
from indexing.retrieval import Retriever

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from indexing.models import Document


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """An index with its two ends: what writes it and what reads it."""

    pool: ConnectionPool
    index: Index
    indexer: Indexer
    retriever: Retriever

    def add(self, *documents: Document) -> list[IndexResult]:
        """Indexes documents, adding their sources first."""
        with self.pool.connection() as connection:
            for name in {each.source for each in documents}:
                connection.execute(
                    "INSERT INTO sources (name, kind) VALUES (%s, 'files') ON CONFLICT DO NOTHING",
                    (name,),
                )
        results = list(self.indexer.index(documents))
        self.indexer.finish()
        return results

    def rows(self, statement: str, parameters: Iterable[object] = ()) -> list[tuple[object, ...]]:
        """Rows of a statement, where {passages} is the index's table."""
        with self.pool.connection() as connection:
            text = statement.replace("{passages}", f"passages_{self.index.id}")
            return connection.execute(text, list(parameters)).fetchall()


@pytest.fixture
def knowledge(pool: ConnectionPool, embedder: Embedder) -> Knowledge:
    index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
    return Knowledge(
        pool=pool,
        index=index,
        indexer=Indexer(pool=pool, index=index, embedder=embedder),
        retriever=Retriever(pool=pool, index=index, embedder=embedder),
    )
