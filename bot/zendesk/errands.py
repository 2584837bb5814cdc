"""The jobs that tickets give: what is enqueued where somebody wrote, or judged an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.queue import Job, Lane, Priority, TaskName

if TYPE_CHECKING:
    from bot.zendesk.feedback import Verdict

QUIET = timedelta(seconds=1.2)
"""How long a ticket is left after somebody wrote: who sends two messages at once gets one answer.
More than a second, in which equal bodies of triggers count as one; and no longer, because everybody
waits for it, and a second message that comes while an answer is written changes that answer."""


def ticket_job(
    ticket_id: int, *, delay: timedelta = QUIET, priority: Priority = Priority.EVENT
) -> Job:
    """Looks at one ticket and does what is to be done: at most one more waiting, because it reads
    anew what was said."""
    return Job(
        task=TaskName.TICKET,
        lane=Lane.REPLIES,
        arguments={"ticket_id": ticket_id},
        lock=f"ticket:{ticket_id}",
        once=f"ticket:{ticket_id}",
        priority=priority,
        delay=delay,
    )


def feedback_job(verdict: Verdict) -> Job:
    """Does what follows from a customer's verdict, in turn with the ticket's other jobs."""
    return Job(
        task=TaskName.FEEDBACK,
        lane=Lane.REPLIES,
        arguments={
            "ticket_id": verdict.ticket_id,
            "turn_id": str(verdict.turn_id),
            "helped": verdict.helped,
            "locale": verdict.locale,
        },
        lock=f"ticket:{verdict.ticket_id}",
        priority=Priority.EVENT,
    )
