"""What past questions are worth: `python -m tests.bench.fit_memory`.

Each set's questions are asked with the others as the memory (folds, so that nothing teaches its
own answer), through the product's own search, beside the articles alone; then with only a few
pairs, and with what was asked before only, in the order of their dates. At the end, what
past questions add to the evidence: real questions about a neighbouring product (near) and about
something else (far), each half judged by the threshold that keeps so much of the other half's
answerable ones.
"""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bot.evaluation.scorers import bootstrap, ranking
from bot.memory import GivenPair, QuestionMemory
from bot.support import EVIDENCE_NEEDED
from indexing.learning import keep_up
from indexing.models import Reader
from indexing.retrieval import Retriever
from tests.bench import measuring
from tests.bench.dev_sets import help_center, lines, require_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.dev_sets import HelpCenter, Line

METRICS = ("hit@1", "hit@5", "hit@10", "mrr@10")
FEW = (24, 50, 100, 200)
KEPT = (0.95, 0.9, 0.85, 0.8, 0.7)
_PASSAGES = 60

Scores = dict[str, list[float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table: the same questions with the memory and without."""

    name: str
    pairs: str
    trust: str
    alone: Scores
    remembering: Scores


def main() -> None:
    options = _options()
    require_data()
    with measuring.server() as server_url:
        rows = list(_rows(server_url, options.folds, options.sets))
        if rows:
            _show(rows)
        _show_evidence(*_evidence(server_url))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fit_memory", description=__doc__)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--sets", nargs="*", help="only these sets")
    return parser.parse_args()


def _rows(server_url: str, folds: int, sets: Sequence[str] | None) -> Iterator[Row]:
    wanted = (
        sets
        if sets is not None
        else ("sumo_tb", "techqa_rag", "stackfaq", "tau_banking", "xquad_multi")
    )
    for name in wanted:
        with help_center(server_url, name) as center:
            bench = _Bench(center)
            questions = [each for each in lines(f"{name}/questions.jsonl") if each["article_ids"]]
            if name != "sumo_tb":
                yield bench.folded(name, questions, folds=folds)
                continue
            other = lines("sumo_tb/questions_multilingual.jsonl")
            yield bench.folded("sumo_tb", questions, folds=folds)
            strict = [each for each in questions if each["strict"]]
            yield bench.folded("sumo_tb strict", strict, questions, folds=folds)
            yield bench.folded("multilingual, both files", other, [*questions, *other], folds=folds)
            for few in FEW:
                yield bench.folded("sumo_tb", questions, folds=folds, few=few)
            yield bench.in_time("sumo_tb in time", questions)
            yield bench.in_time("multilingual in time", other, [*questions, *other])


class _Bench:
    """Teaches one help center and asks it."""

    def __init__(self, center: HelpCenter) -> None:
        self._pool, self._index, self._embedder = center.pool, center.index, center.embedder
        self._retriever = Retriever(pool=center.pool, index=center.index, embedder=center.embedder)

    def folded(
        self,
        name: str,
        asked: Sequence[Line],
        known: Sequence[Line] | None = None,
        *,
        folds: int,
        few: int | None = None,
    ) -> Row:
        """Every question by a memory without its fold; of `few` pairs where so many are named."""
        every = list(known or asked)
        random.Random(7).shuffle(every)
        fold_of = {each["id"]: number % folds for number, each in enumerate(every)}
        row = Row(name=name, pairs="", trust="", alone={}, remembering={})
        trusts, pairs = [], 0
        for fold in range(folds):
            taught = [each for each in every if fold_of[each["id"]] != fold][:few]
            own = [each for each in asked if fold_of[each["id"]] == fold]
            pairs = len(taught)
            trusts.append(self.teach(taught))
            self._ask(own, row)
        return _named(row, pairs=str(pairs), trusts=trusts)

    def in_time(self, name: str, asked: Sequence[Line], known: Sequence[Line] | None = None) -> Row:
        """The last third by what was asked before, taught anew after each tenth of them."""
        ordered = sorted(asked, key=lambda each: each["created"])
        late = ordered[len(ordered) * 2 // 3 :]
        row = Row(name=name, pairs="", trust="", alone={}, remembering={})
        trusts, pairs = [], 0
        step = max(1, len(late) // 10)
        for at in range(0, len(late), step):
            begins = late[at]["created"]
            taught = [each for each in known or asked if each["created"] < begins]
            pairs = len(taught)
            trusts.append(self.teach(taught))
            self._ask(late[at : at + step], row)
        return _named(row, pairs=f"up to {pairs}", trusts=trusts)

    def teach(self, taught: Sequence[Line]) -> float:
        """Nothing but these; returns how far they are trusted."""
        with self._pool.connection() as connection:
            connection.execute("DELETE FROM question_memory")
            connection.execute(
                "UPDATE embedding_indexes SET memory_measured_on = 0, memory_usual = NULL"
            )
        QuestionMemory(pool=self._pool).give(
            [
                GivenPair(
                    question=each["question"],
                    document_ids=tuple(each["article_ids"]),
                    locale=each.get("locale") or "",
                )
                for each in taught
            ]
        )
        keep_up(self._pool, self._index, self._embedder)
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT memory_trust FROM embedding_indexes WHERE id = %s", (self._index.id,)
            ).fetchone()
        print(f"taught {len(taught)}, trusted {row}", file=sys.stderr, flush=True)
        return float(row[0]) if row else 0.0

    def evidence(self, question: str) -> float:
        """As an answer would be decided by."""
        return self._retriever.search(question, Reader.customer(), "en").evidence

    def _ask(self, asked: Sequence[Line], row: Row) -> None:
        for line in asked:
            question, locale, gold = line["question"], line.get("locale"), line["article_ids"]
            reader = Reader.customer()
            for search, scores in (
                (self._retriever.articles, row.alone),
                (self._retriever.retrieve, row.remembering),
            ):
                found = [each.document_id for each in search(question, reader, locale, _PASSAGES)]
                one = ranking(list(dict.fromkeys(found))[:10], frozenset(gold))
                for metric in METRICS:
                    scores.setdefault(metric, []).append(one[metric])


def _evidence(server_url: str) -> tuple[list[Line], dict[str, list[float]]]:
    """Thunderbird's articles asked about Thunderbird, Firefox and banking; the memory is of the
    Thunderbird questions that are not among those. Returns them with the evidence by method."""
    kept = frozenset(
        line["id"]
        for line in lines("sumo_tb/articles.jsonl")
        if "thunderbird" in str(line["products"]).casefold()
    )
    asked = lines("sumo_abstain/questions.jsonl")
    own = {line["id"] for line in asked}
    past = [line for line in lines("sumo_tb/questions.jsonl") if line["id"] not in own]
    found: dict[str, list[float]] = {}
    with help_center(server_url, "sumo_tb", kept) as center:
        bench = _Bench(center)
        for method, taught in (("articles", []), ("with memory", past)):
            bench.teach(taught)
            found[method] = [bench.evidence(line["question"]) for line in asked]
    return asked, found


def _show_evidence(asked: Sequence[Line], found: Mapping[str, Sequence[float]]) -> None:
    table = Table(title="rejected, by thresholds that keep so much of the other half's answerable")
    for heading in ("kept", "method", "kept here", "near", "far"):
        table.add_column(heading)
    halves = [number % 2 for number in range(len(asked))]
    random.Random(7).shuffle(halves)
    for kept in KEPT:
        for method, values in found.items():
            passed: dict[str, list[bool]] = {}
            for half in (0, 1):
                other = sorted(
                    value
                    for value, line, its in zip(values, asked, halves, strict=True)
                    if its != half and line["answerable"]
                )
                threshold = other[int((1 - kept) * len(other))]
                for value, line, its in zip(values, asked, halves, strict=True):
                    if its == half:
                        passed.setdefault(line["kind"], []).append(value >= threshold)
            shares = {kind: sum(each) / len(each) for kind, each in passed.items()}
            table.add_row(
                f"{kept:.0%}",
                method,
                f"{shares['answerable']:.3f}",
                f"{1 - shares['near_oos']:.3f}",
                f"{1 - shares['far_oos']:.3f}",
            )
    Console(width=170).print(table)
    print(f"At the product's own threshold of {EVIDENCE_NEEDED}:")
    for method, values in found.items():
        for kind in sorted({line["kind"] for line in asked}):
            own = [value for value, line in zip(values, asked, strict=True) if line["kind"] == kind]
            share = sum(value >= EVIDENCE_NEEDED for value in own) / len(own)
            print(f"  {method}, {kind}: {share:.3f} answered")


def _named(row: Row, *, pairs: str, trusts: Sequence[float]) -> Row:
    trust = f"{min(trusts):g} … {max(trusts):g}"
    return Row(
        name=row.name, pairs=pairs, trust=trust, alone=row.alone, remembering=row.remembering
    )


def _show(rows: Sequence[Row]) -> None:
    table = Table(title="hit@1 / hit@5 / hit@10 / mrr@10; gain: hit@1 of the same questions")
    for heading in ("questions", "of them", "pairs", "trust", "articles", "with memory", "gain"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        lead = [a - b for a, b in zip(row.remembering["hit@1"], row.alone["hit@1"], strict=True)]
        gain = bootstrap({"gain": lead})["gain"]
        table.add_row(
            row.name,
            str(len(lead)),
            row.pairs,
            row.trust,
            _means(row.alone),
            _means(row.remembering),
            f"{gain.mean:+.3f} ({gain.low:+.3f} … {gain.high:+.3f})",
        )
    Console(width=170).print(table)


def _means(scores: Mapping[str, Sequence[float]]) -> str:
    return "/".join(f"{sum(scores[each]) / len(scores[each]):.3f}" for each in METRICS)


if __name__ == "__main__":
    main()
