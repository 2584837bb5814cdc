"""Counts and means over judged answers: what became of whom, and how good the answers were."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bot.answering.checking.verdicts import Fault
from bot.evaluation.citations import NOT_READABLE, CitationScore
from bot.evaluation.scorers import (
    CurvePoint,
    Latency,
    RiskPoint,
    abstention_curve,
    latency,
    rejected_at,
    risk_curve,
)
from bot.models import HandoffReason, Outcome, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.evaluation.cases import Case
    from bot.evaluation.judge import Judgement
    from bot.evaluation.judging import Judged

KEPT = 0.9
"""The share of answerable questions to keep where one figure must stand for the curve."""

WORDS_ENOUGH = 0.5
"""Of the reference's words: an answer that holds fewer says something else."""

# Hand-offs because the knowledge was too thin. All others (asked for a person, a sensitive
# matter, the engine is down) say nothing about evidence and are counted apart.
ABSTAINED = frozenset(
    {
        HandoffReason.MISSING_KNOWLEDGE,
        HandoffReason.LOW_CONFIDENCE,
        HandoffReason.UNVERIFIED_ANSWER,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerResult:
    """One question with its outcome. `faults` says what is wrong with its citations; the
    overlaps compare with the reference text and are None where there is nothing to compare;
    `cites_gold` tells whether a gold article is cited, None when the case names none. `claims` is
    what the claim check finds in the statements (a fault each), `personal_data` counts statements
    with data of a person that their source does not hold; `judgement` is a judge's, where one was
    asked."""

    case: Case
    outcome: Outcome
    milliseconds: float
    citations: CitationScore
    faults: tuple[str, ...]
    token_f1: float | None
    token_recall: float | None
    cites_gold: bool | None
    claims: tuple[str, ...] = ()
    personal_data: int = 0
    judgement: Judgement | None = None

    @property
    def said(self) -> str:
        """All statements as one text, "" where nothing was said."""
        return " ".join(statement.text for statement in self.outcome.statements)

    @property
    def is_right(self) -> bool:
        """Whether it became of the question what should: an answer that cites an article which has
        it, or says what the reference says where no article is named; else a hand-off."""
        if not self.case.answerable:
            return not self.answered
        if not self.answered or self.faults:
            return False
        if self.cites_gold is not None:
            return self.cites_gold
        return self.token_recall is None or self.token_recall >= WORDS_ENOUGH

    @property
    def answered(self) -> bool:
        return self.outcome.kind in {OutcomeKind.ANSWERED, OutcomeKind.DRAFTED}

    @property
    def abstained(self) -> bool:
        return self.outcome.reason in ABSTAINED


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What became of a group of questions, in numbers of questions. `abstained` counts the
    hand-offs for lack of knowledge among `handed_off`."""

    questions: int
    answered: int
    handed_off: int
    abstained: int
    ignored: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswersReport:
    """The whole measurement; means are over the answered questions that have something to
    compare with, None when there are none. `rejected` is the share of unanswerable questions
    that are rejected while KEPT of the answerable ones are answered, by kind ("" is all). `claims`
    counts statements by what the claim check finds in them, `promises` those that only people may
    say; `wrong_audience` counts citations of what the reader may not read. `judged` is
    what a judge said, where one was asked; that costs beside `cost_usd`."""

    articles: int
    questions: int
    failed: Mapping[str, str]
    answerable: Tally
    unanswerable: Tally
    by_kind: Mapping[str, Tally]
    citations: CitationScore
    claims: Mapping[str, int]
    promises: int
    personal_data: int
    wrong_audience: int
    curve: tuple[CurvePoint, ...]
    risk: tuple[RiskPoint, ...]
    rejected: Mapping[str, float]
    token_f1: float | None
    token_recall: float | None
    cites_gold: float | None
    latency: Mapping[str, Latency]
    engines: tuple[str, ...]
    cost_usd: Decimal
    results: tuple[AnswerResult, ...]
    judged: Judged | None = None


def answers_report(
    results: Sequence[AnswerResult], *, articles: int, failed: Mapping[str, str]
) -> AnswersReport:
    """Everything there is to say about these results."""
    answerable = [one for one in results if one.case.answerable]
    unanswerable = [one for one in results if not one.case.answerable]
    claims = Counter(fault for one in results for fault in one.claims)
    return AnswersReport(
        articles=articles,
        questions=len(results),
        failed=failed,
        answerable=_tally(answerable),
        unanswerable=_tally(unanswerable),
        by_kind={kind: _tally(_of_kind(results, kind)) for kind in _kinds(results)},
        citations=sum((one.citations for one in results), start=CitationScore()),
        claims=dict(claims.most_common()),
        promises=claims[Fault.PROMISE] + claims[Fault.OWN_CASE],
        personal_data=sum(one.personal_data for one in results),
        wrong_audience=sum(one.faults.count(NOT_READABLE) for one in results),
        risk=tuple(
            risk_curve(
                [(one.outcome.evidence, one.is_right) for one in results if one.answered],
                asked=len(results),
            )
        ),
        curve=tuple(abstention_curve(_evidence(answerable), _evidence(unanswerable))),
        rejected=_rejected(answerable, unanswerable),
        token_f1=_mean(one.token_f1 for one in results),
        token_recall=_mean(one.token_recall for one in results),
        cites_gold=_mean(one.cites_gold for one in results if one.case.answerable),
        latency=_latency(results),
        engines=tuple(sorted({_engine(one.outcome) for one in results if one.outcome.engine})),
        cost_usd=sum((one.outcome.usage.cost_usd for one in results), start=Decimal(0)),
        results=tuple(results),
    )


def _tally(results: Sequence[AnswerResult]) -> Tally:
    reasons = Counter(str(one.outcome.reason) for one in results if one.outcome.reason)
    return Tally(
        questions=len(results),
        answered=sum(one.answered for one in results),
        handed_off=sum(one.outcome.kind is OutcomeKind.HANDED_OFF for one in results),
        abstained=sum(one.abstained for one in results),
        ignored=sum(one.outcome.kind is OutcomeKind.IGNORED for one in results),
        reasons=dict(reasons.most_common()),
    )


def _kinds(results: Iterable[AnswerResult]) -> list[str]:
    return list(dict.fromkeys(one.case.kind for one in results if one.case.kind))


def _of_kind(results: Iterable[AnswerResult], kind: str) -> list[AnswerResult]:
    return [one for one in results if one.case.kind == kind]


def _evidence(results: Iterable[AnswerResult]) -> list[float]:
    """Evidence of the questions that evidence decided; none for what an engine was asked and
    found unanswerable, because no threshold would have answered that."""
    return [
        0.0 if one.abstained and one.outcome.engine else one.outcome.evidence
        for one in results
        if one.answered or one.abstained
    ]


def _rejected(
    answerable: Sequence[AnswerResult], unanswerable: Sequence[AnswerResult]
) -> dict[str, float]:
    groups = {"": unanswerable}
    groups |= {kind: _of_kind(unanswerable, kind) for kind in _kinds(unanswerable)}
    shares = {
        kind: rejected_at(_evidence(answerable), _evidence(group), kept=KEPT)
        for kind, group in groups.items()
    }
    return {kind: share for kind, share in shares.items() if share is not None}


def _mean(values: Iterable[float | None]) -> float | None:
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else None


def _latency(results: Sequence[AnswerResult]) -> dict[str, Latency]:
    stages = dict.fromkeys(stage for one in results for stage in one.outcome.latency_ms)
    measured = {
        stage: [one.outcome.latency_ms[stage] for one in results if stage in one.outcome.latency_ms]
        for stage in stages
    }
    measured["respond"] = [one.milliseconds for one in results]
    return {stage: latency(values) for stage, values in measured.items()}


def _engine(outcome: Outcome) -> str:
    return " ".join(
        part for part in (outcome.engine, outcome.model, outcome.prompt_version) if part
    )
