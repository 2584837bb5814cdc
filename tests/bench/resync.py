"""Re-sync of documents that did not change: seconds and embeddings, beside llama-index's
IngestionPipeline with a document store.

Both read the same file and skip what they know. Vectors of the first run are not computed
(see corpus): they are not what is measured, and the second run must need none.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import db
from bot.sources import Source
from bot.sync import Sync
from connectors.base import Upsert
from connectors.files import FilesConnector
from indexing.embedders.embedder import Embedder
from indexing.index import Index
from indexing.pipeline import Indexer
from tests.bench import corpus, measuring

if TYPE_CHECKING:
    from indexing.models import Document

MODULE = "tests.bench.resync"


def main() -> None:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--no-stock", action="store_true", help="leave the baseline out")
    parser.add_argument("--json", type=Path, help="write every figure here")
    options = parser.parse_args()
    with (
        measuring.server() as server_url,
        tempfile.TemporaryDirectory(prefix="supportbot-bench-") as folder,
    ):
        path = Path(folder) / "articles.jsonl"
        _write(path, list(islice(corpus.endless(), options.documents)))
        encoder = corpus.RepeatingEncoder.over(measuring.encoder(), real=200)
        with measuring.database(server_url) as url:
            steps = {"ours": _ours(path, encoder, url)}
        if not options.no_stock:
            with measuring.database(server_url) as url:
                steps["stock"] = _stock(path, encoder, url)
    _show(steps, options.documents)
    measuring.write_json(options.json, {"documents": options.documents, "steps": steps})


def _write(path: Path, documents: list[Document]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for each in documents:
            body = "body_html" if each.media_type == "text/html" else "text"
            line = {
                "id": each.id,
                "title": each.title,
                body: each.body,
                "url": each.url,
                "locale": each.locale,
                "audience": sorted(each.audience.labels),
            }
            file.write(json.dumps(line) + "\n")


def _ours(path: Path, encoder: corpus.RepeatingEncoder, url: str) -> dict[str, Any]:
    embedder = Embedder(name="all-MiniLM-L6-v2", encoder=encoder)
    source = Source(name=corpus.SOURCE, kind="files", config={})
    with db.open_pool(url) as pool:
        measuring.add_source(pool, source.name)
        index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)

        def run() -> dict[str, Any]:
            sync = Sync(pool=pool, indexer=Indexer(pool=pool, index=index, embedder=embedder))
            before, began = encoder.passages, time.perf_counter()
            report = sync.run(source, FilesConnector(path=path, source=source.name))
            return {
                "seconds": time.perf_counter() - began,
                "embedded": encoder.passages - before,
                "unchanged": report.unchanged,
                "failed": report.failed,
            }

        measuring.progress("ours: first run")
        run()
        measuring.progress("ours: second run")
        return run()


def _stock(path: Path, encoder: corpus.RepeatingEncoder, url: str) -> dict[str, Any]:
    from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.schema import Document as StockDocument
    from llama_index.core.storage.docstore import SimpleDocumentStore

    from tests.bench import stock

    with tempfile.TemporaryDirectory(prefix="supportbot-bench-") as folder:
        kept = Path(folder) / "docstore.json"

        def run() -> dict[str, Any]:
            before, began = encoder.passages, time.perf_counter()
            docstore = SimpleDocumentStore()
            with suppress(FileNotFoundError):
                docstore = SimpleDocumentStore.from_persist_path(str(kept))
            documents = [
                StockDocument(
                    id_=change.document.id,
                    text=change.document.body,
                    metadata={"title": change.document.title},
                )
                for change in FilesConnector(path=path, source=corpus.SOURCE).changes("")
                if isinstance(change, Upsert)
            ]
            pipeline = IngestionPipeline(
                transformations=[
                    SentenceSplitter(
                        chunk_size=encoder.max_tokens,
                        chunk_overlap=0,
                        tokenizer=lambda text: [0] * encoder.count_tokens(text),
                    ),
                    encoder.llama_index(),
                ],
                docstore=docstore,
                docstore_strategy=DocstoreStrategy.UPSERTS,
                vector_store=stock.store(url, dimensions=encoder.dimensions, vector_index=False),
                disable_cache=True,
            )
            written = pipeline.run(documents=documents)
            docstore.persist(str(kept))
            return {
                "seconds": time.perf_counter() - began,
                "embedded": encoder.passages - before,
                "unchanged": len(documents) - len({node.ref_doc_id for node in written}),
                "failed": 0,
            }

        measuring.progress("stock: first run")
        run()
        measuring.progress("stock: second run")
        return run()


def _show(steps: dict[str, dict[str, Any]], documents: int) -> None:
    names = {"ours": "Supportbot sync", "stock": "llama-index IngestionPipeline, docstore"}
    rows = [("second run", "seconds", "embeddings", "unchanged", "failed", "seconds / ours")]
    rows += [
        (
            names[step],
            f"{one['seconds']:.2f}",
            str(one["embedded"]),
            str(one["unchanged"]),
            str(one["failed"]),
            f"{one['seconds'] / steps['ours']['seconds']:.2f}",
        )
        for step, one in steps.items()
    ]
    notes = [
        f"Texts: {corpus.describe()}, repeated with words exchanged.",
        (
            "Ours reads the file, compares hashes in the database, sweeps removed ids and records "
            "the run; stock loads its document store from disk and compares hashes."
        ),
    ]
    measuring.show(f"re-sync of {documents} unchanged documents", rows, notes=notes)


if __name__ == "__main__":
    main()
