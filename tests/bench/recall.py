"""How many of the truly nearest passages the vector index finds, as the product asks it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

from pgvector import HalfVector
from psycopg import sql

from indexing.candidates import CANDIDATES, SETTINGS
from indexing.questions import question_vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from indexing.index import Index
    from indexing.models import Reader

NEAREST = 10

# The dense half of what indexing.candidates asks, and the same with every passage compared.
_BY_GRAPH = """
SELECT id, distance FROM (
    SELECT passage.id, passage.embedding <=> %(vector)s AS distance
    FROM {passages} AS passage
    JOIN documents AS document ON document.pk = passage.document_pk
    WHERE document.audience && %(reads)s::text[]
    ORDER BY passage.embedding <=> %(vector)s LIMIT %(candidates)s
) AS found ORDER BY distance LIMIT %(nearest)s
"""
_ONE_BY_ONE = """
SELECT passage.id, passage.embedding <=> %(vector)s FROM {passages} AS passage
JOIN documents AS document ON document.pk = passage.document_pk
WHERE document.audience && %(reads)s::text[]
ORDER BY (passage.embedding <=> %(vector)s) + 0 LIMIT %(nearest)s
"""


@dataclass(frozen=True, kw_only=True)
class Recall:
    """The mean share of the NEAREST passages that the graph finds, and by how much what it finds is
    less like the question, in cosine."""

    share: float
    lost: float


def recall(
    pool: ConnectionPool,
    index: Index,
    embedder: Embedder,
    questions: Sequence[str],
    reader: Reader,
) -> Recall:
    """Over these questions."""
    shares, lost = [], []
    with pool.connection() as connection:
        for question in questions:
            parameters = {
                "vector": HalfVector(question_vector(embedder, question)),
                "reads": sorted(reader.labels),
                "candidates": CANDIDATES,
                "nearest": NEAREST,
            }
            found = []
            for statement in (_BY_GRAPH, _ONE_BY_ONE):
                connection.execute(SETTINGS)
                rows = connection.execute(
                    sql.SQL(statement).format(passages=index.table), parameters
                )
                found.append(dict(rows.fetchall()))
                connection.commit()
            by_graph, exact = found
            shares.append(len(by_graph.keys() & exact.keys()) / max(len(exact), 1))
            lost.append(mean(by_graph.values()) - mean(exact.values()))
    return Recall(share=mean(shares), lost=mean(lost))
