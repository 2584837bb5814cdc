"""The job that looks at a sample of the answers once more, every hour."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from bot.evaluation.rechecking import Rechecking
from bot.jobs.retries import BY_THE_CLOCK
from bot.preferences import Preferences
from bot.queue import Lane, Priority, TaskName

if TYPE_CHECKING:
    from procrastinate import App, JobContext
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

log = logging.getLogger(__name__)

HOURLY = "47 * * * *"


class RecheckJob:
    """Looks at what is due. It holds no lock: looking twice at an answer keeps one look."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._rechecking = Rechecking(pool=pool, preferences=Preferences(pool=pool))

    def register(self, app: App) -> None:
        """Gives the app this task, with the hour it is due at."""
        task = app.task(
            name=TaskName.RECHECK.value,
            queue=Lane.UPKEEP.value,
            queueing_lock=TaskName.RECHECK.value,
            priority=int(Priority.UPKEEP),
            retry=BY_THE_CLOCK,
            pass_context=True,
        )(self.run)
        app.periodic(cron=HOURLY)(task)

    def run(self, context: JobContext, timestamp: int) -> None:
        """Ends early when the worker stops; the next hour goes on."""
        looked = self._rechecking.run(should_stop=context.should_abort)
        log.info("Looked at answers again.", extra={"action": "recheck", "answers": looked})
