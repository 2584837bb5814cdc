"""A second look at a sample of the answers that people were given, off the hot path.

Each statement is held to the words that it cites by the scorer that judges evaluations, which is
not what decided that it may be sent, and by the claim check, which an answer that was only shown
has not been through. What people said of answers is looked up as well, so that the look can be
held to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb
from pydantic import Field

from bot.answering.checking import check
from bot.evaluation.citations import CitationScore, score_answer
from bot.preferences import Preference
from bot.recorded import recorded
from indexing.errors import IndexMissing
from indexing.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.models import Citation, Outcome
    from bot.preferences import Preferences
    from bot.recorded import Recorded

# What people judged is looked at whether chance chose it or not; it comes first, being rarer.
_DUE = """
SELECT given.question_id, given.sent_at, is_sampled(given.question_id, %(share)s)
FROM given_answers AS given
LEFT JOIN answer_checks AS done ON done.question_id = given.question_id
LEFT JOIN judged_answers AS judged ON judged.question_id = given.question_id
WHERE given.sent_at > now() - %(within)s
  AND (done.question_id IS NULL OR (NOT done.sampled
                                    AND is_sampled(given.question_id, %(share)s)))
  AND (judged.question_id IS NOT NULL OR is_sampled(given.question_id, %(share)s))
ORDER BY judged.question_id IS NULL, given.sent_at, given.question_id LIMIT %(most)s
"""

_KEEP = """
INSERT INTO answer_checks (question_id, statements, supported, citations, needed, gone, faults,
                           sampled, sent_at)
SELECT id, %(statements)s, %(supported)s, %(citations)s, %(needed)s, %(gone)s, %(faults)s,
       %(sampled)s, %(sent_at)s
FROM questions WHERE id = %(question)s
ON CONFLICT (question_id) DO UPDATE SET sampled = answer_checks.sampled OR excluded.sampled
"""

_HELD = """
SELECT passage.id, passage.heading_path, passage.text FROM {passages} AS passage
JOIN documents AS document ON document.pk = passage.document_pk
WHERE passage.id = ANY(%s)
"""


_GONE: tuple[Sequence[str], str] = ((), "")


class AnswerChecks(Preference):
    """Which share of the answers is looked at again, and for how long after they were given."""

    NAME: ClassVar[str] = "answer_checks"

    share: float = Field(default=0.1, ge=0, le=1)
    within_days: int = Field(default=30, ge=1, le=365)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a second look found in one answer. `gone` counts citations whose words no longer stand
    in the index: the article has changed since, or is no more. `faults` names what the claim check
    found, by the statement's number."""

    question_id: UUID
    score: CitationScore
    gone: int
    faults: tuple[tuple[int, str], ...]


class Rechecking:
    """Looks again, and keeps what was found."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]], preferences: Preferences) -> None:
        self._pool = pool
        self._preferences = preferences

    def run(self, *, most: int = 500, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Looks at so many answers at most that are due; returns how many it were. Safe in any
        number at once, and at any time again."""
        looked = 0
        for question, sent_at, sampled in self._due(most):
            if should_stop():
                break
            known = recorded(self._pool, question)
            if known is not None:  # it may have been forgotten just now
                self._keep(self.look(known), sent_at=sent_at, sampled=sampled)
                looked += 1
        return looked

    def look(self, known: Recorded) -> Look:
        """What a second look at this answer finds. Writes nothing."""
        outcome, question = known.outcome, known.question
        held = self._held(outcome)
        score = score_answer(
            outcome.statements,
            invalid=[one for one in _cited(outcome) if not _is_true(one, outcome)],
            test="exact" if outcome.engine == "extractive" else "words",
            headings={
                one: [one.title, *held.get(one.chunk_id, _GONE)[0]] for one in _cited(outcome)
            },
        )
        verdicts = check(
            outcome.statements, outcome.passages, question.text, question.locale or "en"
        ).verdicts
        return Look(
            question_id=outcome.question_id,
            score=score,
            gone=sum(one.quote not in held.get(one.chunk_id, _GONE)[1] for one in _cited(outcome)),
            faults=tuple(
                (number, str(verdict.finding.fault))
                for number, verdict in enumerate(verdicts, start=1)
                if verdict.finding is not None
            ),
        )

    def _due(self, most: int) -> list[tuple[UUID, Any, bool]]:
        chosen = self._preferences.get(AnswerChecks)
        asked = {"share": chosen.share, "within": timedelta(days=chosen.within_days), "most": most}
        with self._pool.connection() as connection:
            return connection.execute(_DUE, asked).fetchall()

    def _keep(self, look: Look, *, sent_at: object, sampled: bool) -> None:
        score = look.score
        values = {
            "question": look.question_id,
            "statements": score.statements,
            "supported": score.supported,
            "citations": score.citations,
            "needed": score.needed,
            "gone": look.gone,
            "faults": Jsonb([{"statement": at, "fault": fault} for at, fault in look.faults]),
            "sampled": sampled,
            "sent_at": sent_at,
        }
        with self._pool.connection() as connection:
            connection.execute(_KEEP, values)

    def _held(self, outcome: Outcome) -> dict[str, tuple[Sequence[str], str]]:
        """Chunk id to headings and text of what is in the live index by now."""
        ids = sorted({one.chunk_id for one in _cited(outcome)})
        with self._pool.connection() as connection:
            try:
                passages = Index.live(connection).table
            except IndexMissing:
                return {}
            rows = connection.execute(sql.SQL(_HELD).format(passages=passages), (ids,)).fetchall()
        return {row[0]: (row[1], row[2]) for row in rows}


def _cited(outcome: Outcome) -> Iterator[Citation]:
    for statement in outcome.statements:
        yield from statement.citations


def _is_true(citation: Citation, outcome: Outcome) -> bool:
    """Whether the quote stands in the passage as it was when the answer was given."""
    return any(
        each.chunk_id == citation.chunk_id and citation.quote in each.text
        for each in outcome.passages
    )
