"""Where the constants of indexing.fusion come from: `python -m tests.bench.fit_fusion`.

Searches the development questions of ../shared/data once, with the product's own index, and tries
constants on the candidates. Prints lexical, dense, stock reciprocal rank fusion and ours on every
set; then, with --grid, the best constants overall and, for each family of sets, what constants
chosen on the other families would have given it.
"""

from __future__ import annotations

import argparse
import itertools
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bot.evaluation.scorers import bootstrap, ranking, reciprocal_rank_fusion
from indexing.candidates import CANDIDATES
from indexing.fusion import DEFAULT, Weighing, fused_scores
from tests.bench import measuring
from tests.bench.dev_sets import Asked, help_center, lines, require_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

METRICS = ("hit@1", "hit@5", "hit@10", "mrr@10")
LANGUAGES = ("en", "de", "es")

# What holds for one of a family says little about another of it: they share articles.
FAMILIES = {
    "sumo_tb": "sumo",
    "sumo_tb strict": "sumo",
    "sumo_tb noisy": "sumo",
    "sumo_tb multilingual": "sumo multilingual",
    "xquad all": "xquad",
}
GRID = [
    Weighing(words=words, exponent=exponent, passages=passages, breadth=breadth)
    for words, exponent, passages, breadth in itertools.product(
        (0.03, 0.045, 0.06, 0.08), (3, 4, 5, 6), (1, 3, 5), (0.3, 0.4, 0.5)
    )
]


def main() -> None:
    options = _options()
    require_data()
    with measuring.server() as server_url:
        asked = dict(_sets(server_url, options.sample))
    _show(asked)
    if options.grid:
        _search(asked)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fit_fusion", description=__doc__)
    parser.add_argument("--grid", action="store_true", help="try other constants as well")
    parser.add_argument("--sample", type=int, help="at most so many questions of each set")
    return parser.parse_args()


def _sets(server_url: str, sample: int | None) -> Iterator[tuple[str, list[Asked]]]:
    """Each set's questions that have an answer, with their candidates."""
    with help_center(server_url, "sumo_tb") as center:
        real = [line for line in lines("sumo_tb/questions.jsonl") if line["article_ids"]][:sample]
        found = center.ask(real)
        yield "sumo_tb", found
        yield (
            "sumo_tb strict",
            [one for one, line in zip(found, real, strict=True) if line["strict"]],
        )
        yield "sumo_tb noisy", center.ask(lines("sumo_tb/questions_noisy.jsonl")[:sample])
        yield (
            "sumo_tb multilingual",
            center.ask(lines("sumo_tb/questions_multilingual.jsonl")[:sample]),
        )
    for name in ("techqa_rag", "stackfaq", "tau_banking"):
        with help_center(server_url, name) as center:
            known = [line for line in lines(f"{name}/questions.jsonl") if line["article_ids"]]
            yield name, center.ask(known[:sample])
    with help_center(server_url, "xquad_multi") as center:
        questions = lines("xquad_multi/questions.jsonl")
        yield "xquad all", center.ask(questions[:sample])
        for locale in LANGUAGES:
            own = [line for line in questions if line["locale"] == locale]
            sources = [name for name in center.small if name.startswith(locale)]
            yield f"xquad {locale}", center.ask(own[:sample], sources=sources)


def by(key: Callable[[Asked], Sequence[float]]) -> Callable[[Asked], list[str]]:
    """Ranks a question's documents by their best candidate's key."""

    def ranked(asked: Asked) -> list[str]:
        order = sorted(zip(key(asked), asked.candidates, strict=True), key=lambda pair: -pair[0])
        return list(dict.fromkeys(str(each.document) for _, each in order))[:10]

    return ranked


def stock(asked: Asked) -> list[str]:
    """Reciprocal rank fusion of the two lists of passages."""
    numbers = [str(number) for number in range(len(asked.candidates))]
    dense = sorted(numbers, key=lambda one: -asked.candidates[int(one)].dense)[:CANDIDATES]
    lexical = sorted(numbers, key=lambda one: -asked.candidates[int(one)].bm25)[:CANDIDATES]
    fused = reciprocal_rank_fusion(lexical, dense)
    return list(dict.fromkeys(str(asked.candidates[int(one)].document) for one in fused))[:10]


