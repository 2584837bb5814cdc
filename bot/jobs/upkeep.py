"""What keeps the database small and its statistics true. No job here holds a lock: one that a
killed worker left behind would hold up all that follow."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from procrastinate import App

from bot.evaluation.quality import QUALITY_OF, read_quality
from bot.jobs.retries import BY_THE_CLOCK
from bot.preferences import Preferences
from bot.queue import Lane, Priority, Queue, TaskName
from bot.retention import Retention, enforce
from bot.rollups import RECENT, SETTLING, Rollups
from indexing.errors import IndexMissing

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

log = logging.getLogger(__name__)

KEEP_JOBS = timedelta(days=7)
KEEP_RUNS = timedelta(days=90)
KEEP_VERSIONS = timedelta(days=730)
KEEP_EVENTS = timedelta(days=7)
"""Vendors repeat an event for minutes; an admin may ask for days later whether one came."""

OFTEN, HOURLY, NIGHTLY, LATER = "*/5 * * * *", "17 * * * *", "41 3 * * *", "23 4 * * *"

_PRUNE_RUNS = """
DELETE FROM sync_runs old WHERE finished_at < now() - %s
AND (article IS NOT NULL OR EXISTS (SELECT FROM sync_runs new WHERE new.source = old.source
                                    AND new.id > old.id AND new.article IS NULL))
"""


# What has ended signs nobody in any more.
_PRUNE_CONSOLE = (
    "DELETE FROM console_sessions WHERE expires_at < now() OR seen_at < now() - interval '2 days'",
    "DELETE FROM console_links WHERE expires_at < now()",
    "DELETE FROM console_sign_ins WHERE expires_at < now()",
    "DELETE FROM console_attempts WHERE at < now() - interval '1 day'",
)
# What Slack told of people and channels is asked for anew within minutes; nobody needs it old.
# A question that replies are waiting for comes within hours, or never.
_PRUNE_FACTS = (
    "DELETE FROM slack_early_replies WHERE heard_at < now() - interval '1 day'",
    "DELETE FROM slack_people WHERE fetched_at < now() - interval '30 days'",
    "DELETE FROM slack_rooms WHERE fetched_at < now() - interval '30 days'",
)
# The latest says how a document is, however old that is.
_PRUNE_VERSIONS = """
DELETE FROM document_versions AS old WHERE at < now() - %s
AND EXISTS (SELECT FROM document_versions AS newer WHERE newer.source = old.source
            AND newer.document_id = old.document_id AND newer.id > old.id)
"""

_PRUNE_EVENTS = "DELETE FROM inbound_events WHERE received_at < now() - %s"


class Upkeep:
    """Jobs that the queue itself enqueues by the clock, once each however many workers run."""

    def __init__(self, *, queue: Queue, pool: ConnectionPool[Connection[Any]]) -> None:
        self._queue = queue
        self._pool = pool
        self._rollups = Rollups(pool=pool)
        self._preferences = Preferences(pool=pool)

    def register(self, app: App) -> None:
        """Gives the app these tasks, with the hours they are due at."""
        for name, cron, body in (
            (TaskName.PRUNE, HOURLY, self.prune),
            (TaskName.STATISTICS, NIGHTLY, self.statistics),
            (TaskName.FIGURES, OFTEN, self.figures),
            (TaskName.SETTLE_FIGURES, NIGHTLY, self.settle_figures),
            (TaskName.FORGET, LATER, self.forget),
        ):
            task = app.task(
                name=name.value,
                queue=Lane.UPKEEP.value,
                queueing_lock=name.value,
                priority=int(Priority.UPKEEP),
                retry=BY_THE_CLOCK,
            )(body)
            app.periodic(cron=cron)(task)

    def prune(self, timestamp: int) -> None:
        """Removes old jobs, old events, sessions that have ended, what Slack told long ago, and old
        runs and versions but for the latest of each source and document."""
        jobs = self._queue.prune(older_than=KEEP_JOBS)
        with self._pool.connection() as connection:
            runs = connection.execute(_PRUNE_RUNS, (KEEP_RUNS,)).rowcount
            versions = connection.execute(_PRUNE_VERSIONS, (KEEP_VERSIONS,)).rowcount
            events = connection.execute(_PRUNE_EVENTS, (KEEP_EVENTS,)).rowcount
            for statement in (*_PRUNE_CONSOLE, *_PRUNE_FACTS):
                connection.execute(statement)
        removed = {"jobs": jobs, "runs": runs, "versions": versions, "events": events}
        log.info("Pruned.", extra={"action": "prune", **removed})

    def figures(self, timestamp: int) -> None:
        """Counts what happened today and yesterday, or ever when nothing was counted."""
        self._rollups.refresh(RECENT)
        self._note_quality()

    def settle_figures(self, timestamp: int) -> None:
        """Counts again whatever may have changed since, such as what came of tickets."""
        self._rollups.refresh(SETTLING)
        self._note_quality()

    def _note_quality(self) -> None:
        """The answers of a month are too many to look at for a page."""
        found = read_quality(self._pool, QUALITY_OF)
        for name, share in (("carried", found.supported), ("right", found.right)):
            if share is not None:
                told = {"mean": share.mean, "low": share.low, "high": share.high}
                told["answers"] = found.answers
                self._rollups.note(f"quality_{name}", told, samples=found.answers)

    def forget(self, timestamp: int) -> None:
        """Removes what is older than it is to be kept. Figures are counted before."""
        retention = self._preferences.get(Retention)
        removed = enforce(self._pool, retention)
        log.info("Forgot what was old.", extra={"action": "retention", **removed})

    def statistics(self, timestamp: int) -> None:
        """Counts the words of the live index anew."""
        from indexing.index import Index  # noqa: PLC0415 - imports numpy

        with self._pool.connection() as connection:
            try:
                Index.live(connection).refresh_statistics(connection)
            except IndexMissing:
                return
        log.info("Counted words.", extra={"action": "statistics"})
