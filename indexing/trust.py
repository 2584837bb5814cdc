"""How far an account's past questions are to be trusted, measured on those very questions.

Where the same few articles answer everything, the memory is a better guide than the articles;
where each question has its own article, it knows nothing. Which of the two an account is like is
told by asking its past questions again, each without itself: with the articles alone, and with the
memory at several weights. Fixed weights fell below the articles alone on sets whose demand does
not repeat (techqa_rag hit@1 .82 -> .77); a measured one does not, see tests.bench.fit_memory.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from psycopg import sql

from indexing.candidates import CANDIDATES, Search, hits
from indexing.evidence import surroundings
from indexing.fusion import pieces_per_word
from indexing.models import Reader
from indexing.recall import recalled, vector_of
from indexing.retrieval import raised, weighed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg import Connection

    from indexing.embedders.embedder import Embedder
    from indexing.index import Index
    from indexing.pipeline import Connections

log = logging.getLogger(__name__)

USUAL = 0.25
"""What holds until enough is known: little enough to do no harm where demand does not repeat."""

TRUSTS = (0.0, USUAL, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)

# Fewer pairs say nothing; of more, a sample says as much.
_FEWEST = 12
_FEWEST_USUAL = 50
_SAMPLE = 300

# Measured anew when the pairs have grown or shrunk by this share.
_CHANGED = 0.1

_COUNT = """
SELECT (SELECT count(*) FROM {memory}), memory_measured_on FROM embedding_indexes
WHERE id = %s AND state = 'live'
"""

_PAIRS = """
WITH documents_of AS (
    SELECT article_of(source, translation_group, id) AS article, pk FROM documents
    WHERE kind NOT IN ('ticket', 'macro')
)
SELECT pair.id, coalesce(pair.question, asked.text), halfvec_send(known.embedding), pair.locale,
       array_agg(documents_of.pk)
FROM {memory} AS known
JOIN question_memory AS pair ON pair.id = known.pair_id
LEFT JOIN questions AS asked ON asked.id = pair.question_id
JOIN documents_of ON documents_of.article = ANY(pair.article_ids)
GROUP BY pair.id, asked.text, known.pair_id
ORDER BY md5(pair.id::text) LIMIT %s
"""

_EVERYONE = "SELECT DISTINCT unnest(audience) FROM documents"

_KEEP = """
UPDATE embedding_indexes SET
    memory_trust = %(trust)s, memory_usual = %(usual)s, memory_spread = %(spread)s,
    memory_measured_on = %(pairs)s
WHERE id = %(index)s
"""


def chosen(ranks: Sequence[Sequence[float]]) -> float:
    """The weight of TRUSTS that finds the right article soonest, from one row per past question:
    the reciprocal rank of its article at each weight. The usual one while there are few. None of
    them is favoured: waiting until a weight is significantly better cost more answers, on sets
    where demand repeats and on others, than now and then a wrong choice."""
    if len(ranks) < _FEWEST:
        return USUAL
    return TRUSTS[int(np.asarray(ranks, dtype=np.float64).mean(axis=0).argmax())]


def measure(pool: Connections, index: Index, embedder: Embedder) -> float | None:
    """Measures and stores how far the memory is trusted in this index and what is usual there,
    where its pairs have changed enough since the last time and it is live; returns the new weight,
    or None when nothing was done. Commits what it reads meanwhile."""
    with pool.connection() as connection:
        row = connection.execute(
            sql.SQL(_COUNT).format(memory=index.memory), (index.id,)
        ).fetchone()
        if row is None or row[0] < _FEWEST or abs(row[0] - row[1]) <= _CHANGED * row[1]:
            return None
        asked = list(_asked_again(connection, index, embedder))
        trust = chosen([each.ranks for each in asked])
        near = np.array([each.surroundings for each in asked])
        known = {
            "trust": trust,
            "usual": float(near.mean()) if len(near) >= _FEWEST_USUAL else None,
            "spread": float(near.std()) if len(near) >= _FEWEST_USUAL else None,
            "pairs": row[0],
            "index": index.id,
        }
        connection.execute(_KEEP, known)
    log.info("Asked past questions again.", extra={"action": "measure_memory", **known})
    return trust


@dataclass(frozen=True, kw_only=True, slots=True)
class _AskedAgain:
    """A past question without itself: the reciprocal rank of its article at each of TRUSTS, and
    how near the index is to it."""

    ranks: tuple[float, ...]
    surroundings: float


def _asked_again(connection: Connection, index: Index, embedder: Embedder) -> Iterator[_AskedAgain]:
    """A sample, each as every reader of anything would ask it."""
    everyone = frozenset(row[0] for row in connection.execute(_EVERYONE))
    pairs = connection.execute(sql.SQL(_PAIRS).format(memory=index.memory), (_SAMPLE,)).fetchall()
    for pair, question, vector, locale, documents in pairs:
        search = Search(
            text=question, vector=vector_of(vector), reader=Reader(labels=everyone), locale=locale
        )
        memory = recalled(connection, index, search, without=pair)
        found = hits(connection, index, search, replace(memory, trust=1.0).suggested)
        if found is None:
            continue
        kept = weighed(found, pieces_per_word(question, embedder.count_tokens), CANDIDATES, locale)
        yield _AskedAgain(
            ranks=tuple(
                _reciprocal_rank(
                    [hit.document_pk for hit, _ in raised(kept, replace(memory, trust=trust))],
                    frozenset(documents),
                )
                for trust in TRUSTS
            ),
            surroundings=surroundings(hit.dense for hit in found),
        )


def _reciprocal_rank(found: Sequence[int], answering: frozenset[int]) -> float:
    """One over the place of the first document that answers, among ten; else 0."""
    for place, document in enumerate(list(dict.fromkeys(found))[:10], start=1):
        if document in answering:
            return 1 / place
    return 0.0
