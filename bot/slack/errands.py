"""The jobs that Slack gives: what is enqueued where somebody wrote or pressed something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.queue import Job, Lane, Priority, TaskName

if TYPE_CHECKING:
    from uuid import UUID

    from bot.slack.places import Place


def thread_job(place: Place) -> Job:
    """Looks at one thread and does what is to be done there: at most one more waiting, because it
    reads anew what was said."""
    return Job(
        task=TaskName.SLACK_THREAD,
        lane=Lane.REPLIES,
        arguments={"team": place.team, "channel": place.channel, "thread": place.thread},
        lock=f"slack:{place.key}",
        once=f"slack:{place.key}",
        priority=Priority.CONVERSATION,
    )


def aside_job(team: str, identity: UUID) -> Job:
    """Gives the reply to one question that no message asks."""
    return Job(
        task=TaskName.SLACK_ASIDE,
        lane=Lane.REPLIES,
        arguments={"team": team, "question": str(identity)},
        lock=f"slack:aside:{identity}",
        once=f"slack:aside:{identity}",
        priority=Priority.CONVERSATION,
    )
