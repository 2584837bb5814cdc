"""Where the constants of indexing.evidence come from: `python -m tests.bench.fit_evidence`.

Questions with their article in the index against the same without it, in whole help centers and in
ones of 40 articles; real questions about a neighbouring product (near) and about something else
(far). Fits the logistic model, every set counting the same, and prints what each threshold keeps of
the answerable questions and rejects of the others, each question judged by constants fitted without
it (5 folds).
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from bot.evaluation.scorers import rejected_at
from indexing.candidates import CANDIDATES
from indexing.evidence import Calibration, Facts, facts
from indexing.fusion import fused_scores
from tests.bench import measuring
from tests.bench.dev_sets import Asked, HelpCenter, help_center, lines, require_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from tests.bench.dev_sets import Line

FOLDS = 5
KEPT = (0.95, 0.9, 0.8)
THRESHOLDS = (0.3, 0.4, 0.5, 0.6)
_SAMPLE = 300
_THUNDERBIRD = "thunderbird"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A search and whether the index held the answer. `kind` names the sort of question."""

    group: str
    kind: str
    answerable: bool
    facts: Facts
    fitted: bool = True


def main() -> None:
    require_data()
    with measuring.server() as server_url:
        judged = list(_all(server_url))
    fitted = [one for one in judged if one.fitted]
    print(fit(fitted))
    _show(judged, _cross_validated(judged))


def _all(server_url: str) -> Iterator[Judged]:
    yield from _neighbours(server_url)
    far = _far()
    for name, locale in (
        ("techqa_rag", "en"),
        ("stackfaq", "en"),
        ("xquad_multi", "en"),
        ("xquad_multi", "de"),
        ("sumo_tb", "en"),
    ):
        questions = [
            line
            for line in lines(f"{name}/questions.jsonl")
            if name != "xquad_multi" or line["locale"] == locale
        ]
        random.Random(7).shuffle(questions)
        with help_center(server_url, name) as center:
            yield from _with_and_without(center, name, locale, questions[:_SAMPLE], far)


def _neighbours(server_url: str) -> Iterator[Judged]:
    """sumo_abstain: Thunderbird's articles asked about Thunderbird, Firefox and banking."""
    kept = frozenset(
        line["id"]
        for line in lines("sumo_tb/articles.jsonl")
        if _THUNDERBIRD in str(line["products"]).casefold()
    )
    with help_center(server_url, "sumo_tb", kept) as center:
        questions = lines("sumo_abstain/questions.jsonl")
        for line, asked in zip(questions, center.ask(questions), strict=True):
            yield _judged("sumo_abstain", line["kind"], asked, answerable=line["answerable"])


def _far() -> list[Line]:
    """Questions about nothing that the sets are about."""
    return lines("clinc150/oos_val.jsonl")[:100] + lines("banking77/test.jsonl")[::15][:100]


def _with_and_without(
    center: HelpCenter, name: str, locale: str, questions: list[Line], far: list[Line]
) -> Iterator[Judged]:
    group = f"{name} {locale}"
    whole = [each for each in center.small if each.startswith(locale)]
    # Forum articles answer each other's questions: without the linked one, another may do.
    clear = name != "sumo_tb"
    for asked in center.ask(questions, sources=whole):
        if not asked.gold:
            yield _judged(group, "impossible", asked, answerable=False)
            continue
        yield _judged(group, "answerable", asked, answerable=True)
        yield _judged(group, "removed", asked.without(asked.gold), answerable=False, fitted=clear)
    for asked in center.ask(far, sources=whole):
        yield _judged(group, "far", asked, answerable=False)
    chance = random.Random(7)
    for line in questions:
        own = {center.source_of[each] for each in line["article_ids"] if each in center.source_of}
        others = [each for each in whole if each not in own]
        if not own or not others:
            continue
        small = f"{group}, 40 articles"
        (asked,) = center.ask([line], sources=[min(own)])
        yield _judged(small, "answerable", asked, answerable=True)
        (asked,) = center.ask([line], sources=[chance.choice(others)])
        yield _judged(small, "removed", asked, answerable=False, fitted=clear)
    for line in far:
        (asked,) = center.ask([line], sources=[chance.choice(whole)])
        yield _judged(f"{group}, 40 articles", "far", asked, answerable=False)


