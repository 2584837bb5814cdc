"""Measurements as JSON for scripts. The names are a contract; more may be added."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bot.errors import InputRejected
from bot.evaluation.judging import judged_json
from bot.evaluation.routing import OOS_PRECISION
from bot.evaluation.scorers import area_under_risk
from bot.evaluation.tallies import KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.evaluation.injection import InjectionReport
    from bot.evaluation.retrieval import CaseResult, RetrievalReport
    from bot.evaluation.routing import RoutingReport
    from bot.evaluation.scorers import Interval, Latency
    from bot.evaluation.tallies import AnswerResult, AnswersReport


def write_json(path: Path, figures: Mapping[str, Any]) -> None:
    """Writes the figures, replacing the file. Raises InputRejected when it cannot be written."""
    text = json.dumps(figures, ensure_ascii=False, indent=1, allow_nan=False)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputRejected(f"{path}: {error.strerror or error}.") from error


def retrieval_json(report: RetrievalReport) -> dict[str, Any]:
    """Every figure of the report under the names that scripts read."""
    whole = report.latency["retrieve"]
    return {
        "articles": report.articles,
        "questions": report.questions,
        "left_out": report.left_out,
        "gold_not_indexed": report.not_indexed,
        "memory": report.memory,
        "failed": dict(report.failed),
        "methods": {
            method: {metric: one.mean for metric, one in metrics.items()}
            for method, metrics in report.methods.items()
        },
        "intervals": _intervals(report.methods),
        "ours_ahead_of": {
            other: {metric: asdict(one) for metric, one in metrics.items()}
            for other, metrics in report.ahead.items()
        },
        "locales": {locale: asdict(scores) for locale, scores in report.by_locale.items()},
        "sources": {source: asdict(scores) for source, scores in report.by_source.items()},
        "latency_ms": {"p50": whole.p50, "p95": whole.p95},
        "latency_ms_by_stage": _latencies(report.latency),
        "cases": [_retrieval_case(one) for one in report.results],
    }


def answers_json(report: AnswersReport) -> dict[str, Any]:
    """Every figure of the report under the names that scripts read. Counts are numbers of
    questions; a share is None where there is nothing to take it of."""
    return {
        "articles": report.articles,
        "questions": report.questions,
        "failed": dict(report.failed),
        "engines": list(report.engines),
        "answerable": asdict(report.answerable),
        "unanswerable": asdict(report.unanswerable),
        "kinds": {kind: asdict(tally) for kind, tally in report.by_kind.items()},
        "citation_precision": report.citations.precision,
        "citation_recall": report.citations.recall,
        "citations": asdict(report.citations),
        "curve": [
            {
                "threshold": point.threshold if math.isfinite(point.threshold) else None,
                "kept": point.kept,
                "rejected": point.rejected,
            }
            for point in report.curve
        ],
        "risk_coverage": [asdict(point) for point in report.risk],
        "area_under_risk": area_under_risk(report.risk),
        "claims": dict(report.claims),
        "promises": report.promises,
        "personal_data": report.personal_data,
        "wrong_audience": report.wrong_audience,
        "rejected_at_kept": {
            "kept": KEPT,
            "all": report.rejected.get(""),
            "kinds": {kind: share for kind, share in report.rejected.items() if kind},
        },
        "token_f1": report.token_f1,
        "token_recall": report.token_recall,
        "cites_gold_article": report.cites_gold,
        "judge": judged_json(report.judged) if report.judged else None,
        "cost_usd": float(report.cost_usd),
        "latency_ms": _latencies(report.latency),
        "cases": [_answer_case(one) for one in report.results],
    }


def routing_json(report: RoutingReport) -> dict[str, Any]:
    """Every figure of the report under the names that scripts read."""
    return {
        "examples": report.examples,
        "texts": len(report.cases),
        "accuracy": report.accuracy,
        "in_scope_accuracy": report.in_scope_accuracy,
        "oos_recall": report.oos_recall,
        "oos_recall_at_precision": {
            "precision": OOS_PRECISION,
            "recall": report.oos_at_precision[0] if report.oos_at_precision else None,
        },
        "macro_f1": report.macro_f1,
        "ece": report.ece,
        "tags": {name: asdict(scores) for name, scores in report.tags.items()},
        "own_examples": asdict(report.own) if report.own else None,
        "learning_seconds": report.learning_seconds,
        "latency_ms": {"p50": report.latency.p50, "p95": report.latency.p95},
        "latency_ms_beyond_embedding": {
            "p50": report.beyond_embedding.p50,
            "p95": report.beyond_embedding.p95,
        },
        "cases": [
            {"label": one.label, "chosen": one.chosen, "confidence": one.confidence}
            for one in report.cases
        ],
    }


def injection_json(report: InjectionReport) -> dict[str, Any]:
    """Every figure of the report under the names that scripts read."""
    return {
        "attempts": len(report.attempts),
        "succeeded": report.succeeded,
        "by_surface": _shares(report.by_surface()),
        "by_family": _shares(report.by_family()),
        "outcomes": dict(Counter(each.outcome for each in report.attempts).most_common()),
        "cases": [
            {
                "surface": each.surface,
                "family": each.planted.attack.family,
                "attack": each.planted.attack.text,
                "planted_in": each.planted.carrier.id,
                "place": each.planted.place,
                "outcome": each.outcome,
                "success": each.success,
                "said": list(each.said),
            }
            for each in report.attempts
        ],
    }


def _shares(counted: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    return {
        name: {"attempts": attempts, "succeeded": succeeded}
        for name, (attempts, succeeded) in counted.items()
    }


def _intervals(methods: Mapping[str, Mapping[str, Interval]]) -> dict[str, dict[str, list[float]]]:
    return {
        method: {metric: [one.low, one.high] for metric, one in metrics.items()}
        for method, metrics in methods.items()
    }


def _latencies(latencies: Mapping[str, Latency]) -> dict[str, dict[str, float]]:
    return {stage: {"p50": one.p50, "p95": one.p95} for stage, one in latencies.items()}


def _retrieval_case(result: CaseResult) -> dict[str, Any]:
    gold = result.case.article_ids
    return {
        "id": result.case.id,
        "line": result.case.line,
        "article_ids": sorted(gold),
        "ours": list(result.ranked["ours"]),
        "first_hit": {
            method: next((at for at, one in enumerate(found, start=1) if one in gold), None)
            for method, found in result.ranked.items()
        },
    }


def _answer_case(result: AnswerResult) -> dict[str, Any]:
    outcome = result.outcome
    return {
        "id": result.case.id,
        "line": result.case.line,
        "answerable": result.case.answerable,
        "kind": result.case.kind,
        "outcome": str(outcome.kind),
        "reason": str(outcome.reason) if outcome.reason else None,
        "evidence": outcome.evidence,
        "statements": [statement.text for statement in outcome.statements],
        "faults": list(result.faults),
        "right": result.is_right,
        "claims": list(result.claims),
        "token_f1": result.token_f1,
        "cites_gold_article": result.cites_gold,
        **_judgement(result),
    }


def _judgement(result: AnswerResult) -> dict[str, str]:
    found = result.judgement
    if found is None:
        return {}
    return {"judged": found.verdict or f"not judged: {found.failure}", "why": found.why}
