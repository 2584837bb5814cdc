"""Classifiers asked the same held-out cases: what each scored case by case, and as figures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from bot.evaluation.routing import label_scores
from bot.evaluation.scorers import latency
from bot.triage.calibration import calibration_error
from bot.triage.models import NONE, Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.triage.base import Classifier
    from bot.triage.models import Example

Scores = Mapping[str, Mapping[str, float]]
"""Case to figure to 0 or 1."""

TARGET = "accuracy"
LOWER_IS_BETTER = frozenset({"calibration error", "p95 ms"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """`scores` by the hash of each case's words; `figures` over all of them; `undecided` is how
    many cases got no decision at all, which count as wrong."""

    scores: Scores
    figures: Mapping[str, float]
    undecided: int


def measure(classifier: Classifier, cases: Sequence[Example]) -> Measured:
    """Asks every case once."""
    scores: dict[str, dict[str, float]] = {}
    wanted, chosen, confidence, spent = [], [], [], []
    for case in cases:
        began = time.perf_counter()
        decision = classifier.classify(case.text, locale="")
        spent.append((time.perf_counter() - began) * 1000)
        label = case.tag or NONE
        said = (decision.tag or NONE) if isinstance(decision, Decision) else ""
        right = float(said == label)
        kind = "recall of none" if label == NONE else "recall of tags"
        scores[_name(case.text)] = {TARGET: right, kind: right, f"recall of {label}": right}
        wanted.append(label)
        chosen.append(said)
        confidence.append(decision.confidence if isinstance(decision, Decision) else 0.0)
    correct = np.array([one == other for one, other in zip(wanted, chosen, strict=True)], float)
    found = label_scores(wanted, chosen)
    figures = {
        TARGET: float(correct.mean()),
        "macro-F1": float(np.mean([one.f1 for one in found.values() if one.cases])),
        "calibration error": calibration_error(np.array(confidence), correct),
        "p95 ms": latency(spent).p95,
    }
    for name, wants_none in (("recall of tags", False), ("recall of none", True)):
        some = [right for right, label in zip(correct, wanted, strict=True)
                if (label == NONE) == wants_none]  # fmt: skip
        if some:
            figures[name] = float(np.mean(some))
    return Measured(scores=scores, figures=figures, undecided=chosen.count(""))


def _name(text: str) -> str:
    """The case without its words, so that results hold nothing of a customer's."""
    return sha256(text.encode()).hexdigest()[:16]
