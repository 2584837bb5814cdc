"""What is looked after in Slack by the clock: drafts, of which nobody tells when their ticket moves
on, and tokens, which end. No job here holds a lock: one that a killed worker left behind would
hold up all that follow.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import psycopg
from structlog.contextvars import bound_contextvars

from bot.errors import SecretUnreadable
from bot.queue import Lane, Priority, TaskName, shown_draft_job
from bot.slack.errors import SlackError

if TYPE_CHECKING:
    from collections.abc import Callable

    from procrastinate import App

    from bot.queue import Queue
    from bot.slack.draft_notices import DraftNotices
    from bot.slack.installations import Installations
    from bot.slack.problems import Problems

log = logging.getLogger(__name__)

EVERY_MINUTE, EVERY_QUARTER = "* * * * *", "3,18,33,48 * * * *"
PLACE = "installation"


class SlackDraftsJob:
    """Looks which drafts are to be shown or became something else, once a minute however many
    workers run."""

    def __init__(self, *, drafts: Callable[[], DraftNotices], queue: Queue) -> None:
        self._drafts = drafts
        self._queue = queue

    def register(self, app: App) -> None:
        """Gives the app this task, with the minutes it is due at."""
        _register(app, TaskName.SLACK_DRAFTS, EVERY_MINUTE, self.run)

    def run(self, timestamp: int) -> None:
        """One look."""
        for each in self._drafts().due():
            self._queue.enqueue(shown_draft_job(each, priority=Priority.SCHEDULED))


class SlackTokensJob:
    """Renews tokens that end soon, and seals anew what an older key sealed."""

    def __init__(self, *, installations: Callable[[], Installations], problems: Problems) -> None:
        self._installations = installations
        self._problems = problems

    def register(self, app: App) -> None:
        """Gives the app this task, with the minutes it is due at."""
        _register(app, TaskName.SLACK_TOKENS, EVERY_QUARTER, self.run)

    def run(self, timestamp: int) -> None:
        """One look at every installation. What is wrong with one is told the admin and does not
        hold up the others."""
        books = self._installations()
        for workspace in books.all():
            with bound_contextvars(action=TaskName.SLACK_TOKENS.value, team=workspace):
                try:
                    if books.renew(workspace):
                        log.info("Renewed.")
                    self._problems.solved(workspace, PLACE)
                except (SlackError, SecretUnreadable) as error:
                    log.warning("Not renewed: %s", error)
                    self._problems.note(workspace, PLACE, str(error))
                except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                    log.warning("Not renewed: %s", " ".join(str(error).split()))
                    return


def _register(app: App, name: TaskName, cron: str, body: Callable[[int], None]) -> None:
    task = app.task(
        name=name.value,
        queue=Lane.UPKEEP.value,
        queueing_lock=name.value,
        priority=int(Priority.UPKEEP),
    )(body)
    app.periodic(cron=cron)(task)
