"""Latency of retrieval and of whole answers, question embedding included, beside a stock
PGVectorStore hybrid query on the same rows.

200,000 passages take a while to write (the vectors are not computed, see corpus, but every
passage is chunked and stored as a sync would).
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import db
from bot.answering.extractive import ExtractiveEngine
from bot.evaluation.scorers import latency
from bot.language import LanguageDetector
from bot.memory import GivenPair, QuestionMemory
from bot.models import Question
from bot.records import Records
from bot.support import PASSAGES_READ, SupportDesk
from indexing.embedders.embedder import Embedder
from indexing.index import Index
from indexing.learning import learn
from indexing.models import Reader, segment
from indexing.pipeline import Indexer
from indexing.retrieval import Retriever
from tests.bench import corpus, measuring, stock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg_pool import ConnectionPool

    from indexing.models import Document

MODULE = "tests.bench.retrieval_latency"
WARM_UP = 10

NAMES = {
    "retrieve": "Retriever.retrieve, a customer",
    "articles": "the same without past questions",
    "retrieve_rare": "Retriever.retrieve, who may read 1 document in 50",
    "respond": "SupportDesk.respond, extractive, recorded",
    "stock": "llama-index hybrid retriever (unfiltered)",
}


def main() -> None:
    options = _options()
    with measuring.server() as server_url, measuring.database(server_url) as url:
        encoder = corpus.RepeatingEncoder.over(measuring.encoder(), real=options.real)
        embedder = Embedder(name="all-MiniLM-L6-v2", encoder=encoder)
        with db.open_pool(url) as pool:
            index = _fill(pool, embedder, options.chunks)
            _teach(pool, index, embedder, options.pairs)
            if not options.no_stock:
                measuring.progress("copying the rows into the stock table")
                stock.copy_of(url, index)
            asked = _methods(pool, index, embedder, None if options.no_stock else url)
            spent = _measure(asked, corpus.questions(options.questions + WARM_UP))
            with pool.connection() as connection:
                size = index.size(connection)
    figures = _figures(spent)
    figures["passages"], figures["documents"] = size.passages, size.documents
    _show(figures, options.questions)
    measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--chunks", type=int, default=20_000, help="passages in the index")
    parser.add_argument("--questions", type=int, default=100, help="questions that are timed")
    parser.add_argument("--pairs", type=int, default=0, help="past questions in the memory")
    parser.add_argument("--real", type=int, default=2000, help="passages embedded for real")
    parser.add_argument("--no-stock", action="store_true", help="leave the baseline out")
    parser.add_argument("--json", type=Path, help="write every figure here")
    return parser.parse_args()


def _fill(pool: ConnectionPool, embedder: Embedder, passages: int) -> Index:
    """Documents through the product's own indexer until there are enough passages."""
    index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
    indexer = Indexer(pool=pool, index=index, embedder=embedder)
    measuring.add_source(pool, corpus.SOURCE)
    done = 0

    def until_enough() -> Iterator[Document]:
        for document in corpus.endless():
            if done >= passages:
                return
            yield document

    for number, result in enumerate(indexer.index(until_enough())):
        done += result.passages
        if number % 1000 == 0:
            measuring.progress(f"{done} of {passages} passages")
    measuring.progress("building the vector index")
    indexer.finish()
    return index


def _teach(pool: ConnectionPool, index: Index, embedder: Embedder, pairs: int) -> None:
    """So many past questions, each answered by some document, and believed."""
    if not pairs:
        return
    with pool.connection() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM documents ORDER BY pk")]
    measuring.progress(f"learning {pairs} past questions")
    QuestionMemory(pool=pool).give(
        [
            GivenPair(question=f"{question} ({number})", document_ids=(ids[number % len(ids)],))
            for number, question in enumerate(corpus.questions(pairs))
        ]
    )
    learn(pool, index, embedder)
    with pool.connection() as connection:
        connection.execute("UPDATE embedding_indexes SET memory_trust = 2")


def _methods(
    pool: ConnectionPool, index: Index, embedder: Embedder, stock_url: str | None
) -> dict[str, Callable[[str], dict[str, float]]]:
    """What is timed, by name; each returns its own milliseconds by stage, if it knows them."""
    retriever = Retriever(pool=pool, index=index, embedder=embedder)
    desk = SupportDesk(
        retriever=retriever,
        engine=ExtractiveEngine(),
        fallback=None,
        recorder=Records(pool=pool),
        language=LanguageDetector(default="en"),
        evidence_needed=0.0,  # every question takes the whole way
    )
    customer, rare = Reader.customer(), Reader(labels=frozenset({segment(1)}))

    def search(question: str, reader: Reader) -> dict[str, float]:
        return dict(retriever.search(question, reader, "en", PASSAGES_READ).latency_ms)

    def respond(question: str) -> dict[str, float]:
        return dict(
            desk.respond(Question(text=question, reader=customer, surface="cli")).latency_ms
        )

    def articles(question: str) -> dict[str, float]:
        retriever.articles(question, customer, "en", PASSAGES_READ)
        return {}

    methods: dict[str, Callable[[str], dict[str, float]]] = {
        "retrieve": lambda question: search(question, customer),
        "articles": articles,
        "retrieve_rare": lambda question: search(question, rare),
        "respond": respond,
    }
    if stock_url is not None:
        hybrid = stock.hybrid_retriever(
            stock_url, embedder.model, dimensions=embedder.dimensions, k=PASSAGES_READ
        )

        def ask_stock(question: str) -> dict[str, float]:
            hybrid.retrieve(question)
            return {}

        methods["stock"] = ask_stock
    return methods


def _measure(
    methods: dict[str, Callable[[str], dict[str, float]]], questions: Sequence[str]
) -> dict[str, list[dict[str, float]]]:
    """Milliseconds of every question by every method. Methods take turns on each question, so
    that a busy machine is busy for all of them."""
    spent = defaultdict(list)
    for number, question in enumerate(questions):
        for name, ask in methods.items():
            began = time.perf_counter()
            stages = ask(question)
            whole = (time.perf_counter() - began) * 1000
            if number >= WARM_UP:
                spent[name].append({**stages, "whole": whole})
    return spent


def _figures(spent: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    figures: dict[str, Any] = {"texts": corpus.describe(), "methods": {}}
    for name, measured in spent.items():
        whole = latency([one["whole"] for one in measured])
        figures["methods"][name] = {
            "p50": whole.p50,
            "p95": whole.p95,
            "stages": {
                stage: {"p50": one.p50, "p95": one.p95}
                for stage in measured[0]
                if stage not in {"whole", "total"}
                for one in [latency([each.get(stage, 0.0) for each in measured])]
            },
        }
    return figures


def _show(figures: dict[str, Any], questions: int) -> None:
    baseline = figures["methods"].get("stock")
    rows: list[tuple[str, ...]] = [
        ("ms", "p50", "p95", "stock p50 is", "stock p95 is", "stages p50")
    ]
    for name, one in figures["methods"].items():
        stages = ", ".join(f"{stage} {each['p50']:.1f}" for stage, each in one["stages"].items())
        ratios = [f"{baseline[at] / one[at]:.1f} x" if baseline else "-" for at in ("p50", "p95")]
        rows.append((NAMES[name], f"{one['p50']:.1f}", f"{one['p95']:.1f}", *ratios, stages))
    measuring.show(
        f"{questions} questions on {figures['passages']} passages",
        rows,
        notes=[
            f"Texts: {corpus.describe()}, repeated with words exchanged.",
            "Vectors of passages are real ones with noise; questions are embedded for real.",
        ],
    )


if __name__ == "__main__":
    main()
