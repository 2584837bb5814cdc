"""How long the console takes to make each page over a year of a busy help desk: 100,000
conversations, 200,000 passages. From the request to the last byte, in one process, signed in."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import db
from bot.evaluation.scorers import latency
from bot.rollups import SETTLING, Rollups
from tests.bench import measuring
from tests.bench.console_stock import stock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

TARGET_MS = 100.0
WARM_UP = 2


def main() -> None:
    options = _options()
    with (
        measuring.server() as server_url,
        measuring.database(server_url) as url,
        tempfile.TemporaryDirectory(prefix="supportbot-bench-") as folder,
        db.open_pool(url) as pool,
    ):
        measuring.progress("Filling the database …")
        began = time.perf_counter()
        stock(pool, conversations=options.conversations, passages=options.passages)
        Rollups(pool=pool).refresh(SETTLING)
        measuring.progress(f"… in {time.perf_counter() - began:.0f} s.")
        os.environ |= {"DATABASE_URL": url, "SUPPORTBOT_DATA_DIR": folder}
        figures = _measured(pool, Path(folder), options.times)
    rows = [["page", "p50 ms", "p95 ms", "kB", ""]]
    for name, each in figures.items():
        verdict = "" if each["p95"] < TARGET_MS else "too slow"
        rows.append(
            [name, f"{each['p50']:.1f}", f"{each['p95']:.1f}", f"{each['kb']:.0f}", verdict]
        )
    measuring.show(
        f"Pages over {options.conversations:,} conversations and {options.passages:,} passages",
        rows,
        notes=[f"Target: p95 under {TARGET_MS:.0f} ms each, {options.times} times each."],
    )
    measuring.write_json(options.json, figures)


def _measured(
    pool: ConnectionPool[Connection[Any]], folder: Path, times: int
) -> dict[str, dict[str, float]]:
    from bot.admin.roles import Role
    from bot.bootstrap import Application, processes
    from bot.settings import load
    from tests.console import Browser, somebody

    with Application(settings=load(folder / ".env")) as app:
        browser = Browser(processes.web(app), pool, somebody(pool, Role.ADMIN))
        figures = {}
        for name, path in _pages(pool):
            took = []
            for _ in range(times + WARM_UP):
                began = time.perf_counter()
                answer = browser.get(path)
                took.append((time.perf_counter() - began) * 1000)
                if answer.status_code != 200:
                    raise SystemExit(f"{path} answered {answer.status_code}: {answer.text[:500]}")
            one = latency(took[WARM_UP:])
            figures[name] = {"p50": one.p50, "p95": one.p95, "kb": len(answer.content) / 1000}
    return figures


def _pages(pool: ConnectionPool[Connection[Any]]) -> Iterator[tuple[str, str]]:
    with pool.connection() as connection:
        (older,) = connection.execute(
            "SELECT asked_at FROM questions ORDER BY asked_at OFFSET 1000 LIMIT 1"
        ).fetchone() or ("",)
        (one,) = connection.execute("SELECT id FROM questions OFFSET 5 LIMIT 1").fetchone() or ("",)
        (draft,) = connection.execute(
            "SELECT id FROM ticket_turns WHERE outcome = 'drafted' LIMIT 1"
        ).fetchone() or ("",)
        (topic,) = connection.execute("SELECT min(id) FROM gap_topics").fetchone() or (0,)
        (source,) = connection.execute("SELECT min(name) FROM sources").fetchone() or ("",)
    at = f"at={older.isoformat().replace('+', '%2B')}&before={one}"
    listed = "/conversations"
    yield from {
        "overview": "/",
        "overview of a year": "/?days=365",
        "health": "/health",
        "sources": "/sources",
        "one source": f"/sources/{source}",
        "its runs": f"/sources/{source}/runs",
        "form of a new source": "/sources/new/website",
        "schedules": "/schedules",
        "settings of tickets": "/settings/tickets",
        "settings: how sure": "/settings/sending",
        "what that means, loaded after it": "/settings/sending/needed",
        "conversations": listed,
        "… far back": f"{listed}?{at}",
        "… of one surface and reason": f"{listed}?surface=zendesk&reason=low_confidence",
        "… with a common word": f"{listed}?words=return",
        "… with a rare word": f"{listed}?words=99001",
        "… judged wrong": f"{listed}?opinion=bad",
        "… of a tag": f"{listed}?tag=tag_7",
        "… of a source that none is of": f"{listed}?source=nowhere",
        "… of a ticket": f"{listed}?ticket=4711",
        "one conversation": f"{listed}/{one}",
        "knowledge": "/knowledge",
        "documents with a common word": "/knowledge?words=return",
        "documents of one reader": "/knowledge?label=agents&locale=de",
        "one document, much cited": "/knowledge/200",
        "gaps": "/gaps",
        "one topic": f"/gaps/topics/{topic}",
        "contradictions": "/gaps/articles/contradiction",
        "drafts": "/drafts",
        "one draft": f"/drafts/{draft}",
        "routing": "/routing",
        "playground": "/playground",
        "evaluations": "/evaluations",
        "people": "/people",
        "privacy": "/privacy",
        "audit log": "/audit",
    }.items()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--passages", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
