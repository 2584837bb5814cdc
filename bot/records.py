"""Writes down every question with all that explains its answer, and reads it back.

One question is one transaction: its row, a copy of the passages that were found, and the
statements with their citations, so that an answer can be traced to its chunks even after the
article changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from bot.models import Citation, HandoffReason, Outcome, OutcomeKind, Statement
from indexing.models import Passage

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.models import Question

_QUESTION = """
INSERT INTO questions (
    id, surface, text, history, locale, audience, outcome, reason, detail, tags, evidence,
    engine, model, prompt_version, embedding_index, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, cost_usd, latency_ms
) VALUES (
    %(id)s, %(surface)s, %(text)s, %(history)s, %(locale)s, %(audience)s, %(outcome)s,
    %(reason)s, %(detail)s, %(tags)s, %(evidence)s, %(engine)s, %(model)s, %(prompt_version)s,
    %(embedding_index)s, %(input_tokens)s, %(output_tokens)s, %(cache_read_tokens)s,
    %(cache_write_tokens)s, %(cost_usd)s, %(latency_ms)s
)
"""

_PASSAGES = """
INSERT INTO question_passages (
    question_id, rank, source, kind, document_id, chunk_id, title, url, text, audience, score,
    dense, lexical
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_STATEMENTS = "INSERT INTO statements (question_id, position, text) VALUES (%s, %s, %s)"

_CITATIONS = """
INSERT INTO citations (
    question_id, statement, position, document_id, chunk_id, title, url, quote
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""

# An answer that was written and then not given: nobody asked for it, so it counts as neither.
_SET_ASIDE = """
UPDATE questions SET outcome = 'ignored', reason = NULL, detail = %(detail)s, tags = '{}'
WHERE id = %(id)s
"""

_FORGET = "UPDATE questions SET text = '', history = '[]' WHERE id = %s"

# What of a passage was not written down is read off its document, and so is who may read it:
# nobody any more where that is gone.
_OUTCOME = """
SELECT outcome, reason, detail, tags, evidence, engine, model, prompt_version, embedding_index,
       text, locale, audience
FROM questions WHERE id = %s
"""

_FOUND = """
SELECT found.chunk_id, found.document_id, found.source, coalesce(document.kind, 'article'),
       found.title, found.url, coalesce(document.heading_path, '{}'), found.text,
       coalesce(document.locale, ''), coalesce(document.audience, '{}'), document.edited_at,
       found.score,
       found.dense, found.lexical
FROM question_passages found
LEFT JOIN documents document
    ON document.source = found.source AND document.id = found.document_id
WHERE found.question_id = %s ORDER BY found.rank
"""

_SAID = """
SELECT statement.text, coalesce(array_agg(
           ARRAY[cited.document_id, cited.chunk_id, cited.title, cited.url, cited.quote]
           ORDER BY cited.position) FILTER (WHERE cited.position IS NOT NULL), '{}')
FROM statements statement
LEFT JOIN citations cited
    ON cited.question_id = statement.question_id AND cited.statement = statement.position
WHERE statement.question_id = %s
GROUP BY statement.position, statement.text ORDER BY statement.position
"""

_COUNTS = """
SELECT outcome, coalesce(reason, '') AS reason, surface, count(*) AS questions
FROM questions GROUP BY outcome, reason, surface
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeCount:
    """How many questions of one surface ended one way. `reason` is "" unless handed off."""

    outcome: str
    reason: str
    surface: str
    questions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A question as it was recorded, and its outcome. `audience` are the labels of its reader;
    what of a passage changes with its document, who may read it above all, is as it is now."""

    text: str
    locale: str
    audience: frozenset[str]
    outcome: Outcome


class Records:
    """The record of every question, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def save(self, question: Question, outcome: Outcome, *, locale: str) -> None:
        """Writes the question and its outcome in one transaction, in place of what an earlier
        attempt under the same id wrote."""
        with self._pool.connection() as connection, connection.pipeline():
            connection.execute("DELETE FROM questions WHERE id = %s", (question.id,))
            connection.execute(_QUESTION, _row(question, outcome, locale))
            _save_passages(connection, outcome)
            _save_statements(connection, outcome)

    def set_aside(self, question_id: UUID, *, detail: str) -> None:
        """Notes that nothing was said to this question after all. `detail` tells an admin why."""
        with self._pool.connection() as connection:
            connection.execute(_SET_ASIDE, {"id": question_id, "detail": detail})

    def forget(self, question_id: UUID) -> None:
        """Forgets the words of a question that its author took back; that it was asked stays."""
        with self._pool.connection() as connection:
            connection.execute(_FORGET, (question_id,))

    def get(self, question_id: UUID) -> Recorded | None:
        """None where there is no such question."""
        with self._pool.connection() as connection:
            row = connection.execute(_OUTCOME, (question_id,)).fetchone()
            if row is None:
                return None
            found = connection.execute(_FOUND, (question_id,)).fetchall()
            said = connection.execute(_SAID, (question_id,)).fetchall()
        outcome = Outcome(
            question_id=question_id,
            kind=OutcomeKind(row[0]),
            reason=HandoffReason(row[1]) if row[1] else None,
            detail=row[2],
            tags=tuple(row[3]),
            statements=tuple(_statement(*each) for each in said),
            passages=tuple(_passage(each) for each in found),
            evidence=row[4],
            engine=row[5],
            model=row[6],
            prompt_version=row[7],
            embedding_index=row[8],
        )
        return Recorded(text=row[9], locale=row[10], audience=frozenset(row[11]), outcome=outcome)

    def counts(self) -> tuple[OutcomeCount, ...]:
        """All questions so far, counted by outcome, reason and surface."""
        with self._pool.connection() as connection:
            rows = connection.execute(_COUNTS).fetchall()
        return tuple(
            OutcomeCount(outcome=row[0], reason=row[1], surface=row[2], questions=row[3])
            for row in rows
        )


def _statement(text: str, citations: list[list[str]]) -> Statement:
    return Statement(
        text=text,
        citations=tuple(
            Citation(
                document_id=each[0], chunk_id=each[1], title=each[2], url=each[3], quote=each[4]
            )
            for each in citations
        ),
    )


def _passage(row: tuple[Any, ...]) -> Passage:
    """Its address was written down with the anchor in it."""
    return Passage(
        chunk_id=row[0],
        document_id=row[1],
        source=row[2],
        kind=row[3],
        title=row[4],
        url=row[5],
        anchor="",
        heading_path=tuple(row[6]),
        text=row[7],
        locale=row[8],
        audience=tuple(row[9]),
        edited_at=row[10],
        score=row[11],
        dense=row[12],
        lexical=row[13],
    )


def _row(question: Question, outcome: Outcome, locale: str) -> dict[str, Any]:
    usage = outcome.usage
    return {
        "id": question.id,
        "surface": question.surface,
        "text": question.text,
        "history": Jsonb([{"speaker": t.speaker, "text": t.text} for t in question.history]),
        "locale": locale,
        "audience": sorted(question.reader.labels),
        "outcome": outcome.kind.value,
        "reason": outcome.reason.value if outcome.reason else None,
        "detail": outcome.detail,
        "tags": list(outcome.tags),
        "evidence": outcome.evidence,
        "engine": outcome.engine,
        "model": outcome.model,
        "prompt_version": outcome.prompt_version,
        "embedding_index": outcome.embedding_index,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cost_usd": usage.cost_usd,
        "latency_ms": Jsonb({stage: round(ms, 2) for stage, ms in outcome.latency_ms.items()}),
    }


def _save_passages(connection: Connection, outcome: Outcome) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            _PASSAGES,
            [
                (
                    outcome.question_id,
                    rank,
                    each.source,
                    each.kind,
                    each.document_id,
                    each.chunk_id,
                    each.title,
                    each.link,
                    each.text,
                    list(each.audience),
                    each.score,
                    each.dense,
                    each.lexical,
                )
                for rank, each in enumerate(outcome.passages, start=1)
            ],
        )


def _save_statements(connection: Connection, outcome: Outcome) -> None:
    statements = enumerate(outcome.statements, start=1)
    citations = [
        (
            outcome.question_id,
            number,
            position,
            each.document_id,
            each.chunk_id,
            each.title,
            each.url,
            each.quote,
        )
        for number, statement in enumerate(outcome.statements, start=1)
        for position, each in enumerate(statement.citations, start=1)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            _STATEMENTS, [(outcome.question_id, number, each.text) for number, each in statements]
        )
        cursor.executemany(_CITATIONS, citations)
