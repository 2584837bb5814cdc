"""Gives past questions the vectors by which new ones find them, in one index's own model.

Pairs are written by the database itself, with the tickets and the decisions that they come from;
this follows at once, without any training. What an index lacks is embedded, nothing else, so it
may be called by anybody at any time, also by two at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgvector import HalfVector
from psycopg import sql

from indexing.questions import question_vector
from indexing.trust import measure

if TYPE_CHECKING:
    from psycopg import Connection

    from indexing.embedders.embedder import Embedder
    from indexing.index import Index
    from indexing.pipeline import Connections

# Read at a time: a killed process loses no more than so many vectors.
_READ = 64

_LACKING = """
SELECT pair.id, coalesce(pair.question, asked.text) AS question
FROM question_memory AS pair LEFT JOIN questions AS asked ON asked.id = pair.question_id
WHERE NOT EXISTS (SELECT FROM {memory} AS known WHERE known.pair_id = pair.id)
  AND pair.id > %(after)s
ORDER BY pair.id LIMIT %(limit)s
"""

# Locked until it is written: a pair that is forgotten meanwhile must not fail the others.
_KEEP = """
INSERT INTO {memory} (pair_id, embedding)
SELECT id, %(embedding)s FROM question_memory WHERE id = %(pair)s FOR KEY SHARE
ON CONFLICT (pair_id) DO NOTHING
"""


def keep_up(pool: Connections, index: Index, embedder: Embedder) -> int:
    """Learns what there is to learn, and measures anew how far that is trusted where it changed
    much; returns and raises as `learn` does."""
    learnt = learn(pool, index, embedder)
    measure(pool, index, embedder)
    return learnt


def learn(pool: Connections, index: Index, embedder: Embedder) -> int:
    """Embeds the past questions that this index has no vector of; returns how many those were.
    Raises EmbeddingFailed, and psycopg.errors.UndefinedTable when the index is dropped."""
    learnt, after = 0, 0
    while True:
        with pool.connection() as connection:
            rows = _lacking(connection, index, after)
        for pair, question in rows:
            vector = HalfVector(question_vector(embedder, question))
            with pool.connection() as connection:
                connection.execute(
                    sql.SQL(_KEEP).format(memory=index.memory), {"pair": pair, "embedding": vector}
                )
        learnt += len(rows)
        if len(rows) < _READ:
            return learnt
        after = rows[-1][0]


def _lacking(connection: Connection, index: Index, after: int) -> list[tuple[int, str]]:
    statement = sql.SQL(_LACKING).format(memory=index.memory)
    return connection.execute(statement, {"after": after, "limit": _READ}).fetchall()
