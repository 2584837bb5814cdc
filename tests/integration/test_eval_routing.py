"""The routing measurement on small files whose figures can be told by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.errors import InputRejected
from bot.evaluation.report import routing_json
from bot.evaluation.routing import RoutingReport, run_routing

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder

TRAIN = {
    "shipping": ["Where is my parcel?", "When does my order arrive?", "Track my delivery"],
    "password": ["I forgot my password", "Reset my password", "I cannot sign in"],
}


def jsonl(path: Path, rows: list[tuple[str, str]]) -> Path:
    lines = (json.dumps({"text": text, "label": label}) for text, label in rows)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def measure(folder: Path, embedder: Embedder, test: list[tuple[str, str]]) -> RoutingReport:
    rows = [(text, label) for label, texts in TRAIN.items() for text in texts]
    return run_routing(
        train=[jsonl(folder / "train.jsonl", rows)],
        test=jsonl(folder / "test.jsonl", test),
        embedder=embedder,
        on_progress=lambda what, done, total: None,
    )


def test_figures_are_counted_over_the_texts(tmp_path: Path, embedder: Embedder) -> None:
    report = measure(
        tmp_path,
        embedder,
        [
            ("Where is my order?", "shipping"),
            ("My password does not work", "password"),
            ("Please reset my password", "shipping"),  # labelled wrongly: is counted as wrong
            ("The Pacific is the largest ocean", "oos"),
        ],
    )
    figures = routing_json(report)

    assert [case.chosen for case in report.cases] == ["shipping", "password", "password", "oos"]
    assert figures["accuracy"] == 0.75
    assert figures["in_scope_accuracy"] == pytest.approx(2 / 3)
    assert figures["oos_recall"] == 1.0
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert figures["tags"]["password"]["precision"] == 0.5
    assert 0 <= figures["ece"] <= 1
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p95"]
    assert figures["latency_ms_beyond_embedding"]["p95"] < figures["latency_ms"]["p95"]


def test_without_texts_of_none_their_recall_is_not_told(tmp_path: Path, embedder: Embedder) -> None:
    report = measure(tmp_path, embedder, [("Where is my order?", "shipping")])

    assert routing_json(report)["oos_recall"] is None


def test_files_without_anything_to_learn_are_refused(tmp_path: Path, embedder: Embedder) -> None:
    only_none = jsonl(tmp_path / "none.jsonl", [("hello", "oos")])

    with pytest.raises(InputRejected, match="no example has a label"):
        run_routing(
            train=[only_none], test=only_none, embedder=embedder, on_progress=lambda *_: None
        )
