"""The routing measurement on small files whose figures can be told by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.errors import InputRejected
from bot.evaluation.report import routing_json
from bot.evaluation.routing import RoutingReport, run_routing
from bot.evaluation.several import holds_lists, run_several, several_json

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


# Texts that have several tags, or none ---------------------------------------------------------

SEVERAL = (
    ("Cancel my card", ["cancel", "card"]),
    ("Please cancel the card", ["cancel", "card"]),
    ("I want to cancel this loan", ["cancel", "loan"]),
    ("Cancel the loan please", ["cancel", "loan"]),
    ("When will my card arrive?", ["when", "card"]),
    ("When does the card come?", ["when", "card"]),
    ("When is the loan paid out?", ["when", "loan"]),
    ("When do I get the loan?", ["when", "loan"]),
    ("Good morning", []),
    ("Hello there", []),
)


def several(path: Path, key: str = "labels", **more: int) -> Path:
    rows = [{"text": text, key: tags, **more} for text, tags in SEVERAL]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_each_tag_of_a_text_is_decided_by_itself(tmp_path: Path, embedder: Embedder) -> None:
    train = several(tmp_path / "train.jsonl")
    asked = tmp_path / "test.jsonl"
    rows = [
        {"text": "Please cancel my loan", "intents": ["cancel", "loan"]},
        {"text": "When will the new card arrive?", "intents": ["when", "card"]},
        {"text": "Hello, good morning", "intents": []},
        {"text": "Cancel it", "intents": ["card"]},  # labelled wrongly: is counted as wrong
    ]
    asked.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert holds_lists(asked)
    assert not holds_lists(jsonl(tmp_path / "one.jsonl", [("a", "b")]))

    report = run_several(train=[train], test=asked, embedder=embedder, on_progress=lambda *_: None)
    figures = several_json(report)

    assert [set(each.chosen) for each in report.cases[:3]] == [
        {"cancel", "loan"},
        {"when", "card"},
        set(),
    ]
    assert figures["exact"] == 0.75
    wanted = sum(len(each.wanted) for each in report.cases)
    given = sum(len(each.chosen) for each in report.cases)
    assert figures["micro_f1"] == pytest.approx(2 * 4 / (wanted + given))
    assert figures["tags"]["loan"]["f1"] == 1.0


def test_parts_of_one_file_are_asked_of_what_the_others_teach(
    tmp_path: Path, embedder: Embedder
) -> None:
    path = several(tmp_path / "all.jsonl", "intents")

    report = run_several(
        train=[], test=path, folds=5, embedder=embedder, on_progress=lambda *_: None
    )

    assert len(report.cases) == len(SEVERAL)
    assert report.examples < len(SEVERAL)
    with pytest.raises(InputRejected, match="No text to learn from"):
        run_several(
            train=[],
            test=several(tmp_path / "one.jsonl", fold=0),
            folds=2,
            embedder=embedder,
            on_progress=lambda *_: None,
        )


@pytest.mark.parametrize("line", ['{"text": "a", "labels": "b"}', '{"labels": []}', "no JSON"])
def test_a_line_that_is_not_understood_is_named(
    tmp_path: Path, embedder: Embedder, line: str
) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(f'{{"text": "a", "labels": ["b"]}}\n{line}\n')

    with pytest.raises(InputRejected, match=r"broken\.jsonl:2"):
        run_several(train=[path], test=path, embedder=embedder, on_progress=lambda *_: None)
