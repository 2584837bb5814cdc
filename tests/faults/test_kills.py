"""Whatever is killed while syncs run, the index ends as the help center is, nothing doubled, no
run left open, no job lost.

`pytest tests/faults --kills 200 -s` kills more than CI does. The seed that is printed repeats the
victims, the moments and what people do meanwhile; how far a sync has come by then is the machine's.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from psycopg_pool import ConnectionPool

from bot import db
from bot.queue import Job, Priority, Queue, article_job, sync_job
from bot.schedules import Schedules
from bot.sources import Source, Sources
from bot.timing import Interval
from tests.faults.deployment import VICTIMS, Deployment
from tests.faults.editors import Editors

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder

SOURCE = "help"
ARTICLES = 40
CHECK_EVERY = 10
"""So many kills are between two looks at everything."""

MOMENT = 1.0
"""Seconds of a sync within which something is killed; a sync of what changed takes about two."""


class Chaos:
    """Random edits, syncs and kills, all from one seed."""

    def __init__(self, deployment: Deployment, chance: random.Random) -> None:
        self._deployment = deployment
        self._chance = chance
        self._editors = Editors(deployment.zendesk, articles=ARTICLES, chance=chance)
        self._queue = Queue(pool=ConnectionPool(open=False))  # every job comes with a connection
        self._make_source()
        self.killed: Counter[tuple[str, str]] = Counter()

    def _make_source(self) -> None:
        with db.open_pool(self._deployment.url) as pool:
            Sources(pool=pool).add(Source(name=SOURCE, kind="zendesk", config={}))
            Schedules(pool=pool, queue=self._queue).set(
                SOURCE, Interval(every=timedelta(hours=1), anchor=datetime.now(UTC))
            )

    def people_work(self) -> None:
        """A dozen changes, as an editor makes them on a busy day."""
        for _ in range(self._chance.randrange(10, 30)):
            self._editors.change_something(self._chance)

    def start_a_sync(self) -> None:
        """Planned, asked for, or of one article because Zendesk said that it changed."""
        article = self._chance.choice(list(self._deployment.zendesk.account.articles))
        last = self._last_run()
        match self._chance.randrange(4):
            case 0:
                self._enqueue(sync_job(SOURCE, full=True, priority=Priority.ASKED_FOR))
            case 1:
                self._enqueue(sync_job(SOURCE, priority=Priority.ASKED_FOR))
            case 2:
                self._enqueue(article_job(SOURCE, str(article)))
                self._plan()
            case _:
                self._plan()
        self._deployment.wait_for(lambda: self._began_after(last), "no run began")

    def kill_somebody(self) -> None:
        victim = self._chance.choice(VICTIMS)
        time.sleep(self._chance.uniform(0, MOMENT))  # the moment is what is left to chance
        phase = self._phase()
        self._deployment.kill(victim, self._chance)
        self._deployment.mend(victim)
        self.killed[victim, phase] += 1

    def settle(self) -> None:
        """Until nothing waits and nothing runs, though jobs that failed wait for their hour."""

        def quiet() -> bool:
            self._deployment.hasten()
            (left, overdue) = self._deployment.rows(
                "SELECT (SELECT count(*) FROM procrastinate_jobs"
                "        WHERE status NOT IN ('succeeded', 'failed')),"
                "       (SELECT count(*) FROM schedules WHERE next_run <= now())"
            )[0]
            return not left and not overdue

        self._deployment.wait_for(quiet, "jobs are left")

    def sweep(self) -> None:
        job = self._enqueue(sync_job(SOURCE, full=True, priority=Priority.ASKED_FOR))
        self.settle()
        status = "SELECT status::text FROM procrastinate_jobs WHERE id = %s"
        assert self._deployment.rows(status, (job,)) == [("succeeded",)], self._deployment.said()

    def check(self, embedder: Embedder) -> None:
        """That index and help center agree, and that the books are closed."""
        wrong = self._editors.faults(self._deployment, SOURCE, embedder)
        assert not wrong, "\n".join([*wrong, self._deployment.said()])
        last = self._deployment.rows("SELECT state FROM sync_runs ORDER BY id DESC LIMIT 1")
        running = self._deployment.rows("SELECT id FROM sync_runs WHERE state = 'running'")
        assert (last, running) == ([("succeeded",)], []), self._deployment.said()

    def _plan(self) -> None:
        """The schedule is due; that nobody enqueues it is for the scheduler to prevent."""
        self._deployment.execute("UPDATE schedules SET next_run = now()")

    def _enqueue(self, job: Job) -> int:
        return self._deployment.ask(lambda each: self._queue.enqueue(job, connection=each).id)

    def _last_run(self) -> int:
        return int(self._deployment.rows("SELECT coalesce(max(id), 0) FROM sync_runs")[0][0])

    def _began_after(self, run: int) -> bool:
        """One that is over between two looks has begun, too."""
        self._deployment.hasten()
        return bool(
            self._deployment.rows(
                "SELECT FROM sync_runs WHERE state = 'running' OR id > %s LIMIT 1", (run,)
            )
        )

    def _phase(self) -> str:
        (doing, running) = self._deployment.rows(
            "SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'),"
            "       (SELECT count(*) FROM sync_runs WHERE state = 'running')"
        )[0]
        return "while it syncs" if running else "at its start or end" if doing else "after it"


@pytest.fixture
def deployment(scratch: Path, tmp_path: Path) -> Iterator[Deployment]:
    with Deployment(folder=scratch / f"faults-{uuid4().hex}", logs=tmp_path) as opened:
        yield opened


@pytest.mark.faults
def test_the_index_is_the_help_center_whatever_is_killed(
    deployment: Deployment, embedder: Embedder, request: pytest.FixtureRequest
) -> None:
    kills = request.config.getoption("--kills")
    seed = request.config.getoption("--kill-seed") or random.randrange(10**6)
    print(f"\nThese kills are repeated by --kills {kills} --kill-seed {seed}")
    chaos = Chaos(deployment, random.Random(seed))
    deployment.start("worker")
    deployment.start("scheduler")

    for number in range(1, kills + 1):
        chaos.people_work()
        chaos.start_a_sync()
        chaos.kill_somebody()
        if number % CHECK_EVERY == 0 or number == kills:
            chaos.settle()
            chaos.sweep()
            chaos.check(embedder)
            print(f"{number} kills: {dict(chaos.killed)}")
