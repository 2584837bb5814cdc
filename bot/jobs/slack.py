"""The jobs that deal with what is asked in Slack.

Somebody waits, so what cannot be done now is never given up: it is tried again, first soon and
then ever less often, and where a person must do something first the admin is told what.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from procrastinate import App, JobContext
from structlog.contextvars import bound_contextvars

from bot.errors import SupportbotError, TicketUnsettled
from bot.jobs.retries import NO_DATABASE, PatientRetries, Retries, TryAgain
from bot.queue import Job, Lane, TaskName, shown_draft_job
from bot.slack.errands import aside_job, handover_job, thread_job
from bot.slack.errors import NotInstalled, PostUncertain, SlackAway, SlackBusy
from bot.slack.happenings import LinksShared
from bot.slack.places import Place
from bot.slack.posting import Unsettled
from connectors.errors import ConnectorError, RateLimited, SourceUnavailable
from indexing.errors import IndexingError

if TYPE_CHECKING:
    from bot.queue import Queue
    from bot.slack.attending import Attendant, Attended
    from bot.slack.draft_notices import DraftNotices
    from bot.slack.handing_over import HandingOver
    from bot.slack.home import Home
    from bot.slack.previews import Previews
    from bot.slack.problems import Problems

log = logging.getLogger(__name__)

ADMIN_NEEDED = timedelta(minutes=10)
"""Between two attempts at what only a person can mend."""

_PASSING = (
    SlackAway,
    PostUncertain,
    RateLimited,
    SourceUnavailable,
    *NO_DATABASE,
)

# After so many attempts a new job takes over: the queue gives up those that were tried too often,
# because they might be what kills its workers.
_LONG_TRIED = 15

_FAULT = "Unexpected {name}. This is a fault of Supportbot: report what the worker's log says."

RETRIES = PatientRetries(passing=_PASSING, first=timedelta(seconds=1))


class SlackJobs:
    """Gives replies, tells people, and shows what they look at. Each of the parts gives the
    process's own; `drafts` is None where no Zendesk is connected."""

    def __init__(
        self,
        *,
        attendant: Callable[[], Attendant],
        handing_over: Callable[[], HandingOver],
        drafts: Callable[[], DraftNotices] | None,
        home: Callable[[], Home],
        previews: Callable[[], Previews],
        problems: Problems,
        queue: Queue,
        retries: Retries = RETRIES,
    ) -> None:
        self._attendant = attendant
        self._handing_over = handing_over
        self._drafts = drafts
        self._home = home
        self._previews = previews
        self._problems = problems
        self._queue = queue
        self._retries = retries

    def register(self, app: App) -> None:
        """Gives the app these tasks under their names."""
        for name, body in (
            (TaskName.SLACK_THREAD, self.attend),
            (TaskName.SLACK_ASIDE, self.attend_aside),
            (TaskName.SLACK_HANDOVER, self.hand_over),
            (TaskName.SLACK_DRAFT, self.show_draft),
        ):
            app.task(
                name=name.value,
                queue=Lane.REPLIES.value,
                retry=self._retries,
                pass_context=True,
            )(body)
        # Nobody misses these for long: who looks again gets them.
        soon = Retries(attempts=4, first=timedelta(seconds=1), longest=timedelta(seconds=30))
        for name, shows in (
            (TaskName.SLACK_PREVIEW, self.preview),
            (TaskName.SLACK_HOME, self.show_home),
        ):
            app.task(name=name.value, queue=Lane.EVENTS.value, retry=soon)(shows)

    def attend(self, context: JobContext, *, team: str, channel: str, thread: str) -> None:
        """One look at a thread. Raises when it must be looked at again later."""
        place = Place(team=team, channel=channel, thread=thread)
        where = f"{channel}:{thread}"
        self._do(context, thread_job(place), team, where, lambda: self._attendant().attend(place))

    def attend_aside(self, context: JobContext, *, team: str, question: str) -> None:
        """The reply to a question that no message asks. Raises as above."""
        identity = UUID(question)
        job, where = aside_job(team, identity), f"aside:{identity}"
        self._do(context, job, team, where, lambda: self._attendant().attend_aside(identity))

    def hand_over(self, context: JobContext, *, team: str, question: str) -> None:
        """Tells people of a question that was handed to them. Raises as above."""
        identity = UUID(question)

        def work() -> Iterable[Attended]:
            self._handing_over().carry_out(identity)
            return ()

        self._do(context, handover_job(team, identity), team, f"handover:{identity}", work)

    def show_draft(self, context: JobContext, *, draft_id: str) -> None:
        """Shows a draft as it is now. Raises as above."""
        drafts, identity = self._drafts, UUID(draft_id)
        if drafts is None:
            return

        def work() -> Iterable[Attended]:
            drafts().show(identity)
            return ()

        self._do(context, shown_draft_job(identity), "", f"draft:{identity}", work)

    def preview(self, **shared: Any) -> None:
        """Previews of links that somebody wrote."""
        urls = tuple(shared.pop("urls"))
        with bound_contextvars(action=TaskName.SLACK_PREVIEW.value, team=shared["team"]):
            shown = self._previews().show(LinksShared(urls=urls, **shared))
            log.info("Previewed.", extra={"links": shown})

    def show_home(self, *, team: str, user: str, channel: str, tab: str) -> None:
        """The home of one person as it is now, or what is suggested beside their messages."""
        with bound_contextvars(action=TaskName.SLACK_HOME.value, team=team, tab=tab):
            if tab == "messages":
                self._home().suggest(team, user, channel)
            else:
                self._home().show(team, user)
            log.info("Shown.")

    def _do(
        self,
        context: JobContext,
        job: Job,
        team: str,
        where: str,
        work: Callable[[], Iterable[Attended]],
    ) -> None:
        with bound_contextvars(action=job.task.value, team=team, where=where, job=context.job.id):
            try:
                with failures_told(self._problems, team, where):
                    for each in work():
                        _log_outcome(each)
                    self._problems.solved(team, where)
            except TryAgain as error:
                if context.job.attempts < _LONG_TRIED:
                    raise
                log.warning("Tried often; a new job goes on: %s", error)
                self._queue.enqueue(replace(job, delay=max(error.after, ADMIN_NEEDED)))


@contextmanager
def failures_told(problems: Problems, team: str, where: str) -> Iterator[None]:
    """Raises TryAgain for every failure that is known, once the admin can see it."""
    try:
        yield
    except NotInstalled as error:  # nobody is there any more who could be told
        log.warning("Not done: %s", error)
    except (Unsettled, TicketUnsettled) as error:  # nothing is wrong yet
        raise TryAgain(str(error), after=error.after) from error
    except SlackBusy as error:
        raise TryAgain(str(error), after=timedelta(seconds=error.retry_after)) from error
    except _PASSING as error:
        if not isinstance(error, NO_DATABASE):
            problems.note(team, where, str(error))
        asked = error.retry_after if isinstance(error, RateLimited) else 0.0
        raise TryAgain(str(error), after=timedelta(seconds=asked)) from error
    except (ConnectorError, IndexingError, SupportbotError) as error:
        problems.note(team, where, str(error))
        raise TryAgain(str(error), after=ADMIN_NEEDED) from error
    except Exception as error:
        problems.note(team, where, _FAULT.format(name=type(error).__name__))
        raise


def _log_outcome(attended: Attended) -> None:
    reply = attended.reply
    why = reply.reason or reply.why
    log.info(
        "Attended.",
        extra={
            "outcome": reply.outcome.value,
            "why": why.value if why else "",
            "question": str(attended.asked.id),
            "way": attended.asked.way.value,
        },
    )