def ours(weighing: Weighing) -> Callable[[Asked], list[str]]:
    """Ranks as indexing.fusion does with these constants."""
    return by(
        lambda asked: fused_scores(
            asked.candidates, pieces=asked.pieces, dense_list=CANDIDATES, weighing=weighing
        )
    )


BASELINES: dict[str, Callable[[Asked], list[str]]] = {
    "lexical": by(lambda asked: [each.bm25 for each in asked.candidates]),
    "dense": by(lambda asked: [each.dense for each in asked.candidates]),
    "rrf": stock,
}


def scores(asked: Sequence[Asked], rank: Callable[[Asked], list[str]]) -> dict[str, list[float]]:
    """Metric to one value per question."""
    each = [ranking(rank(one), one.gold) for one in asked]
    return {metric: [one[metric] for one in each] for metric in METRICS}


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _show(asked: dict[str, list[Asked]]) -> None:
    table = Table(title="hit@1 / hit@5 / hit@10 / mrr@10; ahead: ours over the best other, hit@1")
    for heading in ("set", "questions", *BASELINES, "ours", "ahead (95 %)"):
        table.add_column(heading, no_wrap=True)
    for name, questions in asked.items():
        methods = {method: scores(questions, rank) for method, rank in BASELINES.items()}
        best = max(methods.values(), key=lambda one: mean(one["hit@1"]))
        methods["ours"] = scores(questions, ours(DEFAULT))
        lead = [a - b for a, b in zip(methods["ours"]["hit@1"], best["hit@1"], strict=True)]
        bounds = bootstrap({"lead": lead})["lead"]
        table.add_row(
            name,
            str(len(questions)),
            *("/".join(f"{mean(one[m]):.3f}" for m in METRICS) for one in methods.values()),
            f"{bounds.mean:+.3f} ({bounds.low:+.3f} … {bounds.high:+.3f})",
        )
    Console(width=200).print(table)


def _search(asked: dict[str, list[Asked]]) -> None:
    """Constants by how far they are ahead of the best baseline; falling below it costs more
    than a gain brings, because the fusion shall harm nowhere."""
    best = {
        name: {
            metric: max(mean(scores(questions, rank)[metric]) for rank in BASELINES.values())
            for metric in ("hit@1", "mrr@10")
        }
        for name, questions in asked.items()
    }
    ahead: dict[Weighing, dict[str, tuple[float, float]]] = {}
    for weighing in GRID:
        ahead[weighing] = {}
        for name, questions in asked.items():
            got = scores(questions, ours(weighing))
            ahead[weighing][name] = (
                mean(got["hit@1"]) - best[name]["hit@1"],
                mean(got["mrr@10"]) - best[name]["mrr@10"],
            )

    def worth(weighing: Weighing, names: Sequence[str]) -> float:
        gains = [sum(ahead[weighing][name]) / 2 for name in names]
        return mean([min(gain, 0.05) + 4 * min(gain, 0.0) for gain in gains])

    def gains(weighing: Weighing, names: Sequence[str]) -> str:
        pairs = ((name, *ahead[weighing][name]) for name in names)
        return "  ".join(f"{name} {hit:+.3f}/{mrr:+.3f}" for name, hit, mrr in pairs)

    print("\nBest constants, hit@1/mrr@10 ahead of the best other method:")
    for weighing in sorted(GRID, key=lambda one: -worth(one, list(asked)))[:5]:
        print(weighing, gains(weighing, list(asked)), sep="\n   ")
    print("\nEach family with the constants that the others choose:")
    for family in dict.fromkeys(FAMILIES.get(name, name) for name in asked):
        others = [name for name in asked if FAMILIES.get(name, name) != family]
        own = [name for name in asked if FAMILIES.get(name, name) == family]
        chosen = max(GRID, key=lambda one: worth(one, others))
        print(f"{family}: {chosen}", gains(chosen, own), sep="\n   ")


if __name__ == "__main__":
    main()
