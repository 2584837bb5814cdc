"""The job that synchronises one source, from where the last run stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from procrastinate import App, JobContext
from procrastinate.exceptions import JobAborted

from bot.jobs.retries import Retries
from bot.jobs.source import SourceJob
from bot.queue import Lane, Priority, TaskName
from connectors.base import Connector

if TYPE_CHECKING:
    from bot.queue import ToldArticle
    from bot.sources import Source, Sources
    from bot.sync import Sync


class SyncJob(SourceJob[Connector]):
    """Runs the sync of a whole source. `told` gives the articles that webhooks told of and whose
    jobs wait for it, as they do for any run of their source."""

    RETRIES = Retries(attempts=6, first=timedelta(seconds=15), longest=timedelta(minutes=30))

    def __init__(
        self,
        *,
        sources: Sources,
        connect: Callable[[Source], Connector],
        make_sync: Callable[[], Sync],
        told: Callable[[str], Sequence[ToldArticle]],
        retries: Retries | None = None,
    ) -> None:
        super().__init__(sources=sources, connect=connect, make_sync=make_sync, retries=retries)
        self._told = told

    def register(self, app: App) -> None:
        """Gives the app this task under its name."""
        app.task(
            name=TaskName.SYNC.value,
            queue=Lane.KNOWLEDGE.value,
            retry=self._retries,
            pass_context=True,
        )(self.run)

    def run(
        self,
        context: JobContext,
        *,
        source: str,
        full: bool = False,
        again: Sequence[str] | None = None,
    ) -> None:
        """One run, which tries failed documents `again`, if some are named just these. Raises
        when it is worth another attempt, JobAborted when the worker stops."""
        self._do(
            context,
            source,
            lambda sync, found, connector: sync.run(
                found,
                connector,
                full=full,
                asked_for=context.job.priority >= Priority.ASKED_FOR,
                again=again,
                job_id=context.job.id,
                on_progress=lambda _: _stop_if_asked(context),
                told=partial(self._told, source),
            ),
            action="sync",
        )


def _stop_if_asked(context: JobContext) -> None:
    if context.should_abort():
        raise JobAborted
