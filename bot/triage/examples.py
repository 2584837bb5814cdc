"""Tags by example, without any model but the one that embeds: works from descriptions alone, from
a handful of examples, and from thousands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.triage import ridge
from bot.triage.base import Undecided
from bot.triage.calibration import calibration_error, fitted, inside
from bot.triage.models import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.triage.models import Example, Taxonomy
    from bot.triage.ridge import Fitted, Floats, Labels

    Embed = Callable[[Sequence[str]], Floats]
    """One unit row per text, in order."""

NONE_BELOW = 0.5
"""A text that belongs to some tag with less than this probability is given none."""

_ALTERNATIVES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """How the classifier does on its own examples, each decided as if it were not there: the share
    decided rightly, and the calibration error of the confidence. `examples` is how many."""

    examples: int
    accuracy: float
    calibration_error: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Misread:
    """An example that would be given another tag if it were not one: either it is in the wrong
    place, or the two tags are told apart by too few examples. None is none of the tags."""

    example: Example
    chosen: str | None
    confidence: float


class ExampleClassifier:
    """Learns a taxonomy's enabled tags once, when it is made; another taxonomy needs another one.
    Safe to share between threads."""

    def __init__(
        self,
        *,
        taxonomy: Taxonomy,
        embed: Embed,
        embed_one: Callable[[str], Floats],
        none_below: float = NONE_BELOW,
    ) -> None:
        """`embed` is asked for examples and descriptions, `embed_one` for what is classified.
        Raises EmbeddingFailed."""
        self._embed_one = embed_one
        self._none_below = none_below
        self._names = tuple(tag.name for tag in taxonomy.enabled)
        self._learnt = _learn(taxonomy, embed) if self._names else None

    @property
    def quality(self) -> Quality | None:
        """None without two examples."""
        learnt = self._learnt
        if learnt is None or len(learnt.judged) < 2:
            return None
        scores = learnt.fitted.left_out[learnt.judged]
        truth = learnt.labels[learnt.judged]
        best, confidence = self._best(scores, learnt.nearest_left_out)
        return Quality(
            examples=len(truth),
            accuracy=float((best == truth).mean()),
            calibration_error=calibration_error(confidence, (best == truth).astype(np.float64)),
        )

    @property
    def misread(self) -> tuple[Misread, ...]:
        """The surest mistakes first."""
        learnt = self._learnt
        if learnt is None or len(learnt.judged) < 2:
            return ()
        scores = learnt.fitted.left_out[learnt.judged]
        best, confidence = self._best(scores, learnt.nearest_left_out)
        wrong = np.flatnonzero(best != learnt.labels[learnt.judged])
        return tuple(
            Misread(
                example=learnt.examples[each],
                chosen=self._names[best[each]] if best[each] != ridge.NOTHING else None,
                confidence=float(confidence[each]),
            )
            for each in wrong[np.argsort(-confidence[wrong])]
        )

    def classify(self, text: str, *, locale: str) -> Decision | Undecided:
        """See `Classifier`."""
        learnt = self._learnt
        if learnt is None:
            return Undecided(detail="No routing tag is enabled: see `supportbot routing list`.")
        row = self._embed_one(text)[np.newaxis]
        scores = learnt.fitted.model.scores(row)
        nearest = np.array([float((learnt.taught @ row[0]).max())])
        best, confidence = self._best(scores, nearest)
        shares = self._shares(scores, nearest)[0]
        order = [int(each) for each in np.argsort(-shares) if each != best[0]]
        return Decision(
            tag=self._names[best[0]] if best[0] != ridge.NOTHING else None,
            confidence=float(confidence[0]),
            alternatives=tuple(
                (self._names[each], float(shares[each])) for each in order[:_ALTERNATIVES]
            ),
            decided_by="examples",
        )

    def _shares(self, scores: Floats, nearest: Floats) -> Floats:
        """The probability of each tag; what is missing to 1 is that of none."""
        assert self._learnt is not None  # noqa: S101 - only called when something was learnt
        among = ridge.probabilities(scores, self._learnt.fitted.temperature)
        any_tag = inside(self._learnt.inside_weights, scores.max(axis=1), nearest)
        shares: Floats = among * any_tag[:, np.newaxis]
        return shares

    def _best(self, scores: Floats, nearest: Floats) -> tuple[Labels, Floats]:
        """For each row the chosen label and its probability."""
        shares = self._shares(scores, nearest)
        any_tag = shares.sum(axis=1)
        none = any_tag < self._none_below
        best = np.where(none, ridge.NOTHING, shares.argmax(axis=1))
        return best, np.where(none, 1.0 - any_tag, shares.max(axis=1))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Learnt:
    """`taught` are the rows of all that has a tag. `labels` are of examples, then of descriptions;
    `judged` says which are examples, in the order of `examples`."""

    examples: tuple[Example, ...]
    taught: Floats
    labels: Labels
    judged: Labels
    nearest_left_out: Floats
    fitted: Fitted
    inside_weights: Floats


def _learn(taxonomy: Taxonomy, embed: Embed) -> _Learnt:
    numbers = {tag.name: number for number, tag in enumerate(taxonomy.enabled)}
    examples = [each for each in taxonomy.examples if each.tag is None or each.tag in numbers]
    texts = [*(each.text for each in examples), *(tag.words for tag in taxonomy.enabled)]
    labels = np.array(
        [
            *(ridge.NOTHING if each.tag is None else numbers[each.tag] for each in examples),
            *range(len(numbers)),
        ],
        dtype=np.int64,
    )
    rows = embed(texts)
    judged = np.arange(len(examples), dtype=np.int64)
    taught = np.flatnonzero(labels != ridge.NOTHING)
    found = ridge.fit(rows, labels, classes=len(numbers), judged=judged)
    nearest = _nearest_others(rows, judged, taught)
    seen = np.column_stack([found.left_out[judged].max(axis=1), nearest])
    is_none = labels[judged] == ridge.NOTHING
    return _Learnt(
        examples=tuple(examples),
        taught=rows[taught],
        labels=labels,
        judged=judged,
        nearest_left_out=nearest,
        fitted=found,
        inside_weights=fitted(seen[~is_none], seen[is_none]),
    )


def _nearest_others(rows: Floats, judged: Labels, taught: Labels) -> Floats:
    """The cosine of each judged row to the nearest taught one that is not itself; in parts, because
    all pairs of many examples do not fit into memory."""
    nearest = np.zeros(len(judged), dtype=np.float32)
    for start in range(0, len(judged), 2_000):
        part = judged[start : start + 2_000]
        cosines = rows[part] @ rows[taught].T
        cosines[part[:, np.newaxis] == taught[np.newaxis, :]] = -1.0
        nearest[start : start + len(part)] = cosines.max(axis=1)
    return nearest
