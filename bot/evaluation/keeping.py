"""From a report to what is kept of it: each case with its scores, where more is better. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from bot.evaluation.report import answers_json, injection_json, retrieval_json, routing_json
from bot.evaluation.runs import KeptResult, Measurement, RunKind, Setup
from bot.evaluation.several import several_json
from connectors.zendesk.personal_data import without_personal_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.evaluation.cases import Case
    from bot.evaluation.injection import InjectionReport
    from bot.evaluation.retrieval import RetrievalReport
    from bot.evaluation.routing import RoutingReport
    from bot.evaluation.several import SeveralReport
    from bot.evaluation.tallies import AnswerResult, AnswersReport

_SHOWN = 300
"""Characters of a question that are kept with a result, so that people know which it was."""


def retrieval_measured(
    report: RetrievalReport, *, cases_name: str, cases: Sequence[Case], setup: Setup
) -> Measurement:
    """What is kept of a measurement of retrieval: how `ours` ranked each case."""
    results = tuple(
        _kept(
            each.case,
            scores=each.scores["ours"],
            detail={
                "ranked": list(each.ranked["ours"]),
                "expected": sorted(each.case.article_ids),
                "locale": each.case.locale or "",
            },
        )
        for each in report.results
    )
    return _measurement("retrieval", retrieval_json(report), results, cases_name, cases, setup)


def answers_measured(
    report: AnswersReport, *, cases_name: str, cases: Sequence[Case], setup: Setup
) -> Measurement:
    """What is kept of a measurement of answers: what became of each case, and whether that was
    right."""
    results = tuple(
        _kept(each.case, scores=answer_scores(each), detail=_answer_detail(each))
        for each in report.results
    )
    return _measurement("answers", answers_json(report), results, cases_name, cases, setup)


def routing_measured(report: RoutingReport, *, cases_name: str, setup: Setup) -> Measurement:
    """What is kept of a measurement of routing: which tag each text got."""
    results = tuple(
        KeptResult(
            case_id=f"text {number}",
            question=_shown(each.text),
            scores={"right": float(each.label == each.chosen)},
            detail={
                "label": each.label,
                "chosen": each.chosen,
                "confidence": round(each.confidence, 4),
            },
        )
        for number, each in enumerate(report.cases, start=1)
    )
    told = ((each.text, each.label) for each in report.cases)
    return Measurement(
        kind="routing",
        cases_name=cases_name,
        cases_hash=_hash(told),
        setup=setup,
        figures=_without_cases(routing_json(report)),
        results=results,
    )


def several_measured(report: SeveralReport, *, cases_name: str, setup: Setup) -> Measurement:
    """The same of texts that may have several tags."""
    results = tuple(
        KeptResult(
            case_id=f"text {number}",
            question=_shown(each.text),
            scores={"right": float(each.wanted == each.chosen)},
            detail={"labels": sorted(each.wanted), "chosen": sorted(each.chosen)},
        )
        for number, each in enumerate(report.cases, start=1)
    )
    told = ((each.text, sorted(each.wanted)) for each in report.cases)
    return Measurement(
        kind="routing",
        cases_name=cases_name,
        cases_hash=_hash(told),
        setup=setup,
        figures=_without_cases(several_json(report)),
        results=results,
    )


def injection_measured(report: InjectionReport, *, cases_name: str, setup: Setup) -> Measurement:
    """What is kept of attacks: which were withstood."""
    results = tuple(
        KeptResult(
            case_id=f"{each.surface} {number}",
            question=_shown(each.planted.attack.text),
            scores={"withstood": float(not each.success)},
            detail={
                "family": each.planted.attack.family,
                "planted_in": each.planted.carrier.id,
                "place": each.planted.place,
                "outcome": each.outcome,
                "success": each.success,
            },
        )
        for number, each in enumerate(report.attempts, start=1)
    )
    told = ((each.surface, each.planted.text) for each in report.attempts)
    return Measurement(
        kind="injection",
        cases_name=cases_name,
        cases_hash=_hash(told),
        setup=setup,
        figures=_without_cases(injection_json(report)),
        results=results,
    )


def answer_scores(result: AnswerResult) -> dict[str, float]:
    """The figures of one answered case that can be compared; those without anything to compare
    with are left out."""
    scores = {"right": float(result.is_right)}
    if result.case.answerable:
        scores["answered"] = float(result.answered)
    else:
        scores["left to people"] = float(not result.answered)
    compared = {
        "citation recall": result.citations.recall,
        "citation precision": result.citations.precision,
        "cites the article": None if result.cites_gold is None else float(result.cites_gold),
        "words of the reference": result.token_recall,
        "judged correct": _judged_correct(result),
    }
    return scores | {name: value for name, value in compared.items() if value is not None}


def _judged_correct(result: AnswerResult) -> float | None:
    found = result.judgement
    return None if found is None or found.verdict is None else float(found.verdict == "correct")


def cases_hash(cases: Iterable[Case]) -> str:
    """The same for the same cases in the same order."""
    return _hash(
        (
            each.id,
            each.question,
            sorted(each.article_ids),
            each.answerable,
            each.answers,
            each.locale,
            sorted(each.reader.labels),
        )
        for each in cases
    )


def _answer_detail(result: AnswerResult) -> dict[str, Any]:
    outcome = result.outcome
    return {
        "outcome": str(outcome.kind),
        "reason": str(outcome.reason) if outcome.reason else "",
        "answerable": result.case.answerable,
        "evidence": round(outcome.evidence, 4),
        "faults": list(result.faults),
        "milliseconds": round(result.milliseconds, 1),
        "cited": sorted({one.document_id for said in outcome.statements for one in said.citations}),
        "judged": (result.judgement.verdict or "") if result.judgement else "",
    }


def _kept(case: Case, *, scores: Any, detail: dict[str, Any]) -> KeptResult:
    return KeptResult(
        case_id=case.id,
        question=_shown(case.question),
        scores=dict(scores),
        detail=detail,
        stored=case.stored,
    )


def _measurement(
    kind: RunKind,
    figures: dict[str, Any],
    results: tuple[KeptResult, ...],
    cases_name: str,
    cases: Sequence[Case],
    setup: Setup,
) -> Measurement:
    return Measurement(
        kind=kind,
        cases_name=cases_name,
        cases_hash=cases_hash(cases),
        setup=setup,
        figures=_without_cases(figures),
        results=results,
    )


def _without_cases(figures: dict[str, Any]) -> dict[str, Any]:
    """Cases are rows of their own."""
    return {name: value for name, value in figures.items() if name != "cases"}


def _shown(text: str) -> str:
    return without_personal_data(" ".join(text.split()))[:_SHOWN]


def _hash(parts: Iterable[object]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(f"{part!r}\0".encode())
    return digest.hexdigest()
