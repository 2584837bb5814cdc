"""How far a judge agrees with people on the same answers, beyond what chance would give. Pure.

Both say "correct" or not. Where one of the two says nearly always the same, raw agreement is high
whatever the other says; Cohen's kappa takes off what two who do not look would agree on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.evaluation.advice import wilson
from bot.evaluation.scorers import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_LABELS = 30
"""With fewer, an interval of kappa is about as wide as everything that kappa may be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Over `labels` answers that both judged. `lenient` counts those that only the judge calls
    correct, `strict` those that only people do. `raw` and `kappa` are None where `missing` labels
    are needed first; kappa also where both always say the same word, which chance does as well."""

    labels: int
    lenient: int
    strict: int
    raw: Interval | None
    kappa: Interval | None

    @property
    def missing(self) -> int:
        """How many labels are needed before the agreement can be told."""
        return max(0, FEWEST_LABELS - self.labels)


def agreement(pairs: Sequence[tuple[bool, bool]]) -> Agreement:
    """From pairs (whether people, whether the judge calls an answer correct). The bounds are those
    of raw agreement (Wilson), with chance agreement taken as it was found (Cohen 1960)."""
    count = len(pairs)
    lenient = sum(judge and not people for people, judge in pairs)
    strict = sum(people and not judge for people, judge in pairs)
    agreed = count - lenient - strict
    raw = kappa = None
    if count >= FEWEST_LABELS:
        low, high = wilson(agreed, count)
        raw = Interval(mean=agreed / count, low=low, high=high)
        people, judge = (sum(pair[at] for pair in pairs) / count for at in (0, 1))
        chance = people * judge + (1 - people) * (1 - judge)
        if chance < 1:
            kappa = Interval(
                mean=(raw.mean - chance) / (1 - chance),
                low=max(-1.0, (low - chance) / (1 - chance)),
                high=(high - chance) / (1 - chance),
            )
    return Agreement(labels=count, lenient=lenient, strict=strict, raw=raw, kappa=kappa)
