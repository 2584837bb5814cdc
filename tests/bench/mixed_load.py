"""Everything at once for a while: tickets, questions in Slack and edits of articles, answered by
the real web, worker and scheduler over a real PostgreSQL, all of it on this machine.

Zendesk and Slack are stand-ins that answer at once; answers are extractive. Times run from what
people did until what they see: the bot's first words in the ticket or the thread, and for edits
until the new text is in the index. Half of the edits are published anew, of which a webhook tells;
Zendesk tells nobody of the others, which a sync finds that is planned for every minute.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg_pool import ConnectionPool

from bot import db
from bot.queue import Queue
from bot.schedules import Schedules
from bot.timing import Interval
from tests.bench import deployed, measuring
from tests.bench.people import Editors, People
from tests.bench.watching import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fakes.slack import FakeSlack
    from tests.faults.deployment import Deployment

MODULE = "tests.bench.mixed_load"
TARGET_MS, FLAT = 2000.0, 0.05
ARTICLES = 300


def main() -> None:
    options = _options()
    with deployed.deployed() as (deployment, slack):
        figures = _measured(options, deployment, slack)
    _show(figures)
    measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="for so long")
    parser.add_argument("--tickets", type=float, default=20, help="new ones a minute")
    parser.add_argument("--questions", type=float, default=20, help="in Slack, a minute")
    parser.add_argument("--edits", type=float, default=200, help="of articles, a minute")
    parser.add_argument("--json", type=Path, help="write every figure here")
    return parser.parse_args()


def _measured(
    options: argparse.Namespace, deployment: Deployment, slack: FakeSlack
) -> dict[str, Any]:
    editors = Editors(deployment, articles=ARTICLES)
    deployed.ready(deployment, slack)
    measuring.progress(f"reading {ARTICLES} articles")
    deployed.add_help_center(deployment)
    _sync_every_minute(deployment)
    people = People(deployment, slack)
    memory = Memory(deployment)
    calls = len(deployment.zendesk.journal)
    measuring.progress(f"{options.minutes:g} minutes of work")
    began = time.monotonic()
    seconds = options.minutes * 60
    with memory, editors:
        streams = [
            threading.Thread(target=_evenly, args=(act, rate, seconds))
            for act, rate in (
                (people.write_a_ticket, options.tickets),
                (people.ask_in_slack, options.questions),
                (editors.edit, options.edits),
            )
            if rate
        ]
        for each in streams:
            each.start()
        for each in streams:
            each.join()
        spent = time.monotonic() - began
        measuring.progress("until everything is done")
        people.settle()
        editors.settle()
    return {
        "cores": os.cpu_count(),
        "minutes": spent / 60,
        "rates": [options.tickets, options.questions, options.edits],
        "tickets": measuring.timings(people.ticket_milliseconds()),
        "questions": measuring.timings(people.slack_milliseconds()),
        "told": measuring.timings(editors.milliseconds(told=True)),
        "untold": measuring.timings(editors.milliseconds(told=False)),
        "errors": dict(people.missing() + editors.missing() + deployed.troubles(deployment)),
        "calls_per_minute": (len(deployment.zendesk.journal) - calls) / (spent / 60),
        "memory": memory.samples,
    }


def _evenly(act: Any, per_minute: float, seconds: float) -> None:
    """So often a minute, and none skipped where one came late."""
    began = time.monotonic()
    for number in range(int(per_minute * seconds / 60)):
        time.sleep(max(0.0, began + number * 60 / per_minute - time.monotonic()))
        act()


def _sync_every_minute(deployment: Deployment) -> None:
    with db.open_pool(deployment.url, max_size=2) as pool:
        Schedules(pool=pool, queue=Queue(pool=ConnectionPool(open=False))).set(
            deployed.SOURCE, Interval(every=timedelta(minutes=1), anchor=datetime.now(UTC))
        )


def _growth(samples: Sequence[float]) -> tuple[float, float, float]:
    """The medians of a tenth of the time after the first fifth, and of the last tenth, and by what
    share the second is more."""
    tenth = max(len(samples) // 10, 1)
    early = statistics.median(samples[2 * tenth : 3 * tenth] or samples[-1:])
    late = statistics.median(samples[-tenth:])
    return early, late, late / early - 1


def _show(figures: dict[str, Any]) -> None:
    titles = {
        "tickets": ("tickets", f"p95 < {TARGET_MS:.0f}"),
        "questions": ("questions in Slack", f"p95 < {TARGET_MS:.0f}"),
        "told": ("edits, a webhook told", "-"),
        "untold": ("edits, found by the sync", "-"),
    }
    rows = [("ms until answered", "count", "p50", "p95", "p99", "longest", "target")]
    for name, (title, target) in titles.items():
        one = figures[name]
        numbers = (f"{one[f'{each}_ms']:.0f}" for each in ("p50", "p95", "p99", "longest"))
        rows.append((title, str(one["count"]), *numbers, target))
    tickets, questions, edits = figures["rates"]
    errors = figures["errors"]
    measuring.show(
        f"{tickets:g} tickets, {questions:g} questions and {edits:g} edits a minute for "
        f"{figures['minutes']:.1f} minutes on {figures['cores']} cores",
        rows,
        notes=[
            f"Errors: {sum(errors.values())} (aim: none) {errors or ''}",
            f"Calls to Zendesk: {figures['calls_per_minute']:.0f} a minute.",
        ],
    )
    memory = [("memory, MB", "after a fifth", "at the end", "grown", "target")]
    for name, samples in figures["memory"].items():
        early, late, grown = _growth(samples)
        target = "-" if name == "postgresql" else f"within {FLAT:.0%}"
        memory.append((name, f"{early:.0f}", f"{late:.0f}", f"{grown:+.1%}", target))
    measuring.show(
        "What the processes hold",
        memory,
        notes=["PostgreSQL: with its cache, which fills up to shared_buffers."],
    )


if __name__ == "__main__":
    main()
