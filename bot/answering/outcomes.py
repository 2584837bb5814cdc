"""What became of a question, from what an engine made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.answering.base import Draft, NoDraft
from bot.models import HandoffReason, Outcome, OutcomeKind

if TYPE_CHECKING:
    from bot.models import Question, StatementCheck
    from indexing.retrieval import Found


@dataclass(frozen=True, kw_only=True, slots=True)
class Answering:
    """What one engine made of the question."""

    result: Draft | NoDraft
    engine: str
    detail: str = ""
    checks: tuple[StatementCheck, ...] = ()


def outcome_of(
    question: Question, found: Found, answering: Answering, latency_ms: dict[str, float]
) -> Outcome:
    """Answered, drafted or handed off; `latency_ms` are the milliseconds by stage."""
    result = answering.result
    reason = result.reason if isinstance(result, NoDraft) else None
    detail = result.detail if isinstance(result, NoDraft) else ""
    answered = OutcomeKind.DRAFTED if question.delivery == "drafted" else OutcomeKind.ANSWERED
    return Outcome(
        question_id=question.id,
        kind=OutcomeKind.HANDED_OFF if reason else answered,
        reason=reason,
        detail=" ".join(part for part in (answering.detail, detail) if part),
        tags=_tags(reason),
        statements=result.statements if isinstance(result, Draft) else (),
        passages=found.passages,
        evidence=found.evidence,
        engine=answering.engine,
        model=result.model,
        prompt_version=result.prompt_version,
        embedding_index=found.index,
        usage=result.usage,
        latency_ms=latency_ms,
        cut=found.cut,
        checks=answering.checks,
    )


def handed_off(question: Question, *, reason: HandoffReason, detail: str) -> Outcome:
    """Handed off without an engine being asked."""
    return Outcome(
        question_id=question.id,
        kind=OutcomeKind.HANDED_OFF,
        reason=reason,
        detail=detail,
        tags=_tags(reason),
    )


def _tags(reason: HandoffReason | None) -> tuple[str, ...]:
    return ("supportbot_handoff", f"supportbot_{reason}") if reason else ()
