"""The jobs that Slack gives: what is enqueued where somebody wrote or pressed something."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.queue import Job, Lane, Priority, TaskName

if TYPE_CHECKING:
    from uuid import UUID

    from bot.slack.happenings import LinksShared
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


def handover_job(team: str, question: UUID) -> Job:
    """Tells people of a question that was handed to them, as it is now."""
    return Job(
        task=TaskName.SLACK_HANDOVER,
        lane=Lane.REPLIES,
        arguments={"team": team, "question": str(question)},
        lock=f"slack:handover:{question}",
        once=f"slack:handover:{question}",
        priority=Priority.CONVERSATION,
    )


def preview_job(shared: LinksShared) -> Job:
    """Shows previews of links that somebody wrote."""
    return Job(
        task=TaskName.SLACK_PREVIEW,
        lane=Lane.EVENTS,
        arguments={**asdict(shared), "urls": list(shared.urls)},
        priority=Priority.EVENT,
    )


def home_job(team: str, user: str, *, channel: str = "", tab: str = "home") -> Job:
    """Shows somebody the bot's home as it is now, or beside their messages with the bot what to
    ask: at most one more waiting."""
    return Job(
        task=TaskName.SLACK_HOME,
        lane=Lane.EVENTS,
        arguments={"team": team, "user": user, "channel": channel, "tab": tab},
        once=f"slack:home:{team}:{user}:{tab}",
        priority=Priority.CONVERSATION,
    )
