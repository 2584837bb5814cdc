"""Measures tags of which a text may have several: taught by one file and asked by another, or each
part of one file by the others."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import AliasChoices, BaseModel, Field, ValidationError

from bot.errors import InputRejected
from bot.evaluation.routing import TagScores
from bot.evaluation.scorers import latency
from bot.triage.several import SeveralTags, Tagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot.evaluation.scorers import Latency
    from bot.evaluation.temporary import OnProgress
    from bot.triage.ridge import Floats
    from indexing.embedders.embedder import Embedder


class _Line(BaseModel):
    text: str = Field(min_length=1)
    labels: tuple[str, ...] = Field(validation_alias=AliasChoices("labels", "intents"))
    fold: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SeveralCase:
    """One text with the tags it should get, those it got, and what deciding took."""

    text: str
    wanted: frozenset[str]
    chosen: frozenset[str]
    milliseconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SeveralReport:
    """Over all decisions (micro) and as the mean of the tags (macro); `exact` is the share of texts
    that got all of their tags and no other. `examples` is how many taught, at most."""

    examples: int
    cases: tuple[SeveralCase, ...]
    micro_precision: float
    micro_recall: float
    micro_f1: float
    macro_f1: float
    exact: float
    tags: Mapping[str, TagScores]
    latency: Latency


def holds_lists(path: Path) -> bool:
    """Whether the file's lines name lists of tags, "labels" or "intents"."""
    try:
        with path.open(encoding="utf-8") as file:
            first = json.loads(file.readline() or "{}")
    except (OSError, ValueError):  # whoever reads all of it says what is wrong
        return False
    return isinstance(first, dict) and bool({"labels", "intents"} & first.keys())


def run_several(
    *,
    train: Sequence[Path],
    test: Path,
    folds: int = 0,
    embedder: Embedder,
    on_progress: OnProgress,
) -> SeveralReport:
    """Teaches the texts of all `train` files and asks those of `test`; with `folds`, each part of
    `test` is asked of what the others taught, parted by the lines' own "fold" where they have one.
    Raises InputRejected, naming file and line, for what cannot be used."""
    asked = _lines(test)
    if folds:
        parts: dict[int, list[_Line]] = {}
        for each in asked:
            parts.setdefault(_fold(each, folds), []).append(each)
        rounds = [
            ([line for part in parts.values() if part is not one for line in part], one)
            for one in parts.values()
        ]
    else:
        rounds = [([line for path in train for line in _lines(path)], asked)]
    # Each text once, though nearly all of them teach in nearly every round.
    texts = list(dict.fromkeys(line.text for taught, _ in rounds for line in taught))
    known = dict(zip(texts, embedder.embed(texts), strict=True)) if texts else {}
    cases: list[SeveralCase] = []
    for taught, held_out in rounds:
        cases += _asked(taught, held_out, known, embedder)
        on_progress("Routing", len(cases), len(asked))
    return _report(cases, max(len(taught) for taught, _ in rounds))


def _asked(
    taught: Sequence[_Line], asked: Sequence[_Line], known: Mapping[str, Floats], embedder: Embedder
) -> list[SeveralCase]:
    if not any(each.labels for each in taught):
        raise InputRejected("No text to learn from has a label.")
    classifier = SeveralTags(
        [Tagged(text=each.text, tags=frozenset(each.labels)) for each in taught],
        embed=lambda texts: np.array([known[text] for text in texts]),
        embed_one=embedder.embed_query,
    )
    cases = []
    for each in asked:
        began = time.perf_counter()
        chosen = classifier.tags_of(each.text)
        cases.append(
            SeveralCase(
                text=each.text,
                wanted=frozenset(each.labels),
                chosen=chosen,
                milliseconds=(time.perf_counter() - began) * 1000,
            )
        )
    return cases


def _report(cases: Sequence[SeveralCase], examples: int) -> SeveralReport:
    wanted = Counter(tag for each in cases for tag in each.wanted)
    chosen = Counter(tag for each in cases for tag in each.chosen)
    hits = Counter(tag for each in cases for tag in each.wanted & each.chosen)
    tags = {
        name: TagScores(
            precision=hits[name] / chosen[name] if chosen[name] else None,
            recall=hits[name] / wanted[name] if wanted[name] else None,
            f1=2 * hits[name] / (chosen[name] + wanted[name]),
            cases=wanted[name],
        )
        for name in sorted(wanted | chosen)
    }
    found, given, right = hits.total(), chosen.total(), wanted.total()
    known = [one.f1 for one in tags.values() if one.cases]
    return SeveralReport(
        examples=examples,
        cases=tuple(cases),
        micro_precision=found / given if given else 0.0,
        micro_recall=found / right if right else 0.0,
        micro_f1=2 * found / (given + right) if given + right else 0.0,
        macro_f1=sum(known) / len(known) if known else 0.0,
        exact=sum(each.wanted == each.chosen for each in cases) / len(cases),
        tags=tags,
        latency=latency([each.milliseconds for each in cases]),
    )


def several_json(report: SeveralReport) -> dict[str, Any]:
    """Every figure of the report under the names that scripts read."""
    return {
        "examples": report.examples,
        "texts": len(report.cases),
        "micro_precision": report.micro_precision,
        "micro_recall": report.micro_recall,
        "micro_f1": report.micro_f1,
        "macro_f1": report.macro_f1,
        "exact": report.exact,
        "tags": {name: asdict(scores) for name, scores in report.tags.items()},
        "latency_ms": {"p50": report.latency.p50, "p95": report.latency.p95},
        "cases": [
            {"labels": sorted(one.wanted), "chosen": sorted(one.chosen)} for one in report.cases
        ],
    }


def _fold(line: _Line, folds: int) -> int:
    if line.fold is not None:
        return line.fold % folds
    return int(hashlib.blake2b(line.text.encode(), digest_size=4).hexdigest(), 16) % folds


def _lines(path: Path) -> list[_Line]:
    try:
        texts = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRejected(f"{path}: {error}.") from error
    found = []
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            continue
        try:
            found.append(_Line.model_validate_json(text))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "line"
            raise InputRejected(f"{path}:{number}: {field}: {first['msg']}.") from error
    if not found:
        raise InputRejected(f"{path}: no texts with labels.")
    return found
