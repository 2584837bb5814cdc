"""Indexing: the product beside the bare embedding of the same chunks and beside stock
llama-index with the same weights, as they are published (float32, llama-index's batches) and as
the product runs them (int8, batches by length).

`--passages 1000` measures all of it with the real model. `--memory 200000` measures the
product's peak memory over so many passages, with vectors that are not computed (see corpus).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import db
from indexing.embedders.embedder import Embedder
from tests.bench import corpus, measuring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.base.embeddings.base import BaseEmbedding

    from indexing.models import Chunk, Document

MODULE = "tests.bench.indexing"
STEPS = {
    "embedding": "the same chunks embedded alone",
    "ours": "Supportbot (chunking, embedding, storing, vector index)",
    "stock": "llama-index VectorStoreIndex + PGVectorStore",
    "stock_int8": "the same with Supportbot's embedder",
}


def main() -> None:
    options = _options()
    if options.step:
        result = _step(options.step, options.passages, options.url)
        print(json.dumps({**result, "peak_mb": measuring.peak_megabytes()}))
        return
    figures: dict[str, Any] = {"texts": corpus.describe()}
    with measuring.server() as server_url:
        if options.memory:
            figures["memory"] = _run("memory", options.memory, server_url)
            _show_memory(figures["memory"])
        else:
            figures["steps"] = _compare(options.passages, options.rounds, server_url)
            _show_speed(figures["steps"])
    measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--passages", type=int, default=1000, help="passages of real articles")
    parser.add_argument("--rounds", type=int, default=1, help="times that each step runs")
    parser.add_argument("--memory", type=int, metavar="PASSAGES", help="measure memory instead")
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--step", choices=[*STEPS, "memory"], help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(passages: int, rounds: int, server_url: str) -> dict[str, dict[str, float]]:
    """Each step's fastest round; rounds take turns, so that a busy machine is busy for all."""
    found: dict[str, dict[str, float]] = {}
    for turn in range(rounds):
        for step in STEPS:
            measuring.progress(f"round {turn + 1}: {step}")
            result = _run(step, passages, server_url)
            if step not in found or result["seconds"] < found[step]["seconds"]:
                found[step] = result
    return found


def _run(step: str, passages: int, server_url: str) -> dict[str, float]:
    with measuring.database(server_url) as url:
        return measuring.in_a_process(
            MODULE, "--step", step, "--passages", str(passages), "--url", url
        )


def _step(step: str, passages: int, url: str) -> dict[str, float]:
    match step:
        case "memory":
            return _memory(passages, url)
        case "ours":
            return _ours(_some(passages)[0], _real(), url)
        case "stock":
            return _stock(_some(passages)[1], _published(), url)
        case "stock_int8":
            return _stock(_some(passages)[1], _real().model, url)
        case _:
            return _embedding(_some(passages)[1])


def _some(passages: int) -> tuple[list[Document], list[list[Chunk]]]:
    """Real articles with about so many passages, and these passages."""
    embedder = _real()
    documents, chunks, total = [], [], 0
    for document in corpus.endless():
        found = corpus.chunks_of([document], embedder)[0]
        documents.append(document)
        chunks.append(found)
        total += len(found)
        if total >= passages:
            return documents, chunks
    raise AssertionError("the articles never end")


def _real() -> Embedder:
    embedder = Embedder(name="all-MiniLM-L6-v2", encoder=measuring.encoder())
    embedder.embed(["warm"])
    return embedder


def _embedding(chunks: list[list[Chunk]]) -> dict[str, float]:
    embedder = _real()
    texts = [each.embedded_text for document in chunks for each in document]
    began = time.perf_counter()
    embedder.embed(texts)
    return _result(len(chunks), len(texts), began)


def _ours(documents: list[Document], embedder: Embedder, url: str) -> dict[str, float]:
    from indexing.index import Index
    from indexing.pipeline import Indexer

    with db.open_pool(url) as pool:
        measuring.add_source(pool, corpus.SOURCE)
        began = time.perf_counter()
        index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
        indexer = Indexer(pool=pool, index=index, embedder=embedder)
        passages = sum(result.passages for result in indexer.index(documents))
        indexer.finish()
        return _result(len(documents), passages, began)


def _published() -> BaseEmbedding:
    """The weights as they are published, in the batches that llama-index makes by itself."""
    from llama_index.core.constants import DEFAULT_EMBED_BATCH_SIZE

    model = Embedder(name="float32", encoder=measuring.encoder("float32")).model
    model.embed_batch_size = DEFAULT_EMBED_BATCH_SIZE
    model.get_text_embedding("warm")
    return model


def _stock(chunks: list[list[Chunk]], model: BaseEmbedding, url: str) -> dict[str, float]:
    from tests.bench import stock

    began = time.perf_counter()
    stock.index_chunks(url, chunks, model, dimensions=len(model.get_text_embedding("warm")))
    return _result(len(chunks), sum(map(len, chunks)), began)


def _memory(passages: int, url: str) -> dict[str, float]:
    """Indexes a stream of documents that is never held as a whole."""
    from indexing.index import Index
    from indexing.pipeline import Indexer

    encoder = corpus.RepeatingEncoder.over(measuring.encoder(), real=500)
    embedder = Embedder(name="all-MiniLM-L6-v2", encoder=encoder)
    done = documents = 0

    def until_enough() -> Iterator[Document]:
        for document in corpus.endless():
            if done >= passages:
                return
            yield document

    with db.open_pool(url) as pool:
        measuring.add_source(pool, corpus.SOURCE)
        index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
        indexer = Indexer(pool=pool, index=index, embedder=embedder)
        began = time.perf_counter()
        for result in indexer.index(until_enough()):
            done += result.passages
            documents += 1
            if documents % 2000 == 0:
                measuring.progress(f"{done} of {passages} passages")
        indexer.finish()
    return _result(documents, done, began)


def _result(documents: int, passages: int, began: float) -> dict[str, float]:
    seconds = time.perf_counter() - began
    return {"documents": documents, "passages": passages, "seconds": seconds}


def _show_speed(steps: dict[str, dict[str, float]]) -> None:
    rows = [("", "documents/s", "passages/s", "seconds", "peak MB", "ours is")]
    ours = steps["ours"]["seconds"]
    for step, what in STEPS.items():
        one = steps[step]
        rows.append(
            (
                what,
                f"{one['documents'] / one['seconds']:.1f}",
                f"{one['passages'] / one['seconds']:.1f}",
                f"{one['seconds']:.1f}",
                f"{one['peak_mb']:.0f}",
                f"{one['seconds'] / ours:.2f} x as fast",
            )
        )
    one = steps["ours"]
    measuring.show(
        f"indexing {one['documents']:.0f} documents, {one['passages']:.0f} passages",
        rows,
        notes=[f"Texts: {corpus.describe()}. Stock is given finished chunks."],
    )


def _show_memory(result: dict[str, float]) -> None:
    measuring.show(
        "peak memory of indexing",
        [
            ("passages", "documents", "seconds", "peak MB"),
            (
                f"{result['passages']:.0f}",
                f"{result['documents']:.0f}",
                f"{result['seconds']:.0f}",
                f"{result['peak_mb']:.0f}",
            ),
        ],
        notes=["Articles repeated with words exchanged; vectors are real ones with noise."],
    )


if __name__ == "__main__":
    main()
