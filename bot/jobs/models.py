"""The job that switches to another embedding model, and who asks for it.

What is set may differ from what answers. A worker that starts compares the two and enqueues the
switch, so that changing EMBEDDING_MODEL and restarting is all that an admin has to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from procrastinate import App, JobContext
from procrastinate.exceptions import JobAborted
from structlog.contextvars import bound_contextvars

from bot.jobs.retries import Retries, TryAgain
from bot.queue import Lane, TaskName, switch_job
from indexing.errors import IndexDropped
from indexing.holdings import switch_wanted

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.queue import Queue
    from indexing.switching import Switching

log = logging.getLogger(__name__)

RETRIES = Retries(attempts=10, first=timedelta(seconds=30), longest=timedelta(minutes=30))


class SwitchJob:
    """Builds the model's index beside the live one and swaps them. `wanted` is the name of the
    model that is set in this process."""

    def __init__(
        self, *, switching: Callable[[], Switching], wanted: str, retries: Retries = RETRIES
    ) -> None:
        self._switching = switching
        self._wanted = wanted
        self._retries = retries

    def register(self, app: App) -> None:
        """Gives the app this task under its name."""
        app.task(
            name=TaskName.SWITCH_MODEL.value,
            queue=Lane.KNOWLEDGE.value,
            retry=self._retries,
            pass_context=True,
        )(self.run)

    def run(
        self,
        context: JobContext,
        *,
        model: str,
        back: bool = False,
        asked: bool = True,
        force: bool = False,
    ) -> None:
        """One switch. Raises when it is worth another attempt, JobAborted when the worker
        stops; what was built until then stays."""
        with bound_contextvars(action="switch_model", model=model, job=context.job.id):
            if not asked and model != self._wanted:
                # Set where it was enqueued; while a new setting is rolled out, workers differ.
                raise TryAgain(f"EMBEDDING_MODEL is {self._wanted} here; {model} is left alone.")
            try:
                index = self._switching().run(
                    model, back=back, force=force, on_progress=lambda _: _stop_if_asked(context)
                )
            except IndexDropped:
                log.info("The index was dropped meanwhile.")
                return
            log.info("This model answers now.", extra={"index": index.id})


def notice_setting(
    *, pool: ConnectionPool[Connection[Any]], queue: Queue, wanted: str
) -> int | None:
    """Enqueues the switch to the model that is set when another one answers; returns the job's
    id. One that was rolled back from is left to `supportbot index build`."""
    with pool.connection() as connection:
        if not switch_wanted(connection, wanted):
            return None
        job = queue.enqueue(switch_job(wanted, asked=False), connection=connection)
    ids = {"action": "enqueue_switch", "model": wanted, "job": job.id}
    log.info("Another model is set than the one that answers.", extra=ids)
    return job.id


def _stop_if_asked(context: JobContext) -> None:
    if context.should_abort():
        raise JobAborted
