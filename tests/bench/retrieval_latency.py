"""Latency of retrieval and of whole answers, question embedding included, beside a stock
PGVectorStore hybrid query on the same rows.

200,000 passages take a while to write (the vectors are not computed, see corpus, but every
passage is chunked and stored as a sync would). From BULK on they are written with COPY and indexed
afterwards, see bulk; `--keep` keeps them, so that they can be asked again.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from contextlib import contextmanager
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
from tests.bench import bulk, corpus, measuring, recall, stock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg_pool import ConnectionPool

    from indexing.models import Document

MODULE = "tests.bench.retrieval_latency"
WARM_UP = 10
BULK = 500_000
TARGET_MS, TARGET_RECALL = 120.0, 0.95

_SIZES = """
SELECT 'passages', pg_table_size(%(passages)s::text::regclass)
UNION ALL
SELECT CASE WHEN indexdef LIKE '%%hnsw%%' THEN 'vector index'
            WHEN indexdef LIKE '%%gin%%' THEN 'word index' ELSE indexname END,
       pg_relation_size(indexname::regclass)
FROM pg_indexes WHERE tablename = %(passages)s::text
UNION ALL SELECT 'documents', pg_total_relation_size('documents')
UNION ALL SELECT 'database', pg_database_size(current_database())
"""

NAMES = {
    "retrieve": "Retriever.retrieve, a customer",
    "articles": "the same without past questions",
    "retrieve_rare": "Retriever.retrieve, who may read 1 document in 50",
    "respond": "SupportDesk.respond, extractive, recorded",
    "stock": "llama-index hybrid retriever (unfiltered)",
}


def main() -> None:
    options = _options()
    with (
        measuring.server(options.keep) as server_url,
        _database(server_url, options) as url,
        db.open_pool(url) as pool,
    ):
        figures = _measured(options, url, pool)
    _show(figures, options)
    measuring.write_json(options.json, figures)


def _measured(options: argparse.Namespace, url: str, pool: ConnectionPool) -> dict[str, Any]:
    bulk_built = options.bulk or options.chunks >= BULK
    encoder = measuring.encoder()
    real = Embedder(name="all-MiniLM-L6-v2", encoder=encoder)
    index = Index.open(pool, model=real.name, dimensions=real.dimensions)
    built: dict[str, float] = {}
    if not _passages(pool, index):
        measuring.add_source(pool, corpus.SOURCE)
        if bulk_built:
            built = bulk.fill(url, index, real, options.chunks)
        if options.pairs or not bulk_built:
            repeating = corpus.RepeatingEncoder.over(encoder, real=options.real)
            embedder = Embedder(name=real.name, encoder=repeating)
            if not bulk_built:
                _fill(pool, index, embedder, options.chunks)
            _teach(pool, index, embedder, options.pairs)
    if not options.no_stock:
        measuring.progress("copying the rows into the stock table")
        stock.copy_of(url, index)
    asked = _methods(pool, index, real, None if options.no_stock else url)
    figures = _figures(_measure(asked, corpus.questions(options.questions + WARM_UP)))
    figures["built"], figures["memory"] = built, measuring.server_megabytes(url)
    if bulk_built:
        measuring.progress("comparing with every passage one by one")
        sample = corpus.questions(options.exact)
        found = recall.recall(pool, index, real, sample, Reader.customer())
        figures["recall"], figures["lost"] = found.share, found.lost
    with pool.connection() as connection:
        size = index.size(connection)
        figures["sizes"] = {
            row[0]: row[1] / 2**20
            for row in connection.execute(_SIZES, {"passages": f"passages_{index.id}"})
        }
    figures["passages"], figures["documents"] = size.passages, size.documents
    return figures


@contextmanager
def _database(server_url: str, options: argparse.Namespace) -> Iterator[str]:
    if options.keep is not None:
        yield measuring.kept_database(server_url, f"retrieval_{options.chunks}")
    else:
        with measuring.database(server_url) as url:
            yield url


def _passages(pool: ConnectionPool, index: Index) -> int:
    with pool.connection() as connection:
        return index.size(connection).passages


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--chunks", type=int, default=20_000, help="passages in the index")
    parser.add_argument("--questions", type=int, default=100, help="questions that are timed")
    parser.add_argument("--pairs", type=int, default=0, help="past questions in the memory")
    parser.add_argument("--real", type=int, default=2000, help="passages embedded for real")
    parser.add_argument("--bulk", action="store_true", help=f"as from {BULK} passages on")
    parser.add_argument("--exact", type=int, default=50, help="questions to measure recall by")
    parser.add_argument("--keep", type=Path, help="keep the database in this folder")
    parser.add_argument("--no-stock", action="store_true", help="leave the baseline out")
    parser.add_argument("--json", type=Path, help="write every figure here")
    return parser.parse_args()


def _fill(pool: ConnectionPool, index: Index, embedder: Embedder, passages: int) -> None:
    """Documents through the product's own indexer until there are enough passages."""
    indexer = Indexer(pool=pool, index=index, embedder=embedder)
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


def _show(figures: dict[str, Any], options: argparse.Namespace) -> None:
    baseline = figures["methods"].get("stock")
    rows: list[tuple[str, ...]] = [
        ("ms", "p50", "p95", "stock p50 is", "stock p95 is", "stages p50")
    ]
    for name, one in figures["methods"].items():
        stages = ", ".join(f"{stage} {each['p50']:.1f}" for stage, each in one["stages"].items())
        ratios = [f"{baseline[at] / one[at]:.1f} x" if baseline else "-" for at in ("p50", "p95")]
        rows.append((NAMES[name], f"{one['p50']:.1f}", f"{one['p95']:.1f}", *ratios, stages))
    notes = [
        f"Texts: {corpus.describe()}, repeated with words exchanged.",
        "Vectors of passages are real ones, moved a little; questions are embedded for real.",
        f"PostgreSQL holds {figures['memory']:.0f} MB of memory; on disk, MB: "
        + ", ".join(f"{name} {size:.0f}" for name, size in figures["sizes"].items()),
    ]
    if figures["built"]:
        steps = ", ".join(f"{name} {spent:.0f}" for name, spent in figures["built"].items())
        notes.append(f"Built in {sum(figures['built'].values()):.0f} s: {steps}.")
    if "recall" in figures:
        notes += [
            (
                f"recall@{recall.NEAREST} of the vector index against every passage compared: "
                f"{figures['recall']:.3f} ({options.exact} questions); the cosine of what is "
                f"found is {figures['lost']:.4f} less."
            ),
            f"Aims at 1,000,000: p95 below {TARGET_MS:.0f} ms, recall at least {TARGET_RECALL}.",
        ]
    title = f"{options.questions} questions on {figures['passages']} passages"
    measuring.show(title, rows, notes=notes)


if __name__ == "__main__":
    main()
