"""The job that synchronises one source, from where the last run stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from procrastinate import App, JobContext
from procrastinate.exceptions import JobAborted
from structlog.contextvars import bound_contextvars

from bot.errors import InputRejected
from bot.jobs.retries import Retries, TryAgain
from bot.queue import Lane, TaskName
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from bot.sources import Source, Sources
    from bot.sync import Sync, SyncReport
    from connectors.base import Change, Connector

log = logging.getLogger(__name__)

RETRIES = Retries(attempts=6, first=timedelta(seconds=15), longest=timedelta(minutes=30))


class SyncJob:
    """Loads the source, builds its connector, and runs the sync. `make_sync` is called for each
    run, so that runs of different sources share nothing but the embedding model."""

    def __init__(
        self,
        *,
        sources: Sources,
        connect: Callable[[Source], Connector],
        make_sync: Callable[[], Sync],
        retries: Retries = RETRIES,
    ) -> None:
        self._sources = sources
        self._connect = connect
        self._make_sync = make_sync
        self._retries = retries

    def register(self, app: App) -> None:
        """Gives the app this task under its name."""
        app.task(
            name=TaskName.SYNC.value,
            queue=Lane.KNOWLEDGE.value,
            retry=self._retries,
            pass_context=True,
        )(self.run)

    def run(self, context: JobContext, *, source: str, full: bool = False) -> None:
        """One run. Raises when it is worth another attempt, JobAborted when the worker stops."""
        with bound_contextvars(action="sync", source=source, job=context.job.id):
            try:
                state = self._sources.get(source)
            except InputRejected:
                log.info("The source was removed meanwhile.")
                return
            report = self._make_sync().run(
                state.source,
                self._connector(state.source),
                full=full,
                job_id=context.job.id,
                on_progress=lambda _: _stop_if_asked(context),
            )
            conclude(context, report, self._retries)

    def _connector(self, source: Source) -> Connector:
        try:
            return self._connect(source)
        except ConnectorError as error:
            return Unusable(error)


def conclude(context: JobContext, report: SyncReport, retries: Retries) -> None:
    """Logs what came of it. Raises TryAgain when it is worth another attempt."""
    log.info(
        "Synced." if report.succeeded else "Not synced: %s",
        *(() if report.succeeded else (report.error,)),
        extra={
            "added": report.added,
            "changed": report.changed,
            "unchanged": report.unchanged,
            "removed": report.removed,
            "failed": report.failed,
        },
    )
    if report.worth_retrying:
        again = TryAgain(report.error, after=timedelta(seconds=report.retry_after))
        # The last attempt ends without an exception: what happened has been told.
        if retries.get_retry_decision(exception=again, job=context.job):
            raise again


class Unusable:
    """In place of a connector that cannot be made: the run is recorded, and says why."""

    sweeps_each_run = False

    def __init__(self, error: ConnectorError) -> None:
        self._error = error

    def changes(self, _cursor: str) -> Iterator[Change]:
        raise self._error

    def live_ids(self) -> Iterator[str]:
        raise self._error


def _stop_if_asked(context: JobContext) -> None:
    if context.should_abort():
        raise JobAborted
