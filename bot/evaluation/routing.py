"""Measures the model-free classifier: taught by one file, asked by another."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.errors import InputRejected
from bot.evaluation.scorers import latency, recall_at_precision
from bot.triage import files
from bot.triage.calibration import calibration_error
from bot.triage.examples import ExampleClassifier
from bot.triage.models import NONE, Decision, RoutingTag, Taxonomy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot.evaluation.scorers import Latency
    from bot.evaluation.temporary import OnProgress
    from bot.triage.examples import Quality
    from bot.triage.models import Example
    from indexing.embedders.embedder import Embedder


OOS_PRECISION = 0.8
"""Of the texts that are given no tag, so many have none: one figure for classifiers that set their
thresholds differently."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingCase:
    """One text with the label it should get, the one it got ("oos" for none), the probability
    that was claimed for that, and what it took; `embedding_ms` is part of `milliseconds`."""

    text: str
    label: str
    chosen: str
    confidence: float
    milliseconds: float
    embedding_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TagScores:
    """How often the choice of this label was right, and how often the label was found; None where
    it was never chosen, or never right. `cases` is how many texts have it."""

    precision: float | None
    recall: float | None
    f1: float
    cases: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingReport:
    """Shares of texts; of in-scope texts, being given none is wrong. None where there was nothing
    to take a share of. `oos_at_precision` is which share of the texts of no tag is told where
    OOS_PRECISION of those told are of none, whatever the threshold. `own` is what the classifier
    says of itself, before any test."""

    examples: int
    cases: tuple[RoutingCase, ...]
    accuracy: float
    in_scope_accuracy: float | None
    oos_recall: float | None
    oos_at_precision: tuple[float, float] | None
    macro_f1: float
    ece: float
    tags: Mapping[str, TagScores]
    own: Quality | None
    learning_seconds: float
    latency: Latency
    beyond_embedding: Latency


def run_routing(
    *,
    train: Sequence[Path],
    test: Path,
    embedder: Embedder,
    on_progress: OnProgress,
) -> RoutingReport:
    """Teaches the examples of all `train` files and asks every text of `test`. Raises
    InputRejected, naming file and line, for what cannot be used."""
    taught = [example for path in train for example in _examples(path)]
    asked = _examples(test)
    names = dict.fromkeys(each.tag for each in taught if each.tag is not None)
    if not names:
        raise InputRejected(f"{train[0]}: no example has a label other than {NONE}.")
    taxonomy = Taxonomy(
        tags=tuple(RoutingTag(name=name) for name in names),
        examples=tuple(taught),
        rules=(),
        version=0,
    )
    spent = _Stopwatch(embedder)
    began = time.perf_counter()
    on_progress("Learning", 0, 1)
    classifier = ExampleClassifier(
        taxonomy=taxonomy, embed=embedder.embed, embed_one=spent.embed_query
    )
    on_progress("Learning", 1, 1)
    learning = time.perf_counter() - began
    cases = []
    for number, example in enumerate(asked, start=1):
        cases.append(_asked(classifier, example, spent))
        on_progress("Routing", number, len(asked))
    return _report(cases, len(taught), classifier.quality, learning)


class _Stopwatch:
    """Embeds, and remembers how many milliseconds the last text took."""

    def __init__(self, embedder: Embedder) -> None:
        self.milliseconds = 0.0
        self._embedder = embedder

    def embed_query(self, text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        began = time.perf_counter()
        vector = self._embedder.embed_query(text)
        self.milliseconds = (time.perf_counter() - began) * 1000
        return vector


def _examples(path: Path) -> tuple[Example, ...]:
    contents = files.read(path)
    if not contents.examples:
        raise InputRejected(f"{path}: no texts with labels.")
    return contents.examples


def _asked(classifier: ExampleClassifier, example: Example, spent: _Stopwatch) -> RoutingCase:
    began = time.perf_counter()
    decision = classifier.classify(example.text, locale="")
    milliseconds = (time.perf_counter() - began) * 1000
    assert isinstance(decision, Decision)  # noqa: S101 - there are tags, so there is a decision
    return RoutingCase(
        text=example.text,
        label=example.tag or NONE,
        chosen=decision.tag or NONE,
        confidence=decision.confidence,
        milliseconds=milliseconds,
        embedding_ms=spent.milliseconds,
    )


def _report(
    cases: Sequence[RoutingCase], examples: int, own: Quality | None, learning: float
) -> RoutingReport:
    right = [case.chosen == case.label for case in cases]
    inside = [one for one, case in zip(right, cases, strict=True) if case.label != NONE]
    outside = [one for one, case in zip(right, cases, strict=True) if case.label == NONE]
    tags = label_scores([each.label for each in cases], [each.chosen for each in cases])
    return RoutingReport(
        examples=examples,
        cases=tuple(cases),
        accuracy=_share(right) or 0.0,
        in_scope_accuracy=_share(inside),
        oos_recall=_share(outside),
        oos_at_precision=recall_at_precision(
            [(_outside(case), case.label == NONE) for case in cases], precision=OOS_PRECISION
        ),
        macro_f1=float(np.mean([one.f1 for one in tags.values() if one.cases])),
        ece=calibration_error(
            np.array([case.confidence for case in cases]), np.array(right, dtype=np.float64)
        ),
        tags=tags,
        own=own,
        learning_seconds=learning,
        latency=latency([case.milliseconds for case in cases]),
        beyond_embedding=latency([case.milliseconds - case.embedding_ms for case in cases]),
    )


def label_scores(wanted: Sequence[str], chosen: Sequence[str]) -> dict[str, TagScores]:
    """The scores of each label that was wanted or chosen, from both lists case by case."""
    cases, choices = Counter(wanted), Counter(chosen)
    hits = Counter(one for one, other in zip(wanted, chosen, strict=True) if one == other)
    return {
        name: TagScores(
            precision=hits[name] / choices[name] if choices[name] else None,
            recall=hits[name] / cases[name] if cases[name] else None,
            f1=2 * hits[name] / (choices[name] + cases[name]),
            cases=cases[name],
        )
        for name in sorted(cases | choices)
    }


def _outside(case: RoutingCase) -> float:
    """How probable it was held that the text has no tag, in an order at least."""
    return case.confidence if case.chosen == NONE else -case.confidence


def _share(right: Sequence[bool]) -> float | None:
    return sum(right) / len(right) if right else None
