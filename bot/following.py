"""Watches what a worker does, a sync or a switch of models, by what the worker writes into the
database."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.runs import DocumentFailure, SyncReport, report_of
from indexing.holdings import index_states

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.queue import Queue
    from indexing.holdings import IndexState

_RUN = """
SELECT added, changed, unchanged, removed, failed, api_calls, freshness_p50, freshness_p95,
       state, error, started_at
FROM sync_runs WHERE job_id = %s ORDER BY id DESC LIMIT 1
"""

_JOB = "SELECT status::text, scheduled_at > now() FROM procrastinate_jobs WHERE id = %s"

_FAILURES = """
SELECT id, reason FROM failed_documents WHERE source = %s AND last_seen >= %s ORDER BY id
"""


# Counting what an index holds takes a tenth of a second where there is much of it.
_COUNT_EACH = 4


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

    def follow_switch(
        self, model: str, job_id: int, on_progress: Callable[[IndexState], None]
    ) -> str | None:
        """ "" when the model's index is live, else why it is not; one that failed and will be
        tried again has ended too. None when no worker is left to do it."""
        for look in itertools.count():
            with self._pool.connection() as connection:
                job = connection.execute(_JOB, (job_id,)).fetchone()
                status, waits = job or ("gone", False)
                ended = status not in {"todo", "doing"} or bool(waits)
                states = index_states(connection) if ended or look % _COUNT_EACH == 0 else ()
            for each in (each for each in states if each.index.model == model):
                on_progress(each)
            if ended:
                if status == "succeeded":
                    live = any(e.state == "live" and e.index.model == model for e in states)
                    return "" if live else "Its index was dropped meanwhile."
                return _why_not_live(model, states, again=bool(waits))
            if not self._queue.worker_alive():
                self._queue.give_back_stalled()
                if self._queue.cancel(job_id):
                    return None
            time.sleep(self._every)
        raise AssertionError  # it counts for ever

    def _look(self, source: str, job_id: int) -> _Seen:
        with self._pool.connection() as connection:
            # The job first: when it has ended, so has its run.
            job = connection.execute(_JOB, (job_id,)).fetchone()
            run = connection.execute(_RUN, (job_id,)).fetchone()
            status, waits = job or ("gone", False)
            if run is None:
                report = SyncReport(source=source)
                if ended := status not in {"todo", "doing"}:
                    report.error = "It did not run: the source or the job was removed."
                return _Seen(report=report, ended=ended)
            *told, state, error, started_at = run
            report = report_of(source, tuple(told), error=error)
            ended = status not in {"todo", "doing"} or (state == "failed" and bool(waits))
            if ended:
                failures = connection.execute(_FAILURES, (source, started_at)).fetchall()
                report.failures = [DocumentFailure(document_id=i, reason=r) for i, r in failures]
        if ended and report.error and status == "todo":
            report.error += " It will be tried again by itself."
        return _Seen(report=report, ended=ended)


def _why_not_live(model: str, states: Sequence[IndexState], *, again: bool) -> str:
    own = (each.problem for each in reversed(states) if each.index.model == model)
    why = next(filter(None, own), "It did not work: the worker's log says why.")
    return f"{why} It will be tried again by itself." if again else why
