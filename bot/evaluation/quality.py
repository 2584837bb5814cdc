"""How good the citations of what people were given are, with an interval, told from a sample.

The second look is no judge: people are, but they judge few answers, and rather those that annoyed
them. So the look at all of the sample is corrected by how far it was off where people have judged
(prediction-powered inference, Angelopoulos et al. 2023), and the interval holds the doubt of both.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.evaluation.advice import wilson
from bot.evaluation.scorers import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

QUALITY_OF = timedelta(days=30)
"""The answers that metrics and pages speak of: those of so long."""

FEWEST_JUDGED = 10
"""Fewer judged answers say nothing of how far the look is off."""

_Z = 1.959964

_CHECKED = """
SELECT looked.statements, looked.supported, looked.citations, looked.needed, looked.gone,
       jsonb_array_length(looked.faults), looked.sampled, judged.is_right
FROM answer_checks AS looked
LEFT JOIN judged_answers AS judged ON judged.question_id = looked.question_id
WHERE looked.sent_at > now() - %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedAnswer:
    """What the look found in one answer, and what people said of it, None where they said
    nothing."""

    statements: int
    supported: int
    citations: int
    needed: int
    gone: int
    faults: int
    sampled: bool
    is_right: bool | None

    @property
    def looks_right(self) -> bool:
        """Whether every statement is carried and nothing was found in any."""
        return self.supported == self.statements and not self.faults


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """The figures of a period. `supported` is the share of statements that their citations carry,
    `needed` that of citations that are needed, `gone` that of citations whose words have left the
    index since. `right` is the share of answers that are right: corrected by what people said
    where `judged` is enough, else as the look alone says (`is_calibrated`). None without answers.
    """

    answers: int
    judged: int
    agreement: float | None
    supported: Interval | None
    needed: Interval | None
    gone: Interval | None
    right: Interval | None
    is_calibrated: bool


def read_quality(pool: ConnectionPool[Connection[Any]], within: timedelta) -> Quality:
    """The quality of what was given within this time, as far as it has been looked at."""
    with pool.connection() as connection:
        rows = connection.execute(_CHECKED, (within,)).fetchall()
    return quality_of(
        [
            CheckedAnswer(
                statements=row[0],
                supported=row[1],
                citations=row[2],
                needed=row[3],
                gone=row[4],
                faults=row[5],
                sampled=row[6],
                is_right=row[7],
            )
            for row in rows
        ]
    )


def quality_of(checked: Sequence[CheckedAnswer]) -> Quality:
    """Shares are taken of the answers that chance chose; what people judged corrects them."""
    sample = [each for each in checked if each.sampled]
    judged = [each for each in checked if each.is_right is not None]
    agreed = [each.looks_right == each.is_right for each in judged]
    calibrated = len(judged) >= FEWEST_JUDGED
    return Quality(
        answers=len(sample),
        judged=len(judged),
        agreement=sum(agreed) / len(agreed) if agreed else None,
        supported=_ratio([(each.supported, each.statements) for each in sample]),
        needed=_ratio([(each.needed, each.citations) for each in sample]),
        gone=_ratio([(each.gone, each.citations) for each in sample]),
        right=_right(sample, judged if calibrated else []),
        is_calibrated=calibrated and bool(sample),
    )


def _right(sample: Sequence[CheckedAnswer], judged: Sequence[CheckedAnswer]) -> Interval | None:
    if not sample:
        return None
    looked = [float(each.looks_right) for each in sample]
    mean = statistics.fmean(looked)
    if not judged:
        low, high = wilson(round(sum(looked)), len(looked))
        return Interval(mean=mean, low=low, high=high)
    off = [float(bool(each.is_right)) - float(each.looks_right) for each in judged]
    corrected = mean + statistics.fmean(off)
    # Where the look was never off, that many judgements still leave room for its being off.
    doubt = statistics.pvariance(looked) / len(looked) + max(
        statistics.pvariance(off), 1 / len(off)
    ) / len(off)
    half = _Z * math.sqrt(doubt)
    return Interval(
        mean=min(1.0, max(0.0, corrected)),
        low=max(0.0, corrected - half),
        high=min(1.0, corrected + half),
    )


def _ratio(parts: Sequence[tuple[int, int]]) -> Interval | None:
    """A share over all statements, with the interval of a ratio of sums: the statements of one
    answer are alike, so answers are what is counted."""
    parts = [part for part in parts if part[1]]
    total = sum(whole for _, whole in parts)
    if not total:
        return None
    share = sum(part for part, _ in parts) / total
    if share in (0.0, 1.0):  # where all are alike, only their number leaves doubt
        low, high = wilson(round(share * len(parts)), len(parts))
    else:
        half = _Z * math.sqrt(sum((part - share * whole) ** 2 for part, whole in parts)) / total
        low, high = max(0.0, share - half), min(1.0, share + half)
    return Interval(mean=share, low=low, high=high)