def _judged(
    group: str, kind: str, asked: Asked, *, answerable: bool, fitted: bool = True
) -> Judged:
    weighed = fused_scores(asked.candidates, pieces=asked.pieces, dense_list=CANDIDATES)
    order = sorted(range(len(weighed)), key=lambda number: -weighed[number])
    ranked = [asked.candidates[number] for number in order]
    return Judged(
        group=group,
        kind=kind,
        answerable=answerable,
        facts=facts(asked.question, ranked, pieces=asked.pieces),
        fitted=fitted,
    )


def _columns(judged: Iterable[Judged]) -> NDArray[np.float64]:
    """Shape (questions, 5), in the order of Calibration's fields."""
    return np.array(
        [
            (1.0, f.nearness, f.brevity, f.brevity * f.holding, f.foreignness)
            for f in (one.facts for one in judged)
        ]
    )


def _weights(judged: Sequence[Judged]) -> NDArray[np.float64]:
    """Every set the same, its answerable questions as much as the others, kinds alike."""
    kinds: dict[tuple[str, bool], set[tuple[str, str]]] = defaultdict(set)
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    for one in judged:
        kinds[_family(one), one.answerable].add((one.group, one.kind))
        sizes[one.group, one.kind] += 1
    raw = [
        1 / len(kinds[_family(one), one.answerable]) / sizes[one.group, one.kind] for one in judged
    ]
    weights = np.array(raw)
    scaled: NDArray[np.float64] = weights / weights.sum() * len(judged)
    return scaled


def _family(one: Judged) -> str:
    return one.group.split(",", 1)[0]


def fit(judged: Sequence[Judged]) -> Calibration:
    """Weighted logistic regression by Newton's method, with a little ridge."""
    columns, weights = _columns(judged), _weights(judged)
    target = np.array([one.answerable for one in judged], dtype=float)
    ridge = np.diag([0.0, 0.1, 0.1, 0.1, 0.1])
    constants = np.zeros(columns.shape[1])
    for _ in range(30):
        guess = 1 / (1 + np.exp(-columns @ constants))
        gradient = columns.T @ (weights * (target - guess)) - ridge @ constants
        curvature = (columns * (weights * guess * (1 - guess))[:, None]).T @ columns + ridge
        constants += np.linalg.solve(curvature, gradient)
    rounded = [round(float(each), 2) for each in constants]
    return Calibration(
        constant=rounded[0],
        nearness=rounded[1],
        brevity=rounded[2],
        holding_if_brief=rounded[3],
        foreignness=rounded[4],
    )


def _cross_validated(judged: Sequence[Judged]) -> list[float]:
    """Each question's probability by constants that were fitted without its fold."""
    fold = np.random.default_rng(7).integers(0, FOLDS, len(judged))
    found = np.zeros(len(judged))
    columns = _columns(judged)
    for number in range(FOLDS):
        others = [
            one for one, its in zip(judged, fold, strict=True) if its != number and one.fitted
        ]
        own = fold == number
        found[own] = 1 / (1 + np.exp(-columns[own] @ np.array(astuple(fit(others)))))
    return [float(each) for each in found]


def _show(judged: Sequence[Judged], found: Sequence[float]) -> None:
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one, value in zip(judged, found, strict=True):
        values[one.group]["answerable" if one.answerable else one.kind].append(value)
    table = Table(title="rejected of the unanswerable, where so much of the answerable is kept")
    for heading in ("set", "kind", *(f"keep {kept:.0%}" for kept in KEPT)):
        table.add_column(heading)
    for threshold in THRESHOLDS:
        table.add_column(f"≥ {threshold}: kept · rejected")
    for group, kinds in values.items():
        answerable = kinds.pop("answerable")
        for kind, others in kinds.items():
            table.add_row(
                group,
                kind,
                *(f"{rejected_at(answerable, others, kept=kept):.2f}" for kept in KEPT),
                *(f"{_share(answerable, t):.2f} · {1 - _share(others, t):.2f}" for t in THRESHOLDS),
            )
    Console(width=160).print(table)


def _share(values: Sequence[float], threshold: float) -> float:
    return sum(value >= threshold for value in values) / len(values)


if __name__ == "__main__":
    main()
