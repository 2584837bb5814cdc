"""What the jobs that bring a source up to date have in common: how they begin and how they end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from procrastinate import JobContext
from structlog.contextvars import bound_contextvars

from bot.errors import InputRejected
from bot.jobs.retries import Retries, TryAgain
from connectors.base import Connector
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from bot.runs import SyncReport
    from bot.sources import Source, Sources
    from bot.sync import Sync
    from connectors.base import Change

log = logging.getLogger(__name__)

AnyConnector = TypeVar("AnyConnector", bound=Connector)  # what the work asks of it


class SourceJob(Generic[AnyConnector]):
    """Loads the source and builds its connector. `make_sync` is called for each run, so that runs
    of different sources share nothing but the embedding model."""

    RETRIES: ClassVar[Retries]

    def __init__(
        self,
        *,
        sources: Sources,
        connect: Callable[[Source], AnyConnector],
        make_sync: Callable[[], Sync],
        retries: Retries | None = None,
    ) -> None:
        self._sources = sources
        self._connect = connect
        self._make_sync = make_sync
        self._retries = retries or self.RETRIES

    def _do(
        self,
        context: JobContext,
        source: str,
        work: Callable[[Sync, Source, AnyConnector | Unusable], SyncReport],
        **ids: str,
    ) -> None:
        """Does the work, unless the source was removed meanwhile, and logs what came of it; `ids`
        go into every line. Raises TryAgain when it is worth another attempt."""
        with bound_contextvars(source=source, job=context.job.id, **ids):
            try:
                found = self._sources.get(source).source
            except InputRejected:
                log.info("The source was removed meanwhile.")
                return
            self._conclude(context, work(self._make_sync(), found, self._connector(found)))

    def _connector(self, source: Source) -> AnyConnector | Unusable:
        try:
            return self._connect(source)
        except ConnectorError as error:
            return Unusable(error)

    def _conclude(self, context: JobContext, report: SyncReport) -> None:
        log.info(
            "Synced." if report.succeeded else "Not synced: %s",
            *(() if report.succeeded else (report.error,)),
            extra={
                "added": report.added,
                "changed": report.changed,
                "unchanged": report.unchanged,
                "removed": report.removed,
                "failed": report.failed,
                "api_calls": report.api_calls,
            },
        )
        if report.worth_retrying:
            again = TryAgain(report.error, after=timedelta(seconds=report.retry_after))
            # The last attempt ends without an exception: what happened has been told.
            if self._retries.get_retry_decision(exception=again, job=context.job):
                raise again


class Unusable:
    """In place of a connector that cannot be made: the run is recorded, and says why."""

    sweeps_each_run = False
    api_calls = 0

    def __init__(self, error: ConnectorError) -> None:
        self._error = error

    def changes(self, cursor: str, *, again: Collection[str] = ()) -> Iterator[Change]:
        raise self._error

    def changes_of(self, article_id: str) -> Iterator[Change]:
        raise self._error

    def live_ids(self) -> Iterator[str]:
        raise self._error
