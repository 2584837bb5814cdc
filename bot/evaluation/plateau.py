"""Whether retrieval still gets better, told from the runs that were kept. Pure.

Tuning how answers are written is for when finding passages has stopped being what is in the way.
That is no feeling: the latest runs over the same cases say how much the latest changes brought,
with an interval, and it has plateaued once even the upper end of that is less than is worth it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.evaluation.scorers import Interval, bootstrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Trend = Literal["rising", "plateaued", "falling", "unknown"]

FIGURE = "hit@5"
RUNS = 3
"""So many different setups are needed to speak of a trend."""

WORTH = 0.02
"""A gain of less than this is no gain that anybody would notice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plateau:
    """The latest `runs` runs over `cases` common cases. `gain` is what the newest brought over the
    oldest of them, None where there are too few."""

    trend: Trend
    runs: int
    cases: int
    latest: float | None
    gain: Interval | None


def plateau(runs: Sequence[Mapping[str, float]], *, worth: float = WORTH, seed: int = 7) -> Plateau:
    """From runs of different setups, the oldest first: case id to score."""
    latest = runs[-RUNS:]
    shared = [case for case in latest[0] if all(case in one for one in latest)] if latest else []
    if len(latest) < RUNS or not shared:
        newest = list(latest[-1].values()) if latest else []
        mean = sum(newest) / len(newest) if newest else None
        return Plateau(trend="unknown", runs=len(latest), cases=len(shared), latest=mean, gain=None)
    gains = [latest[-1][case] - latest[0][case] for case in shared]
    gain = bootstrap({"": gains}, seed=seed)[""]
    return Plateau(
        trend=_trend(gain, worth),
        runs=len(latest),
        cases=len(shared),
        latest=sum(latest[-1][case] for case in shared) / len(shared),
        gain=gain,
    )


def _trend(gain: Interval, worth: float) -> Trend:
    if gain.high < 0:
        return "falling"
    if gain.high < worth:
        return "plateaued"
    return "rising" if gain.low > 0 else "unknown"
