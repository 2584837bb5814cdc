"""The job that opens a ticket for a message from the help page. Somebody waits for an answer to it,
so what cannot be done now waits, and is never given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from procrastinate import App, JobContext
from structlog.contextvars import bound_contextvars

from bot.errors import TicketUnsettled
from bot.jobs.retries import NO_DATABASE, PatientRetries, Retries, TryAgain
from bot.queue import Lane, TaskName
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from bot.help.contacts import TicketOpener

RETRIES = PatientRetries(passing=(ConnectorError, *NO_DATABASE))


class HelpJob:
    """Opens tickets. `opener` gives the one of the calling thread."""

    def __init__(self, *, opener: Callable[[], TicketOpener], retries: Retries = RETRIES) -> None:
        self._opener = opener
        self._retries = retries

    def register(self, app: App) -> None:
        """Gives the app this task under its name."""
        app.task(
            name=TaskName.HELP_CONTACT.value,
            queue=Lane.REPLIES.value,
            retry=self._retries,
            pass_context=True,
        )(self.run)

    def run(self, context: JobContext, *, contact: str) -> None:
        """Opens one. Raises when it must be tried again later."""
        with bound_contextvars(action="help_contact", job=context.job.id):
            try:
                self._opener().open(UUID(contact))
            except TicketUnsettled as error:
                raise TryAgain(str(error), after=error.after) from error
