"""What solved tickets teach about retrieval: a question, and the articles that answered it.

The pairs are kept apart from the passages: they measure and train retrieval, and nothing is
retrieved from them yet. They are agents' knowledge, as the tickets are that they come from. No
question of the memory may be shown, quoted or summarised to a customer, and a customer's answer
may not show that an article was linked in somebody's ticket. Whoever ranks by it for customers
still filters articles by who may read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexing.models import Audience

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

# Articles that have left the index since are left out, and questions that have none left.
_LIVE = """
WITH articles AS MATERIALIZED (
    SELECT DISTINCT translation_group AS id FROM documents
    WHERE kind = 'article' AND translation_group <> ''
)
SELECT memory.source, memory.document_id, memory.question, memory.locale, memory.asked_at,
       array_agg(linked.id ORDER BY linked.place) AS article_ids
FROM question_memory AS memory
CROSS JOIN LATERAL unnest(memory.article_ids) WITH ORDINALITY AS linked (id, place)
JOIN articles ON articles.id = linked.id
WHERE %(source)s::text IS NULL OR memory.source = %(source)s
GROUP BY memory.source, memory.document_id
"""

_PAIRS = f"""
SELECT live.question, live.article_ids, live.locale, live.asked_at, live.source,
       live.document_id, ticket.audience
FROM ({_LIVE}) AS live
JOIN documents AS ticket ON ticket.source = live.source AND ticket.id = live.document_id
ORDER BY live.asked_at, live.source, live.document_id
"""  # noqa: S608 - constants

_COUNT = f"SELECT count(*) FROM ({_LIVE}) AS live"  # noqa: S608 - a constant


@dataclass(frozen=True, kw_only=True, slots=True)
class PastQuestion:
    """A customer's question without personal data, and the articles that an agent answered it
    with: the translation groups of their documents ("article:7"), in any language. `source` and
    `ticket` name the document that it comes from, `audience` is who may read that."""

    question: str
    article_ids: tuple[str, ...]
    locale: str
    asked_at: datetime | None
    source: str
    ticket: str
    audience: Audience


class QuestionMemory:
    """Reads the pairs. They are written with their tickets' documents, by the database itself."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def pairs(self, *, source: str | None = None) -> Iterator[PastQuestion]:
        """Every pair, of all sources of tickets or of one, the oldest first. Holds a connection
        until it is read to its end or closed."""
        with (
            self._pool.connection() as connection,
            connection.cursor(name="question_memory") as cursor,
        ):
            for row in cursor.execute(_PAIRS, {"source": source}):
                yield PastQuestion(
                    question=row[0],
                    article_ids=tuple(row[1]),
                    locale=row[2],
                    asked_at=row[3],
                    source=row[4],
                    ticket=row[5],
                    audience=Audience(labels=frozenset(row[6])),
                )

    def count(self, *, source: str | None = None) -> int:
        """How many pairs there are."""
        with self._pool.connection() as connection:
            row = connection.execute(_COUNT, {"source": source}).fetchone()
        return int(row[0]) if row else 0
