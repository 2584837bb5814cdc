"""Writes down every question with all that explains its answer, and reads it back.

One question is one transaction: its row, a copy of the passages that were found, and the
statements with their citations, so that an answer can be traced to its chunks even after the
article changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.models import Outcome, Question

_QUESTION = """
INSERT INTO questions (
    id, surface, text, history, locale, audience, sources, delivery, outcome, reason, detail, tags,
    evidence, engine, model, prompt_version, embedding_index, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, cost_usd, latency_ms
) VALUES (
    %(id)s, %(surface)s, %(text)s, %(history)s, %(locale)s, %(audience)s, %(sources)s,
    %(delivery)s, %(outcome)s,
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

# Without their text: it is read in the index for as long as it stands there.
_CUTS = """
INSERT INTO question_cuts (
    question_id, position, why, source, kind, document_id, chunk_id, title, url, audience, score,
    dense, lexical
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_CHECKS = """
INSERT INTO statement_checks (question_id, position, given, sent, result, detail)
VALUES (%s, %s, %s, %s, %s, %s)
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
            _save_reasons(connection, outcome)

    def set_aside(self, question_id: UUID, *, detail: str) -> None:
        """Notes that nothing was said to this question after all. `detail` tells an admin why."""
        with self._pool.connection() as connection:
            connection.execute(_SET_ASIDE, {"id": question_id, "detail": detail})

    def forget(self, question_id: UUID) -> None:
        """Forgets the words of a question that its author took back; that it was asked stays."""
        with self._pool.connection() as connection:
            connection.execute(_FORGET, (question_id,))

    def counts(self) -> tuple[OutcomeCount, ...]:
        """All questions so far, counted by outcome, reason and surface."""
        with self._pool.connection() as connection:
            rows = connection.execute(_COUNTS).fetchall()
        return tuple(
            OutcomeCount(outcome=row[0], reason=row[1], surface=row[2], questions=row[3])
            for row in rows
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
        "sources": None if question.sources is None else sorted(question.sources),
        "delivery": question.delivery,
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


def _save_reasons(connection: Connection, outcome: Outcome) -> None:
    """Why it is this answer: what was left out of the passages, and what of the statements."""
    cuts = [
        (
            outcome.question_id,
            position,
            each.why,
            each.passage.source,
            each.passage.kind,
            each.passage.document_id,
            each.passage.chunk_id,
            each.passage.title,
            each.passage.link,
            list(each.passage.audience),
            each.passage.score,
            each.passage.dense,
            each.passage.lexical,
        )
        for position, each in enumerate(outcome.cut, start=1)
    ]
    checks = [
        (outcome.question_id, position, each.given, each.sent, each.result, each.detail)
        for position, each in enumerate(outcome.checks, start=1)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_CUTS, cuts)
        cursor.executemany(_CHECKS, checks)
