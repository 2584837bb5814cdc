"""Watches a sync that a worker does, by what the worker writes into the database."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.sync import DocumentFailure, SyncReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.queue import Queue

_RUN = """
SELECT added, changed, unchanged, removed, failed, state, error, started_at FROM sync_runs
WHERE job_id = %s ORDER BY id DESC LIMIT 1
"""

_JOB = "SELECT status::text, scheduled_at > now() FROM procrastinate_jobs WHERE id = %s"

_FAILURES = """
SELECT id, reason FROM failed_documents WHERE source = %s AND last_seen >= %s ORDER BY id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    report: SyncReport
    ended: bool


class Following:
    """Follows runs until they end. `every` is how often it looks."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        queue: Queue,
        every: timedelta = timedelta(seconds=0.25),
    ) -> None:
        self._pool = pool
        self._queue = queue
        self._every = every.total_seconds()

    def follow(
        self, source: str, job_id: int, on_progress: Callable[[SyncReport], None]
    ) -> SyncReport | None:
        """The report of the run when it has ended; one that failed and will be tried again has
        ended too. None when no worker is left to do it: the job is then out of the queue."""
        while True:
            seen = self._look(source, job_id)
            on_progress(seen.report)
            if seen.ended:
                return seen.report
            if not self._queue.worker_alive():
                self._queue.give_back_stalled()
                if self._queue.cancel(job_id):
                    return None
            time.sleep(self._every)

    def _look(self, source: str, job_id: int) -> _Seen:
        with self._pool.connection() as connection:
            # The job first: when it has ended, so has its run.
            job = connection.execute(_JOB, (job_id,)).fetchone()
            run = connection.execute(_RUN, (job_id,)).fetchone()
            status, waits = job or ("gone", False)
            report = SyncReport(source=source)
            if run is None:
                if ended := status not in {"todo", "doing"}:
                    report.error = "It did not run: the source or the job was removed."
                return _Seen(report=report, ended=ended)
            report.added, report.changed, report.unchanged, report.removed, report.failed = run[:5]
            report.error = run[6]
            ended = status not in {"todo", "doing"} or (run[5] == "failed" and bool(waits))
            if ended:
                failures = connection.execute(_FAILURES, (source, run[7])).fetchall()
                report.failures = [DocumentFailure(document_id=i, reason=r) for i, r in failures]
        if ended and report.error and status == "todo":
            report.error += " It will be tried again by itself."
        return _Seen(report=report, ended=ended)
