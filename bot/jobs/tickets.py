"""The jobs that deal with tickets: a look at one, a customer's verdict, and the sweep over all.

A customer waits for the outcome, so what cannot be done now is never given up: it waits, longer
and longer, and where a person must do something first the admin is told which ticket and what.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from procrastinate import App, JobContext
from structlog.contextvars import bound_contextvars

from bot.errors import SupportbotError, TicketUnsettled
from bot.jobs.retries import NO_DATABASE, PatientRetries, Retries, TryAgain
from bot.queue import Job, Lane, Priority, TaskName, draft_job
from bot.zendesk.errands import feedback_job, ticket_job
from bot.zendesk.feedback import Verdict
from connectors.errors import ConnectorError, RateLimited, SourceUnavailable
from indexing.errors import IndexingError

if TYPE_CHECKING:
    from bot.queue import Queue
    from bot.zendesk.attending import Attendant, Attended
    from bot.zendesk.problems import Problems
    from bot.zendesk.sweeping import TicketSweep

log = logging.getLogger(__name__)

EVERY_MINUTE = "* * * * *"

ADMIN_NEEDED = timedelta(minutes=10)
"""Between two attempts at what only a person can mend."""

# What passes by itself.
_PASSING = (RateLimited, SourceUnavailable, *NO_DATABASE)

# After so many attempts a new job takes over: the queue gives up those that were tried too often,
# because they might be what kills its workers.
_LONG_TRIED = 15

_FAULT = "Unexpected {name}. This is a fault of Supportbot: report what the worker's log says."


RETRIES = PatientRetries(passing=_PASSING)


class TicketJobs:
    """Looks at tickets, and takes verdicts. `attendant` gives the one of the calling thread."""

    def __init__(
        self,
        *,
        attendant: Callable[[], Attendant],
        problems: Problems,
        queue: Queue,
        retries: Retries = RETRIES,
    ) -> None:
        self._attendant = attendant
        self._problems = problems
        self._queue = queue
        self._retries = retries

    def register(self, app: App) -> None:
        """Gives the app these tasks under their names."""
        for name, body in (
            (TaskName.TICKET, self.attend),
            (TaskName.FEEDBACK, self.judge),
            (TaskName.DRAFT, self.send),
        ):
            app.task(
                name=name.value,
                queue=Lane.REPLIES.value,
                retry=self._retries,
                pass_context=True,
            )(body)

    def attend(self, context: JobContext, *, ticket_id: int) -> None:
        """One look at a ticket. Raises when it must be looked at again later."""
        job = ticket_job(ticket_id)
        self._do(context, job, ticket_id, lambda: self._attendant().attend(ticket_id))

    def judge(
        self, context: JobContext, *, ticket_id: int, turn_id: str, helped: bool, locale: str
    ) -> None:
        """What follows from a yes or no. Raises as above."""
        verdict = Verdict(ticket_id=ticket_id, turn_id=UUID(turn_id), helped=helped, locale=locale)
        job = feedback_job(verdict)
        self._do(context, job, ticket_id, lambda: self._attendant().judge(verdict))

    def send(self, context: JobContext, *, ticket_id: int, draft_id: str) -> None:
        """Sends an approved draft. Raises as above."""
        draft = UUID(draft_id)
        job = draft_job(ticket_id, draft)
        self._do(context, job, ticket_id, lambda: self._attendant().send(ticket_id, draft))

    def _do(
        self, context: JobContext, job: Job, ticket_id: int, work: Callable[[], Attended]
    ) -> None:
        with bound_contextvars(action=job.task.value, ticket=ticket_id, job=context.job.id):
            try:
                with self._failures_told(ticket_id):
                    _log_outcome(work())
                    self._problems.solved(ticket_id)
            except TryAgain as error:
                if context.job.attempts < _LONG_TRIED:
                    raise
                log.warning("Tried often; a new job goes on: %s", error)
                self._queue.enqueue(replace(job, delay=max(error.after, ADMIN_NEEDED)))

    @contextmanager
    def _failures_told(self, ticket_id: int) -> Iterator[None]:
        """Raises TryAgain for every failure that is known, once the admin can see it."""
        try:
            yield
        except TicketUnsettled as error:  # nothing is wrong yet
            raise TryAgain(str(error), after=error.after) from error
        except _PASSING as error:
            asked = error.retry_after if isinstance(error, RateLimited) else 0.0
            if not isinstance(error, NO_DATABASE):
                self._problems.note(ticket_id, str(error))
            raise TryAgain(str(error), after=timedelta(seconds=asked)) from error
        except (ConnectorError, IndexingError, SupportbotError) as error:
            self._problems.note(ticket_id, str(error))
            raise TryAgain(str(error), after=ADMIN_NEEDED) from error
        except Exception as error:
            self._problems.note(ticket_id, _FAULT.format(name=type(error).__name__))
            raise


class TicketSweepJob:
    """Enqueues a look at every ticket that changed, once a minute however many workers run.
    Holds no lock: should two run at once, one of them stops."""

    def __init__(self, *, sweep: Callable[[], TicketSweep]) -> None:
        self._sweep = sweep

    def register(self, app: App) -> None:
        """Gives the app this task, with the minutes it is due at."""
        task = app.task(
            name=TaskName.TICKET_SWEEP.value,
            queue=Lane.UPKEEP.value,
            queueing_lock=TaskName.TICKET_SWEEP.value,
            priority=int(Priority.UPKEEP),
        )(self.run)
        app.periodic(cron=EVERY_MINUTE)(task)

    def run(self, timestamp: int) -> None:
        """One sweep. What hinders it is logged, and the next one goes on from the same place."""
        with bound_contextvars(action="ticket_sweep"):
            try:
                found = self._sweep().run()
            except (ConnectorError, SupportbotError, *_PASSING) as error:
                log.warning("Not swept: %s", error)
                return
            if found:
                log.info("Swept.", extra={"tickets": found})


def _log_outcome(attended: Attended) -> None:
    turn = attended.turn
    if turn is None:
        log.info("Nothing to do.")
        return
    why = turn.reason or turn.why
    told = {"outcome": turn.outcome.value, "why": why.value if why else "", "turn": str(turn.id)}
    log.info("Attended.", extra=told)
