"""How sure an answer must be to be sent, so that at most a stated share of those sent is wrong.

The threshold comes from an account's own judged answers, with a guarantee that holds for any
number of them: thresholds are tried from the strictest down, each by an exact binomial test of
"more than the stated share is wrong", and the first that cannot be ruled out ends the search. In
that fixed order the tests need no correction for being many (Angelopoulos et al. 2021, Learn then
Test), so the chance that the chosen one lets more wrong answers through is at most 1 - confidence,
as long as future answers are like the judged ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

# Each further threshold lets this share more answers through: fewer steps are less precise, more
# stop sooner by chance.
_STEP = 1.1

MOST = 5_000
"""Judged answers that are looked at. Where it takes more, answers are wrong too often: what people
thought long ago, of an older index or prompt, says little."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """One answer that people judged, and how probable its evidence made it, 0..1."""

    evidence: float
    right: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """What the judged answers say. `evidence` is the threshold, None while no threshold is
    proven; then `missing` is how many more right answers it takes at least, None where no number
    would do. `sent` of the `cases` have enough evidence, and of those `wrong` were wrong."""

    cases: int
    evidence: float | None = None
    sent: int = 0
    wrong: int = 0
    missing: int | None = None


def fit(judged: Sequence[Judged], *, wrong_at_most: float, confidence: float) -> Fit:
    """The lowest threshold that is proven to let at most `wrong_at_most` (a share, 0..1) wrong
    answers through, with `confidence` 0..1."""
    best_first = sorted(judged, key=lambda each: -each.evidence)
    wrong_until = [0]
    for each in best_first:
        wrong_until.append(wrong_until[-1] + (not each.right))
    fewest = cases_needed(0, wrong_at_most=wrong_at_most, confidence=confidence) or MOST
    proven = Fit(cases=len(judged))
    for sent in _cuts(best_first, fewest):
        wrong = wrong_until[sent]
        if binomial_at_most(wrong, sent, wrong_at_most) > 1 - confidence:
            break
        threshold = best_first[sent - 1].evidence
        proven = Fit(cases=len(judged), evidence=threshold, sent=sent, wrong=wrong)
    if proven.evidence is not None:
        return proven
    looked_at = min(fewest, len(judged))
    needed = cases_needed(
        wrong_until[looked_at], wrong_at_most=wrong_at_most, confidence=confidence
    )
    return Fit(cases=len(judged), missing=None if needed is None else needed - looked_at)


@cache
def cases_needed(wrong: int, *, wrong_at_most: float, confidence: float) -> int | None:
    """How many judged answers, of them `wrong` wrong ones, prove the share; None if too many."""
    low, high = wrong + 1, MOST
    if binomial_at_most(wrong, high, wrong_at_most) > 1 - confidence:
        return None
    while low < high:
        middle = (low + high) // 2
        if binomial_at_most(wrong, middle, wrong_at_most) <= 1 - confidence:
            high = middle
        else:
            low = middle + 1
    return low


def binomial_at_most(count: int, trials: int, share: float) -> float:
    """The probability of at most `count` among `trials`, each with probability `share` in 0..1
    without its ends."""
    log_share, log_rest = math.log(share), math.log1p(-share)
    return math.fsum(
        math.exp(
            math.lgamma(trials + 1)
            - math.lgamma(each + 1)
            - math.lgamma(trials - each + 1)
            + each * log_share
            + (trials - each) * log_rest
        )
        for each in range(min(count, trials) + 1)
    )


def _cuts(best_first: Sequence[Judged], fewest: int) -> Iterator[int]:
    """How many of the best to send, ever more; chosen by their evidence alone, never by who was
    right, and never between two with the same evidence."""
    cut = fewest
    while cut <= len(best_first):
        while cut < len(best_first) and best_first[cut].evidence == best_first[cut - 1].evidence:
            cut += 1
        yield cut
        cut = max(cut + 1, min(math.ceil(cut * _STEP), len(best_first)))
