"""Tags by example, without any model but the one that embeds: works from descriptions alone, from
a handful of examples, and from thousands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.triage import pooled
from bot.triage.base import Undecided
from bot.triage.calibration import calibration_error, fitted, inside
from bot.triage.models import Decision
from bot.triage.ridge import NOTHING
from indexing.blas import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.triage.models import Example, Taxonomy
    from bot.triage.pooled import Opinion, Pooled
    from bot.triage.ridge import Floats, Labels

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
        truth = learnt.labels[learnt.judged]
        best, confidence = self._best(*learnt.left_out)
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
        best, confidence = self._best(*learnt.left_out)
        wrong = np.flatnonzero(best != learnt.labels[learnt.judged])
        return tuple(
            Misread(
                example=learnt.examples[each],
                chosen=self._names[best[each]] if best[each] != NOTHING else None,
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
        with one_thread():
            opinion = learnt.models.opinion(row)
            nearest = np.array([float((learnt.taught @ row[0]).max())])
        best, confidence = self._best(opinion, nearest)
        shares = self._shares(opinion, nearest)[0]
        order = [int(each) for each in np.argsort(-shares) if each != best[0]]
        return Decision(
            tag=self._names[best[0]] if best[0] != NOTHING else None,
            confidence=float(confidence[0]),
            alternatives=tuple(
                (self._names[each], float(shares[each])) for each in order[:_ALTERNATIVES]
            ),
            decided_by="examples",
        )

    def _shares(self, opinion: Opinion, nearest: Floats) -> Floats:
        """The probability of each tag; what is missing to 1 is that of none."""
        assert self._learnt is not None  # noqa: S101 - only called when something was learnt
        any_tag = inside(self._learnt.inside_weights, opinion.belongs, nearest)
        shares: Floats = opinion.among * any_tag[:, np.newaxis]
        return shares

    def _best(self, opinion: Opinion, nearest: Floats) -> tuple[Labels, Floats]:
        """For each row the chosen label and its probability."""
        shares = self._shares(opinion, nearest)
        any_tag = shares.sum(axis=1)
        none = any_tag < self._none_below
        best = np.where(none, NOTHING, shares.argmax(axis=1))
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
    models: Pooled
    inside_weights: Floats

    @property
    def left_out(self) -> tuple[Opinion, Floats]:
        """What is said of each example as if it were not there, and how near the next one is."""
        return self.models.left_out.of(self.judged), self.nearest_left_out


def _learn(taxonomy: Taxonomy, embed: Embed) -> _Learnt:
    numbers = {tag.name: number for number, tag in enumerate(taxonomy.enabled)}
    examples = [each for each in taxonomy.examples if each.tag is None or each.tag in numbers]
    texts = [*(each.text for each in examples), *(tag.words for tag in taxonomy.enabled)]
    labels = np.array(
        [
            *(NOTHING if each.tag is None else numbers[each.tag] for each in examples),
            *range(len(numbers)),
        ],
        dtype=np.int64,
    )
    rows = embed(texts)
    judged = np.arange(len(examples), dtype=np.int64)
    taught = np.flatnonzero(labels != NOTHING)
    found = pooled.fit(rows, labels, classes=len(numbers), judged=judged)
    nearest = _nearest_others(rows, judged, taught)
    seen = np.column_stack([found.left_out.of(judged).belongs, nearest])
    is_none = labels[judged] == NOTHING
    return _Learnt(
        examples=tuple(examples),
        taught=rows[taught],
        labels=labels,
        judged=judged,
        nearest_left_out=nearest,
        models=found,
        inside_weights=fitted(seen[~is_none], seen[is_none], own_bar=found.learned_none),
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
