"""What customers asked in vain, by topic: worked out from hand-offs and from answers that people
judged wrong, with the articles that come nearest.

Only numbers and keys are written. The words of a question stay in its record, so what is erased
there is gone here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from bot.insight.gaps.grouping import groups
from indexing.models import Reader
from indexing.questions import question_vector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.insight.gaps.grouping import Floats
    from indexing.embedders.embedder import Embedder
    from indexing.models import Passage
    from indexing.retrieval import Retriever

PERIOD = timedelta(days=90)
MOST_QUESTIONS = 3_000
MOST_TOPICS = 40

ALIKE = 0.5
"""The average cosine within a topic, under the bundled model."""

_NEAREST_ARTICLES = 3

# A bad rating for the tone alone is no gap in the knowledge.
_ASKED = """
SELECT id, text, locale, audience, asked_at, outcome = 'handed_off'
FROM questions
WHERE asked_at > now() - %(period)s AND text <> '' AND outcome <> 'ignored'
  AND (reason IN ('missing_knowledge', 'low_confidence', 'unverified_answer')
       OR id IN (SELECT question_id FROM feedback WHERE NOT helpful AND reasons <> '{tone}')
       OR id IN (SELECT draft_id FROM draft_decisions WHERE decision = 'rejected')
       OR id IN (SELECT question_id FROM knowledge_reports WHERE settled_at IS NULL)
       OR id IN (SELECT turn.id FROM ticket_turns AS turn JOIN tickets AS ticket USING (ticket_id)
                 WHERE turn.outcome = 'answered'
                   AND (ticket.declined_at IS NOT NULL OR ticket.reopened_at IS NOT NULL)))
ORDER BY asked_at DESC LIMIT %(most)s
"""

_LABELS = "SELECT DISTINCT unnest(audience) FROM documents"

_TOPIC = """
INSERT INTO gap_topics (handed_off, judged_wrong, last_asked, evidence_now)
VALUES (%s, %s, %s, %s) RETURNING id
"""

_QUESTION = """
INSERT INTO gap_topic_questions (topic_id, question_id, position)
SELECT %s, id, %s FROM questions WHERE id = %s
"""

_ARTICLE = """
INSERT INTO gap_topic_articles (topic_id, document_pk, position, dense)
SELECT %s, pk, %s, %s FROM documents WHERE source = %s AND id = %s
"""

_RUN = """
INSERT INTO gap_runs (finished_at, questions, alone) VALUES (now(), %(questions)s, %(alone)s)
ON CONFLICT (one) DO UPDATE SET
    finished_at = now(), questions = excluded.questions, alone = excluded.alone
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    id: UUID
    text: str
    locale: str
    reader: Reader
    asked_at: datetime
    handed_off: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Topic:
    """`questions` begin with those that say best what all ask; `articles` are passages of the
    nearest documents, whoever may read them."""

    questions: tuple[_Asked, ...]
    articles: tuple[Passage, ...]
    evidence_now: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicsFound:
    """How many questions were looked at, in how many topics, and how many are like no other."""

    questions: int
    topics: int
    alone: int


def find_topics(
    pool: ConnectionPool[Connection[Any]], retriever: Retriever, embedder: Embedder
) -> TopicsFound:
    """Works them out anew and puts them in the place of the old ones. `embedder` is any model
    that embeds questions."""
    with pool.connection() as connection:
        asked = {"period": PERIOD, "most": MOST_QUESTIONS}
        questions = [_asked(row) for row in connection.execute(_ASKED, asked)]
        everybody = Reader(labels=frozenset(row[0] for row in connection.execute(_LABELS)))
    vectors = _vectors(embedder, questions)
    found = groups(vectors, alike=ALIKE)
    several = [each for each in found if len(each) > 1]
    topics = [
        _topic([questions[at] for at in _telling_first(vectors, each)], retriever, everybody)
        for each in several[:MOST_TOPICS]
    ]
    alone = len(found) - len(several)
    with pool.connection() as connection:
        connection.execute("DELETE FROM gap_topics")
        for each in topics:
            _write(connection, each)
        connection.execute(_RUN, {"questions": len(questions), "alone": alone})
    return TopicsFound(questions=len(questions), topics=len(topics), alone=alone)


def _asked(row: tuple[Any, ...]) -> _Asked:
    return _Asked(
        id=row[0],
        text=row[1],
        locale=row[2],
        reader=Reader(labels=frozenset(row[3])),
        asked_at=row[4],
        handed_off=row[5],
    )


def _vectors(embedder: Embedder, questions: Sequence[_Asked]) -> Floats:
    rows = [question_vector(embedder, each.text) for each in questions]
    return np.stack(rows) if rows else np.zeros((0, embedder.dimensions), dtype=np.float32)


def _telling_first(vectors: Floats, members: Sequence[int]) -> list[int]:
    """The members by how near they are to the middle of them all."""
    own = vectors[list(members)]
    order = np.argsort(-(own @ own.mean(axis=0)), kind="stable")
    return [members[int(each)] for each in order]


def _topic(questions: Sequence[_Asked], retriever: Retriever, everybody: Reader) -> _Topic:
    first = questions[0]
    passages = retriever.search(first.text, everybody, first.locale or None).passages
    now = retriever.search(first.text, first.reader, first.locale or None)
    return _Topic(
        questions=tuple(questions),
        articles=tuple(_each_once(passages))[:_NEAREST_ARTICLES],
        evidence_now=now.evidence,
    )


def _each_once(passages: Sequence[Passage]) -> Iterator[Passage]:
    """The best passage of each document that people can write anew."""
    seen: set[tuple[str, str]] = set()
    for each in passages:
        key = (each.source, each.document_id)
        if each.kind != "ticket" and key not in seen:
            seen.add(key)
            yield each


def _write(connection: Connection[Any], topic: _Topic) -> None:
    handed_off = sum(each.handed_off for each in topic.questions)
    row = connection.execute(
        _TOPIC,
        (
            handed_off,
            len(topic.questions) - handed_off,
            max(each.asked_at for each in topic.questions),
            topic.evidence_now,
        ),
    ).fetchone()
    assert row is not None  # noqa: S101 - one row in, one id out
    with connection.cursor() as cursor:
        cursor.executemany(
            _QUESTION, [(row[0], at, each.id) for at, each in enumerate(topic.questions)]
        )
        cursor.executemany(
            _ARTICLE,
            [
                (row[0], at, each.dense, each.source, each.document_id)
                for at, each in enumerate(topic.articles)
            ],
        )
