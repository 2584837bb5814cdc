"""What people taught the bot: a question, and the articles that answered it.

Pairs come from solved tickets whose agent linked an article, from drafts that a person sent, from
answers that people confirmed, and from what a person put right. The database writes them together
with what they come from; here they are read, and put right. Searching by them is
`indexing.recall`: it only ever raises articles that the reader may read anyway.

The questions themselves are agents' knowledge, as tickets are. None may be shown, quoted or
summarised to a customer, and a customer's answer may not show that an article was linked in
somebody's ticket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bot.audit import note
from bot.errors import InputRejected
from indexing.models import AGENTS, Audience

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

Origin = Literal["ticket", "approved", "confirmed", "corrected", "given"]

CORRECTED_WEIGHT = 2.0
"""A correction is said of this very question, by somebody who knew that the bot was wrong."""

# Articles that have left the index since are left out, and pairs that have none left.
_LIVE = """
WITH articles AS MATERIALIZED (
    SELECT DISTINCT article_of(source, translation_group, id) AS id FROM documents
    WHERE kind NOT IN ('ticket', 'macro')
)
SELECT memory.id, array_agg(linked.id ORDER BY linked.place) AS article_ids
FROM question_memory AS memory
CROSS JOIN LATERAL unnest(memory.article_ids) WITH ORDINALITY AS linked (id, place)
JOIN articles ON articles.id = linked.id
WHERE %(source)s::text IS NULL OR memory.source = %(source)s
GROUP BY memory.id
"""

_PAIRS = f"""
SELECT coalesce(pair.question, asked.text), live.article_ids, pair.locale, pair.asked_at,
       coalesce(pair.source, ''), coalesce(pair.document_id, ''),
       coalesce(ticket.audience, %(agents)s::text[]), pair.origin, pair.weight, pair.question_id
FROM ({_LIVE}) AS live
JOIN question_memory AS pair ON pair.id = live.id
LEFT JOIN questions AS asked ON asked.id = pair.question_id
LEFT JOIN documents AS ticket ON ticket.source = pair.source AND ticket.id = pair.document_id
ORDER BY pair.asked_at, pair.source, pair.document_id, pair.id
"""  # noqa: S608 - constants

_COUNTS = f"""
SELECT pair.origin, count(*) FROM ({_LIVE}) AS live
JOIN question_memory AS pair ON pair.id = live.id GROUP BY pair.origin
"""  # noqa: S608 - constants

_CORRECT = """
INSERT INTO question_memory (question_id, origin, weight, locale, article_ids, asked_at)
SELECT question.id, 'corrected', %(weight)s, question.locale, chosen.articles, question.asked_at
FROM questions AS question
CROSS JOIN (
    SELECT array_agg(DISTINCT article_of(source, translation_group, id)) AS articles
    FROM documents WHERE id = ANY(%(documents)s) AND kind NOT IN ('ticket', 'macro')
) AS chosen
WHERE question.id = %(question)s AND chosen.articles IS NOT NULL
ON CONFLICT (question_id) DO UPDATE SET
    origin = excluded.origin, weight = excluded.weight, article_ids = excluded.article_ids
RETURNING article_ids
"""

_GIVE = """
INSERT INTO question_memory (origin, question, locale, article_ids, asked_at)
SELECT 'given', %(question)s, %(locale)s,
       array_agg(DISTINCT article_of(source, translation_group, id)), %(asked_at)s
FROM documents WHERE id = ANY(%(documents)s) AND kind NOT IN ('ticket', 'macro')
HAVING count(*) > 0
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PastQuestion:
    """A customer's question, and the articles that answered it: the translation groups of their
    documents ("article:7"), in any language, or "=source/id" of one that is no translation.
    `source` and `ticket` name the document that it comes from, "" where it comes from the question
    `question_id`; `audience` is who may read the question; `weight` is how many agents' links it
    counts as."""

    question: str
    article_ids: tuple[str, ...]
    locale: str
    asked_at: datetime | None
    source: str
    ticket: str
    audience: Audience
    origin: Origin
    weight: float
    question_id: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenPair:
    """A pair that somebody brings along. `document_ids` are ids of documents."""

    question: str
    document_ids: tuple[str, ...]
    locale: str = ""
    asked_at: datetime | None = None


class QuestionMemory:
    """Reads the pairs, and takes what people put right."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def pairs(self, *, source: str | None = None) -> Iterator[PastQuestion]:
        """Every pair, of everything or of one source of tickets, the oldest first. Holds a
        connection until it is read to its end or closed."""
        with (
            self._pool.connection() as connection,
            connection.cursor(name="question_memory") as cursor,
        ):
            for row in cursor.execute(_PAIRS, {"source": source, "agents": [AGENTS]}):
                yield PastQuestion(
                    question=row[0],
                    article_ids=tuple(row[1]),
                    locale=row[2],
                    asked_at=row[3],
                    source=row[4],
                    ticket=row[5],
                    audience=Audience(labels=frozenset(row[6])),
                    origin=row[7],
                    weight=row[8],
                    question_id=row[9],
                )

    def counts(self, *, source: str | None = None) -> Mapping[Origin, int]:
        """How many pairs there are of each origin that has any."""
        with self._pool.connection() as connection:
            return dict(connection.execute(_COUNTS, {"source": source}).fetchall())

    def count(self, *, source: str | None = None) -> int:
        """How many pairs there are."""
        return sum(self.counts(source=source).values())

    def correct(self, question_id: UUID, *, document_ids: Sequence[str], actor: Actor) -> None:
        """These documents answer that question, whatever was answered then: counts more than any
        other pair, and stays. Raises InputRejected when the question is not on record (any more),
        or none of the documents is there."""
        values = {
            "question": question_id,
            "documents": list(document_ids),
            "weight": CORRECTED_WEIGHT,
        }
        with self._pool.connection() as connection:
            row = connection.execute(_CORRECT, values).fetchone()
            if row is None:
                raise InputRejected(
                    f"Nothing to learn: question {question_id} is not on record, or there is no "
                    f"article {' or '.join(document_ids) or 'named'}."
                )
            note(
                connection,
                actor=actor,
                action="answer corrected",
                target=str(question_id),
                after={"articles": row[0]},
            )

    def give(self, pairs: Sequence[GivenPair]) -> int:
        """Adds pairs that come from nowhere else, as a measurement does in its own database;
        returns how many named an article that is there."""
        with self._pool.connection() as connection:
            return sum(
                connection.execute(
                    _GIVE,
                    {
                        "question": each.question,
                        "locale": each.locale,
                        "documents": list(each.document_ids),
                        "asked_at": each.asked_at,
                    },
                ).rowcount
                for each in pairs
            )
