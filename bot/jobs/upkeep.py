"""What keeps the database small and its statistics true. No job here holds a lock: one that a
killed worker left behind would hold up all that follow."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from procrastinate import App

from bot.queue import Lane, Priority, Queue, TaskName
from indexing.errors import IndexMissing

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

log = logging.getLogger(__name__)

KEEP_JOBS = timedelta(days=7)
KEEP_RUNS = timedelta(days=90)
KEEP_EVENTS = timedelta(days=7)
"""Vendors repeat an event for minutes; an admin may ask for days later whether one came."""

HOURLY, NIGHTLY = "17 * * * *", "41 3 * * *"

_PRUNE_RUNS = """
DELETE FROM sync_runs old WHERE finished_at < now() - %s
AND (article IS NOT NULL OR EXISTS (SELECT FROM sync_runs new WHERE new.source = old.source
                                    AND new.id > old.id AND new.article IS NULL))
"""


_PRUNE_EVENTS = "DELETE FROM inbound_events WHERE received_at < now() - %s"


class Upkeep:
    """Jobs that the queue itself enqueues by the clock, once each however many workers run."""

    def __init__(self, *, queue: Queue, pool: ConnectionPool[Connection[Any]]) -> None:
        self._queue = queue
        self._pool = pool

    def register(self, app: App) -> None:
        """Gives the app these tasks, with the hours they are due at."""
        for name, cron, body in (
            (TaskName.PRUNE, HOURLY, self.prune),
            (TaskName.STATISTICS, NIGHTLY, self.statistics),
        ):
            task = app.task(
                name=name.value,
                queue=Lane.UPKEEP.value,
                queueing_lock=name.value,
                priority=int(Priority.UPKEEP),
            )(body)
            app.periodic(cron=cron)(task)

    def prune(self, timestamp: int) -> None:
        """Removes old jobs, old events, and old runs but for each source's latest."""
        jobs = self._queue.prune(older_than=KEEP_JOBS)
        with self._pool.connection() as connection:
            runs = connection.execute(_PRUNE_RUNS, (KEEP_RUNS,)).rowcount
            events = connection.execute(_PRUNE_EVENTS, (KEEP_EVENTS,)).rowcount
        removed = {"jobs": jobs, "runs": runs, "events": events}
        log.info("Pruned.", extra={"action": "prune", **removed})

    def statistics(self, timestamp: int) -> None:
        """Counts the words of the live index anew."""
        from indexing.index import Index  # noqa: PLC0415 - imports numpy

        with self._pool.connection() as connection:
            try:
                Index.live(connection).refresh_statistics(connection)
            except IndexMissing:
                return
        log.info("Counted words.", extra={"action": "statistics"})
