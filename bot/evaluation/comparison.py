"""Two runs over the same cases, case by case: which got better, which got worse, and whether that
can be chance. Pure.

A figure that is yes or no in each case is compared by McNemar's exact test: of the cases that
changed, half should have changed either way by chance. All others by a bootstrap interval of the
mean difference over the same cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.evaluation.scorers import Interval, bootstrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Scores = Mapping[str, float]

SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One figure in two runs, over the `cases` that both scored. `better` and `worse` are ids of
    cases that changed. `p` is the probability of so uneven a change by chance, None for a figure
    that is no yes or no. `difference` is after less before."""

    figure: str
    cases: int
    before: float
    after: float
    difference: Interval
    better: tuple[str, ...]
    worse: tuple[str, ...]
    p: float | None

    @property
    def is_significant(self) -> bool:
        """Whether chance alone would hardly do it."""
        if self.p is not None:
            return self.p < SIGNIFICANT
        return not self.difference.low <= 0 <= self.difference.high

    @property
    def fell(self) -> bool:
        """Whether the figure is lower than it was."""
        return self.after < self.before


def compare(
    before: Mapping[str, Scores], after: Mapping[str, Scores], *, seed: int = 7
) -> tuple[Comparison, ...]:
    """Every figure that both runs have, in the order of the first; each mapping is of case id to
    figure to score, where more is better. Cases that only one run scored are left out."""
    shared = [case for case in before if case in after]
    figures = dict.fromkeys(name for case in shared for name in before[case])
    return tuple(
        found
        for figure in figures
        if (found := _compared(figure, shared, before, after, seed)) is not None
    )


def mcnemar(better: int, worse: int) -> float:
    """The two-sided exact probability of so uneven a split of the cases that changed."""
    changed = better + worse
    fewer = range(min(better, worse) + 1)
    return min(1.0, 2.0 * sum(math.comb(changed, each) / 2.0**changed for each in fewer))


def _compared(
    figure: str,
    cases: Iterable[str],
    before: Mapping[str, Scores],
    after: Mapping[str, Scores],
    seed: int,
) -> Comparison | None:
    scored = [
        (case, before[case][figure], after[case][figure])
        for case in cases
        if figure in before[case] and figure in after[case]
    ]
    if not scored:
        return None
    better = tuple(case for case, old, new in scored if new > old)
    worse = tuple(case for case, old, new in scored if new < old)
    return Comparison(
        figure=figure,
        cases=len(scored),
        before=_mean([old for _, old, _ in scored]),
        after=_mean([new for _, _, new in scored]),
        difference=bootstrap({"": [new - old for _, old, new in scored]}, seed=seed)[""],
        better=better,
        worse=worse,
        p=mcnemar(len(better), len(worse)) if _is_yes_or_no(scored) else None,
    )


def _is_yes_or_no(scored: Sequence[tuple[str, float, float]]) -> bool:
    return all(each in (0.0, 1.0) for _, old, new in scored for each in (old, new))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
