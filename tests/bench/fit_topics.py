"""How alike questions must be to be one topic of a gap: questions whose subject is known, grouped
at several thresholds.

A pair is two questions in one group: right where both have the same intent (BANKING77's test half,
77 intents) or are answered by the same article (sumo_tb, real forum questions). Few right pairs
make topics that say nothing; few questions in any group hide what many ask.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from bot.insight.gaps.grouping import groups
from bot.insight.gaps.topics import ALIKE
from indexing.embedders.embedder import Embedder
from indexing.questions import question_vector
from tests.bench import measuring
from tests.bench.dev_sets import DATA, require_data

THRESHOLDS = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65)


def main() -> None:
    require_data()
    model = Embedder(name="all-MiniLM-L6-v2", encoder=measuring.encoder())
    rows = [["set, cosine", "groups", "largest", "in a group", "right pairs", "found pairs"]]
    for name, questions, subjects in (
        ("banking77", *_read(DATA / "banking77" / "test.jsonl", "text", "label")),
        ("sumo_tb", *_read(DATA / "sumo_tb" / "questions.jsonl", "question", "article_ids")),
    ):
        vectors = np.stack([question_vector(model, each) for each in questions])
        rows += [list(_row(name, vectors, subjects, alike)) for alike in THRESHOLDS]
    measuring.show("Topics by how alike their questions are", rows, notes=[f"Used: {ALIKE}."])


def _read(path: Path, text: str, subject: str) -> tuple[list[str], list[str]]:
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    return [each[text] for each in lines], [str(each[subject]) for each in lines]


def _row(name: str, vectors: np.ndarray, subjects: list[str], alike: float) -> Iterator[str]:
    found = [each for each in groups(vectors, alike=alike) if len(each) > 1]
    pairs = sum(comb(len(each), 2) for each in found)
    right = sum(
        comb(count, 2)
        for each in found
        for count in np.unique([subjects[at] for at in each], return_counts=True)[1]
    )
    there = sum(comb(int(count), 2) for count in np.unique(subjects, return_counts=True)[1])
    yield f"{name}, {alike}"
    yield str(len(found))
    yield str(max((len(each) for each in found), default=0))
    yield f"{sum(map(len, found)) / len(subjects):.3f}"
    yield f"{right / pairs if pairs else 0:.3f}"
    yield f"{right / there:.3f}"


if __name__ == "__main__":
    main()
