"""A help center in three languages: first sync, a later one, and a sweep, beside the bare embedding
of the same passages.

The stand-in serves from a process of its own, and each step is timed in another, wired as the
product is. `--articles 10000` embeds 30,000 passages and more, which takes its time.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import corpus, measuring
from tests.fakes.zendesk import Article, FakeZendesk

MODULE = "tests.bench.zendesk_sync"
SOURCE = "help"
LOCALES = ("en-us", "de", "fr")
CHANGES = 20

_MARKUP = re.compile(r"<[^>]*>|[^\S ]+")
_SENTENCE_END = re.compile(r"(?<=[.!?]) +")

STEPS = {
    "embedding": "the same passages embedded alone",
    "first": "first sync",
    "later": f"later sync, {CHANGES} articles changed",
    "sweep": "sweep of unchanged ids (sync --full)",
}


def main() -> None:
    options = _options()
    if options.serve:
        _serve(options.articles, options.words)
    elif options.step:
        print(json.dumps(_step(options.step)))
    else:
        with measuring.server() as server_url, measuring.database(server_url) as url:
            figures = _measure(options.articles, options.words, url)
        _show(figures)
        measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--articles", type=int, default=300, help="each in three languages")
    parser.add_argument("--words", type=int, default=60, help="words of each text, about")
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(articles: int, words: int, url: str) -> dict[str, Any]:
    figures: dict[str, Any] = {"articles": articles, "texts": corpus.describe(), "steps": {}}
    with _stand_in(articles, words) as zendesk, tempfile.TemporaryDirectory() as folder:
        os.environ.update(_settings(zendesk.base_url, url, Path(folder)))
        for step in ("first", "later", "sweep", "embedding"):
            if step == "later":
                zendesk.ask("edit")
            measuring.progress(STEPS[step])
            before = zendesk.ask("calls")
            found = measuring.in_a_process(MODULE, "--step", step)
            figures["steps"][step] = {**found, "calls": zendesk.ask("calls") - before}
    return figures


def _settings(base_url: str, url: str, folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "SUPPORTBOT_DATA_DIR": str(folder),
        "ZENDESK_SUBDOMAIN": "acme",
        "ZENDESK_BASE_URL": base_url,
        "ZENDESK_CLIENT_ID": "supportbot",
        "ZENDESK_CLIENT_SECRET": "the-client-secret",
    }


# --- The stand-in's process


class StandIn:
    """The stand-in in its process: one line asks, one line answers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.base_url: str = self._answer()

    def ask(self, question: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{question}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def _stand_in(articles: int, words: int) -> Iterator[StandIn]:
    command = [
        sys.executable,
        "-m",
        MODULE,
        "--serve",
        f"--articles={articles}",
        f"--words={words}",
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield StandIn(process)
        assert process.stdin is not None
        process.stdin.close()  # which ends it


def _serve(articles: int, words: int) -> None:
    texts, age = _texts(words), 86_400.0
    with FakeZendesk(clock=lambda: time.time() - age) as zendesk:
        published = _publish(zendesk, texts, articles)
        age = 0.0  # what is there is a day old when the first sync comes
        print(json.dumps(zendesk.base_url), flush=True)
        for line in sys.stdin:
            if line.strip() == "edit":
                with zendesk.lock:
                    for article in published[:: max(1, len(published) // CHANGES)][:CHANGES]:
                        zendesk.account.edit(article, next(texts)[1])
            print(json.dumps(len(zendesk.journal)), flush=True)


def _publish(
    zendesk: FakeZendesk, texts: Iterator[tuple[str, str]], articles: int
) -> list[Article]:
    account = zendesk.account
    account.main.locales = LOCALES
    category = account.category(en_us="Help", de="Hilfe", fr="Aide")
    sections = [account.section(category, en_us=f"Part {number}") for number in range(20)]
    published = []
    for number in range(articles):
        article = account.publish(sections[number % len(sections)], *next(texts))
        for locale in LOCALES[1:]:
            account.translate(article, locale, *next(texts))
        published.append(article)
    return published


def _texts(words: int) -> Iterator[tuple[str, str]]:
    """Titles, and runs of sentences of real articles, however many are asked for. What language
    they are in makes no difference to what is measured."""
    chance = random.Random(7)
    pool = [
        (each.title, sentence)
        for each in corpus.articles()
        for sentence in _SENTENCE_END.split(_MARKUP.sub(" ", each.body))
        if 4 < len(sentence.split()) < 60
    ]
    while True:
        at, said = chance.randrange(len(pool)), list[str]()
        title = f"{pool[at][0]} {chance.randrange(10**6)}"
        while sum(len(each.split()) for each in said) < words:
            said.append(pool[at % len(pool)][1])
            at += 1
        yield title, "".join(f"<p>{each}</p>" for each in said)


# --- What is timed, each in its process


def _step(step: str) -> dict[str, Any]:
    from bot import settings
    from bot.bootstrap import Application

    with Application(settings=settings.load()) as app:
        app.pool  # noqa: B018 - opened, so that nothing below waits for it
        app.embedder.embed(["warm"] * 64)
        return _embedding(app) if step == "embedding" else _sync(app, full=step != "later")


def _embedding(app: Any) -> dict[str, Any]:
    """What is in the index, embedded again in as large batches as the model likes."""
    chunking = importlib.import_module("indexing.chunking")
    texts = [
        each.embedded_text
        for document in _documents(app)
        for each in chunking.chunk(
            document, count_tokens=app.embedder.count_tokens, budget=app.embedder.max_tokens
        )
    ]
    began = time.perf_counter()
    app.embedder.embed(texts)
    return {"seconds": time.perf_counter() - began, "embedded": len(texts)}


def _documents(app: Any) -> list[Any]:
    from indexing.models import Audience, Document

    with app.pool.connection() as connection:
        rows = connection.execute("SELECT id, title, body FROM documents ORDER BY id").fetchall()
    return [
        Document(id=row[0], source=SOURCE, title=row[1], body=row[2], audience=Audience.public())
        for row in rows
    ]


def _sync(app: Any, *, full: bool) -> dict[str, Any]:
    from bot.sources import Source

    if not app.sources.all():
        app.sources.add(Source(name=SOURCE, kind="zendesk", config={}))
    source = app.sources.get(SOURCE).source
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    model = measuring.peak_megabytes()
    began = time.perf_counter()
    report = app.sync.run(source, app.connector(source), full=full)
    seconds = time.perf_counter() - began
    assert report.succeeded, report.error
    return {
        "seconds": seconds,
        "embedded": report.passages_embedded,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "failed": report.failed,
        "model_mb": model,
        "beyond_model_mb": measuring.peak_megabytes() - model,
    }


def _show(figures: dict[str, Any]) -> None:
    steps = figures["steps"]
    rows: list[tuple[str, ...]] = [
        ("", "seconds", "embedded", "added", "changed", "unchanged", "API calls", "MB beyond")
    ]
    for step, name in STEPS.items():
        one = steps[step]
        rows.append(
            (
                name,
                f"{one['seconds']:.2f}",
                str(one["embedded"]),
                *(str(one.get(each, "-")) for each in ("added", "changed", "unchanged")),
                str(one["calls"]) if step != "embedding" else "-",
                f"{one['beyond_model_mb']:.0f}" if "beyond_model_mb" in one else "-",
            )
        )
    ratio = steps["embedding"]["seconds"] / steps["first"]["seconds"]
    measuring.show(
        f"Zendesk sync, {figures['articles']} articles in {len(LOCALES)} languages",
        rows,
        notes=[
            f"Embedding alone takes {ratio:.0%} of the time of the first sync.",
            f"Texts: sentences of {figures['texts']}.",
            "MB beyond: the peak beyond the process with its model loaded.",
        ],
    )


if __name__ == "__main__":
    main()
