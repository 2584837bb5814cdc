"""What people say of answers: ratings with reasons, and articles that are wrong or missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, get_args
from uuid import UUID

import psycopg

from bot.errors import InputRejected

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

FeedbackReason = Literal["incorrect", "incomplete", "outdated", "irrelevant", "tone", "other"]
REASONS: tuple[str, ...] = get_args(FeedbackReason)
ReportKind = Literal["wrong", "missing"]

_LONGEST_COMMENT = 4_000

_RATE = """
INSERT INTO feedback (question_id, surface, person, helpful, reasons, comment)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (question_id, surface, person) DO UPDATE SET
    helpful = excluded.helpful, reasons = excluded.reasons, comment = excluded.comment,
    given_at = now()
"""

_REPORT = """
INSERT INTO knowledge_reports (question_id, kind, documents, comment, surface, person)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (question_id, kind, surface, person) DO UPDATE SET
    documents = excluded.documents, comment = excluded.comment, settled_at = NULL
RETURNING id
"""

_OPEN = """
SELECT report.id, report.question_id, question.text, report.kind, report.documents,
       report.comment, report.surface, report.person, report.reported_at
FROM knowledge_reports AS report JOIN questions AS question ON question.id = report.question_id
WHERE report.settled_at IS NULL ORDER BY report.reported_at DESC, report.id DESC LIMIT %s
"""

_SETTLE = "UPDATE knowledge_reports SET settled_at = now() WHERE id = %s AND settled_at IS NULL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rating:
    """What one person said of one answer."""

    surface: str
    person: str
    helpful: bool
    reasons: tuple[str, ...]
    comment: str
    given_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KnowledgeReport:
    """One article or several (`documents`, by id) that somebody says are wrong, or that none
    answers the question."""

    id: int
    question_id: UUID
    question: str
    kind: ReportKind
    documents: tuple[str, ...]
    comment: str
    surface: str
    person: str
    reported_at: datetime


class Feedback:
    """The books of it, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def rate(
        self,
        question_id: UUID,
        *,
        surface: str,
        person: str,
        helpful: bool,
        reasons: Sequence[str] = (),
        comment: str = "",
    ) -> None:
        """Takes a rating; the latest word of a person counts. Raises InputRejected for a reason
        that is not on the list, or a question that is not on record (any more)."""
        if unknown := sorted(set(reasons) - set(REASONS)):
            raise InputRejected(f"{unknown[0]!r} is no reason: use {', '.join(REASONS)}.")
        values = (
            question_id,
            surface,
            person,
            helpful,
            sorted(set(reasons)),
            _readable(comment),
        )
        self._write(_RATE, values)

    def of(self, question_id: UUID) -> tuple[Rating, ...]:
        """What everybody said of one answer, the newest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT surface, person, helpful, reasons, comment, given_at FROM feedback "
                "WHERE question_id = %s ORDER BY given_at DESC, surface, person",
                (question_id,),
            ).fetchall()
        return tuple(
            Rating(
                surface=row[0],
                person=row[1],
                helpful=row[2],
                reasons=tuple(row[3]),
                comment=row[4],
                given_at=row[5],
            )
            for row in rows
        )

    def report(
        self,
        question_id: UUID,
        *,
        kind: ReportKind,
        surface: str,
        person: str,
        documents: Sequence[str] = (),
        comment: str = "",
    ) -> None:
        """Puts articles on the list of gaps. Raises InputRejected as `rate` does."""
        values = (question_id, kind, list(documents), _readable(comment), surface, person)
        self._write(_REPORT, values)

    def open_reports(self, *, limit: int = 100) -> tuple[KnowledgeReport, ...]:
        """What nobody has dealt with yet, the newest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_OPEN, (limit,)).fetchall()
        return tuple(
            KnowledgeReport(
                id=row[0],
                question_id=row[1],
                question=row[2],
                kind=row[3],
                documents=tuple(row[4]),
                comment=row[5],
                surface=row[6],
                person=row[7],
                reported_at=row[8],
            )
            for row in rows
        )

    def settle(self, report_id: int) -> bool:
        """Takes a report off the list; False when it was not on it."""
        with self._pool.connection() as connection:
            return connection.execute(_SETTLE, (report_id,)).rowcount == 1

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        with self._pool.connection() as connection:
            try:
                connection.execute(statement, values)
            except psycopg.errors.ForeignKeyViolation:
                raise InputRejected(
                    f"There is no question {values[0]} on record (any more)."
                ) from None


def _readable(comment: str) -> str:
    """Without what the database refuses, and no longer than anybody reads."""
    cleaned = comment.replace("\x00", " ").encode("utf-8", errors="replace").decode()
    return cleaned.strip()[:_LONGEST_COMMENT]
