"""From a webhook to the answer: how long until a published article is found, and an unpublished one
is not.

The web and worker processes are the product's own, Zendesk is the stand-in, and what is found is
asked of the retriever, as every surface asks it, every few milliseconds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bot.evaluation.scorers import latency
from bot.web import listen
from indexing.models import Reader
from tests.bench import corpus, measuring
from tests.fakes.zendesk import Article, FakeZendesk, article_event, deliver

if TYPE_CHECKING:
    from bot.bootstrap import Application

MODULE = "tests.bench.webhook_latency"
SOURCE = "help"
SECRET = "the-secret-of-this-webhook"
PATIENCE = 60.0
EVERY = 0.01
"""Seconds between two questions whether it is there: what is measured is no finer than this."""

WARM_UP = 2

Event = Literal["published", "unpublished"]
NAMES: dict[Event, str] = {
    "published": "published -> answerable",
    "unpublished": "unpublished -> not answerable",
}


def main() -> None:
    options = _options()
    with (
        measuring.server() as server_url,
        measuring.database(server_url) as url,
        tempfile.TemporaryDirectory(prefix="supportbot-bench-") as folder,
        FakeZendesk() as zendesk,
    ):
        os.environ.update(_settings(zendesk.base_url, url, folder))
        figures = _measure(zendesk, options.articles, options.rounds, Path(folder))
    _show(figures)
    measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="articles published, unpublished")
    parser.add_argument("--articles", type=int, default=100, help="articles that are there before")
    parser.add_argument("--json", type=Path, help="write every figure here")
    return parser.parse_args()


def _settings(base_url: str, url: str, folder: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "SUPPORTBOT_DATA_DIR": folder,
        "ZENDESK_SUBDOMAIN": "acme",
        "ZENDESK_BASE_URL": base_url,
        "ZENDESK_CLIENT_ID": "supportbot",
        "ZENDESK_CLIENT_SECRET": "the-client-secret",
        "ZENDESK_WEBHOOK_SECRET": SECRET,
    }


def _measure(zendesk: FakeZendesk, articles: int, rounds: int, folder: Path) -> dict[str, Any]:
    from bot import settings
    from bot.bootstrap import Application
    from bot.sources import Source

    waiting = _publish(zendesk, articles, rounds + WARM_UP)
    with Application(settings=settings.load()) as app:
        app.sources.add(Source(name=SOURCE, kind="zendesk", config={}))
        measuring.progress("first sync")
        source = app.sources.get(SOURCE).source
        report = app.sync.run(source, app.connector(source))
        assert report.succeeded, report.error
        listener = listen(host="127.0.0.1", port=0)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        web = ("web", f"--listener-fd={listener.fileno()}")
        with listener, _running(folder, "worker"), _running(folder, *web, fd=listener.fileno()):
            spent: dict[Event, list[float]] = {"published": [], "unpublished": []}
            for number, article in enumerate(waiting):
                measuring.progress(f"round {number + 1} of {len(waiting)}")
                for event in NAMES:
                    spent[event].append(_told(app, zendesk, address, article, event))
    return {
        "texts": corpus.describe(),
        "articles": articles,
        "rounds": rounds,
        "first_ms": {event: one[0] for event, one in spent.items()},
        **{event: _figures(one[WARM_UP:]) for event, one in spent.items()},
    }


def _publish(zendesk: FakeZendesk, articles: int, waiting: int) -> Sequence[Article]:
    """Real articles, some of them drafts that are still to be published."""
    account = zendesk.account
    section = account.section(account.category(en_us="Help"), en_us="Articles")
    texts = corpus.endless()
    for _ in range(articles):
        document = next(texts)
        account.publish(section, document.title, document.body)
    return [
        account.publish(section, f"Model QX{number:04}", next(texts).body, draft=True)
        for number in range(waiting)
    ]


def _told(
    app: Application, zendesk: FakeZendesk, address: str, article: Article, event: Event
) -> float:
    """Milliseconds from just before the webhook is sent until a customer is answered by it."""
    name = f"article:{article.id}:{article.source_locale}"
    title = article.translations[article.source_locale].title
    customer = Reader.customer()

    def found() -> bool:
        passages = app.retriever.retrieve(f"What about the {title}?", customer)
        return name in {each.document_id for each in passages}

    with zendesk.lock:
        zendesk.account.set_draft(article, event == "unpublished")
    said = article_event(zendesk.account, article, event, now=time.time())
    began = time.perf_counter()
    status = deliver(f"{address}/zendesk/webhook", said, secret=SECRET, now=time.time())
    assert status == 200, status
    _wait_for(lambda: found() == (event == "published"), f"{title} {event}")
    return (time.perf_counter() - began) * 1000


def _wait_for(happened: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > until:
            raise AssertionError(f"It did not happen: {what}")
        time.sleep(EVERY)


@contextmanager
def _running(folder: Path, *command: str, fd: int | None = None) -> Iterator[None]:
    """One of the product's processes, which inherits the descriptor."""
    with (
        (folder / f"{command[0]}.log").open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", "bot", *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=() if fd is None else (fd,),
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


def _figures(spent: Sequence[float]) -> dict[str, float]:
    one = latency(spent)
    return {"p50": one.p50, "p95": one.p95, "longest": max(spent)}


def _show(figures: dict[str, Any]) -> None:
    rows: list[tuple[str, ...]] = [
        ("ms", "p50", "p95", "longest", "the first, worker just started")
    ]
    for event, name in NAMES.items():
        one = figures[event]
        first = figures["first_ms"][event]
        rows.append((name, *(f"{one[at]:.0f}" for at in ("p50", "p95", "longest")), f"{first:.0f}"))
    measuring.show(
        f"{figures['rounds']} articles published and unpublished beside {figures['articles']}",
        rows,
        notes=[f"Texts: {figures['texts']}. Asked every {EVERY * 1000:.0f} ms."],
    )


if __name__ == "__main__":
    main()
