"""Scores as pure functions: ranking, intervals, latency, word overlap, abstention."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Key = TypeVar("Key")

RRF_K = 60
"""The constant of stock reciprocal rank fusion (Cormack et al. 2009, and every library since)."""

METRICS = ("hit@1", "hit@5", "hit@10", "recall@10", "mrr@10")

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A mean over cases with the bounds of its bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Milliseconds over `count` measurements; zeros when there were none."""

    p50: float
    p95: float
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvePoint:
    """At this threshold: the share of answerable questions that are answered (`kept`) and the
    share of unanswerable ones that are not (`rejected`)."""

    threshold: float
    kept: float
    rejected: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskPoint:
    """Answering only with at least `threshold` evidence: the share of all questions that are
    answered (`coverage`), and of those the share whose answer is wrong (`risk`)."""

    threshold: float
    coverage: float
    risk: float


def ranking(ranked: Sequence[str], gold: frozenset[str]) -> dict[str, float]:
    """METRICS of one question from distinct document ids, best first. A hit is any one of
    the gold ids; recall@10 is the share of them in the first ten; mrr@10 is one over the
    first hit's rank, 0 below ten. Raises ValueError for a repeated id or no gold."""
    if not gold:
        raise ValueError("There is no gold id to look for.")
    if len(set(ranked)) != len(ranked):
        raise ValueError("A document is ranked twice.")
    first = next((rank for rank, one in enumerate(ranked[:10], start=1) if one in gold), None)
    return {
        "hit@1": float(first == 1),
        "hit@5": float(first is not None and first <= 5),
        "hit@10": float(first is not None),
        "recall@10": len(gold.intersection(ranked[:10])) / len(gold),
        "mrr@10": 1 / first if first else 0.0,
    }


def reciprocal_rank_fusion(*rankings: Sequence[str]) -> list[str]:
    """Equal-weight reciprocal rank fusion, best first; ties keep the order of first mention."""
    scores: dict[str, float] = {}
    for ranked in rankings:
        for rank, one in enumerate(ranked, start=1):
            scores[one] = scores.get(one, 0.0) + 1 / (RRF_K + rank)
    return sorted(scores, key=lambda one: -scores[one])


def bootstrap(
    columns: Mapping[Key, Sequence[float]],
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 7,
) -> dict[Key, Interval]:
    """The mean of each column with its percentile interval over resampled cases. All columns
    are resampled together, so a column of differences gives a paired comparison. Empty
    columns give no entry."""
    filled = {name: values for name, values in columns.items() if len(values)}
    if not filled:
        return {}
    table = np.asarray(list(filled.values()), dtype=np.float64).T
    count = table.shape[0]
    draws = np.random.default_rng(seed).multinomial(
        count, np.full(count, 1 / count), size=resamples
    )
    means = draws @ table / count
    tail = (1 - confidence) / 2 * 100
    low, high = np.percentile(means, [tail, 100 - tail], axis=0)
    return {
        name: Interval(
            mean=float(table[:, column].mean()), low=float(low[column]), high=float(high[column])
        )
        for column, name in enumerate(filled)
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie, interpolated; 0.0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def latency(milliseconds: Sequence[float]) -> Latency:
    """Median and 95th percentile of these measurements."""
    return Latency(
        p50=percentile(milliseconds, 0.5),
        p95=percentile(milliseconds, 0.95),
        count=len(milliseconds),
    )


def words(text: str) -> list[str]:
    """The text's words without case or punctuation; Chinese and Japanese by character."""
    return _WORD.findall(text.casefold())


def token_f1(answer: str, references: Sequence[str]) -> float:
    """Word overlap of an answer with the closest of its references: the harmonic mean of
    precision and recall over words, as SQuAD scores it but with every word counted."""
    return max((_f1(Counter(words(answer)), Counter(words(one))) for one in references), default=0)


def token_recall(answer: str, references: Sequence[str]) -> float:
    """The share of the closest reference's words that the answer holds: fair to an answer
    that quotes a whole sentence where the reference is three words."""
    found = Counter(words(answer))
    return max((_overlap(found, Counter(words(one))) for one in references), default=0.0)


def abstention_curve(
    answerable: Sequence[float], unanswerable: Sequence[float], *, points: int = 200
) -> list[CurvePoint]:
    """Sweeps a threshold over evidence (answered when evidence >= threshold), from keeping
    everything to keeping nothing, in at most about `points` steps. Empty when either side is."""
    if not answerable or not unanswerable:
        return []
    steps = sorted({*answerable, *unanswerable})
    if len(steps) > points:
        steps = [steps[round(at * (len(steps) - 1) / (points - 1))] for at in range(points)]
    curve = [_curve_point(step, answerable, unanswerable) for step in steps]
    return [*curve, CurvePoint(threshold=float("inf"), kept=0.0, rejected=1.0)]


def rejected_at(
    answerable: Sequence[float], unanswerable: Sequence[float], *, kept: float
) -> float | None:
    """The share of unanswerable questions rejected by the highest threshold that still keeps
    `kept` (0..1) of the answerable ones; None when either side is empty or none keeps so many."""
    if not answerable or not unanswerable:
        return None
    points = [_curve_point(step, answerable, unanswerable) for step in {*answerable}]
    return max((point.rejected for point in points if point.kept >= kept), default=None)


def risk_curve(answered: Sequence[tuple[float, bool]], *, asked: int) -> list[RiskPoint]:
    """From the strictest threshold to the one that answers all of these (evidence, whether right),
    of `asked` questions in all; questions with the same evidence are answered together."""
    surest = sorted(answered, key=lambda each: -each[0])
    curve, wrong = [], 0
    for number, (evidence, right) in enumerate(surest, start=1):
        wrong += not right
        if number == len(surest) or surest[number][0] != evidence:
            curve.append(
                RiskPoint(threshold=evidence, coverage=number / asked, risk=wrong / number)
            )
    return curve


def area_under_risk(curve: Sequence[RiskPoint]) -> float | None:
    """The mean risk over all coverages that the curve reaches: 0 is perfect; None of none."""
    if not curve:
        return None
    before, area = 0.0, 0.0
    for point in curve:
        area += (point.coverage - before) * point.risk
        before = point.coverage
    return area / before


def recall_at_precision(
    found: Sequence[tuple[float, bool]], *, precision: float
) -> tuple[float, float] | None:
    """Of those that are meant (score, whether meant), the largest share that is found where at
    least `precision` of what is found is meant, and the lowest score that is taken then. None
    where nothing is meant, or no threshold is as precise."""
    meant = sum(is_meant for _, is_meant in found)
    surest = sorted(found, key=lambda each: -each[0])
    best, right = None, 0
    for number, (score, is_meant) in enumerate(surest, start=1):
        right += is_meant
        last = number == len(surest) or surest[number][0] != score
        if meant and last and right >= precision * number:
            best = (right / meant, score)
    return best


def _curve_point(
    threshold: float, answerable: Sequence[float], unanswerable: Sequence[float]
) -> CurvePoint:
    return CurvePoint(
        threshold=threshold,
        kept=sum(value >= threshold for value in answerable) / len(answerable),
        rejected=sum(value < threshold for value in unanswerable) / len(unanswerable),
    )


def _overlap(found: Counter[str], reference: Counter[str]) -> float:
    total = reference.total()
    return (found & reference).total() / total if total else 0.0


def _f1(found: Counter[str], reference: Counter[str]) -> float:
    shared = (found & reference).total()
    return 2 * shared / (found.total() + reference.total()) if shared else 0.0
