"""Jobs as words: what there is to do, in which lane, and which must not run side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID


class Lane(StrEnum):
    """Jobs that share a worker's slots, so that long ones never hold up those people wait for."""

    REPLIES = "replies"
    EVENTS = "events"
    KNOWLEDGE = "knowledge"
    UPKEEP = "upkeep"


class Priority(IntEnum):
    """Within a lane the higher goes first; equal ones go in the order they came."""

    UPKEEP = -10
    SCHEDULED = 0
    ASKED_FOR = 20
    EVENT = 50
    CONVERSATION = 80


class TaskName(StrEnum):
    """What jobs do. `bot.jobs` holds the bodies."""

    SYNC = "sync.source"
    ARTICLE = "sync.article"
    TICKET = "ticket.attend"
    FEEDBACK = "ticket.feedback"
    DRAFT = "ticket.draft"
    TICKET_SWEEP = "ticket.sweep"
    SLACK_THREAD = "slack.thread"
    SLACK_ASIDE = "slack.aside"
    SLACK_HANDOVER = "slack.handover"
    SLACK_PREVIEW = "slack.preview"
    SLACK_HOME = "slack.home"
    SLACK_DRAFT = "slack.draft"
    SLACK_DRAFTS = "slack.drafts"
    SLACK_TOKENS = "slack.tokens"
    HELP_CONTACT = "help.contact"
    SWITCH_MODEL = "index.switch"
    REBUILD = "index.rebuild"
    LEARN = "memory.learn"
    GAPS = "insight.gaps"
    ADVISE = "insight.advise"
    RECHECK = "quality.recheck"
    PRUNE = "upkeep.prune"
    STATISTICS = "upkeep.statistics"
    FIGURES = "upkeep.figures"
    SETTLE_FIGURES = "upkeep.settle_figures"
    FORGET = "upkeep.forget"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Work to enqueue. Jobs with the same `lock` run one at a time, in order; of jobs with the
    same `once` at most one waits."""

    task: TaskName
    lane: Lane
    arguments: Mapping[str, Any] = field(default_factory=dict)
    lock: str | None = None
    once: str | None = None
    priority: Priority = Priority.SCHEDULED
    delay: timedelta | None = None

    @property
    def is_asked_for(self) -> bool:
        """Whether somebody asked for it now; else it is only planned, or to be held back."""
        return self.delay is None and self.priority > Priority.SCHEDULED

    def joined(self, later: Job) -> Job:
        """What is left to do where this waits and may wait only once: the most that was asked
        of either."""
        more = {key: value for key, value in later.arguments.items() if value is True}
        if "event" in later.arguments:
            more["event"] = later.arguments["event"]
        return replace(
            self,
            arguments={**self.arguments, **more},
            priority=max(self.priority, later.priority),
            delay=None if later.is_asked_for else self.delay,
        )


def sync_job(source: str, *, full: bool = False, priority: Priority = Priority.SCHEDULED) -> Job:
    """One synchronisation of a source: one at a time, and at most one more waiting."""
    return Job(
        task=TaskName.SYNC,
        lane=Lane.KNOWLEDGE,
        arguments={"source": source, "full": full},
        lock=f"source:{source}",
        once=f"sync:{source}",
        priority=priority,
    )


def retry_job(source: str, document: str) -> Job:
    """The same, asking the source for this document too, which could not be indexed before."""
    return Job(
        task=TaskName.SYNC,
        lane=Lane.KNOWLEDGE,
        arguments={"source": source, "full": False, "again": [document]},
        lock=f"source:{source}",
        once=f"sync:{source}:{document}",
        priority=Priority.ASKED_FOR,
    )


def gaps_job() -> Job:
    """Works out what the knowledge lacks, beside the time that it does so by itself."""
    return Job(
        task=TaskName.GAPS,
        lane=Lane.UPKEEP,
        arguments={"timestamp": 0},
        once=TaskName.GAPS.value,
        priority=Priority.ASKED_FOR,
    )


def advice_job(test_set: str) -> Job:
    """Finds out why cases of a test set fail, and what to do about it."""
    return Job(
        task=TaskName.ADVISE,
        lane=Lane.UPKEEP,
        arguments={"name": test_set},
        once=f"advise:{test_set}",
        priority=Priority.ASKED_FOR,
    )


def article_job(
    source: str, article: str, *, happened_at: datetime | None = None, event: str = ""
) -> Job:
    """Brings one article of a source up to date: never beside a sync of that source, and at most
    one more waiting, because it asks anew how the article is. What changed `happened_at` this
    time, if that was told; `event` names what told of it."""
    told = {"happened_at": happened_at.isoformat()} if happened_at else {}
    if event:
        told["event"] = event
    return Job(
        task=TaskName.ARTICLE,
        lane=Lane.EVENTS,
        arguments={"source": source, "article": article, **told},
        lock=f"source:{source}",
        once=f"article:{source}:{article}",
        priority=Priority.EVENT,
    )


def draft_job(ticket_id: int, draft_id: UUID) -> Job:
    """Sends a draft that a person approved, in turn with the ticket's other jobs."""
    return Job(
        task=TaskName.DRAFT,
        lane=Lane.REPLIES,
        arguments={"ticket_id": ticket_id, "draft_id": str(draft_id)},
        lock=f"ticket:{ticket_id}",
        priority=Priority.EVENT,
    )


def shown_draft_job(draft_id: UUID, *, priority: Priority = Priority.CONVERSATION) -> Job:
    """Shows a draft as it is now to those who decide about it: at most one more waiting."""
    return Job(
        task=TaskName.SLACK_DRAFT,
        lane=Lane.REPLIES,
        arguments={"draft_id": str(draft_id)},
        lock=f"slack:draft:{draft_id}",
        once=f"slack:draft:{draft_id}",
        priority=priority,
    )


def switch_job(model: str, *, back: bool = False, asked: bool = True, force: bool = False) -> Job:
    """Makes this model's index live, one switch at a time. Unless it was `asked` for, only a
    worker that has this model set does it. `back` rolls back to it, `force` does it even if a
    guarded figure falls."""
    return Job(
        task=TaskName.SWITCH_MODEL,
        lane=Lane.KNOWLEDGE,
        arguments={"model": model, "back": back, "asked": asked, "force": force},
        lock="index",
        once=f"index:{'back' if back else 'switch'}:{model}",
        priority=Priority.ASKED_FOR if asked else Priority.SCHEDULED,
    )


def rebuild_job() -> Job:
    """Builds the indexes over passages anew, never beside a switch of models."""
    return Job(
        task=TaskName.REBUILD,
        lane=Lane.KNOWLEDGE,
        lock="index",
        once=TaskName.REBUILD.value,
        priority=Priority.ASKED_FOR,
    )
