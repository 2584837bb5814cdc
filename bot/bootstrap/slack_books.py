"""What Slack's parts keep in the database. It may be the pool of a process that does without a
database for a while, so these are not those of the application."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.drafts import Drafts
    from bot.queue import Queue
    from bot.records import Records
    from bot.schedules import Schedules
    from bot.slack.channels import Channels
    from bot.slack.handovers import Handovers, SlackRoutes
    from bot.slack.inbox import Inbox
    from bot.slack.problems import Problems
    from bot.slack.questions import Questions
    from bot.sources import Sources
    from indexing.excerpts import Excerpts


class SlackBooks:
    """The stores over one pool."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self.pool = pool

    @cached_property
    def channels(self) -> Channels:
        from bot.slack.channels import Channels  # noqa: PLC0415 - made when asked for

        return Channels(pool=self.pool)

    @cached_property
    def problems(self) -> Problems:
        from bot.slack.problems import Problems  # noqa: PLC0415 - made when asked for

        return Problems(pool=self.pool)

    @cached_property
    def sources(self) -> Sources:
        from bot.sources import Sources  # noqa: PLC0415 - made when asked for

        return Sources(pool=self.pool)

    @cached_property
    def schedules(self) -> Schedules:
        from bot.schedules import Schedules  # noqa: PLC0415 - made when asked for

        return Schedules(pool=self.pool, queue=self.queue)

    @cached_property
    def drafts(self) -> Drafts:
        from bot.drafts import Drafts  # noqa: PLC0415 - made when asked for

        return Drafts(pool=self.pool, queue=self.queue)

    @cached_property
    def handovers(self) -> Handovers:
        from bot.slack.handovers import Handovers  # noqa: PLC0415 - made when asked for

        return Handovers(pool=self.pool)

    @cached_property
    def routes(self) -> SlackRoutes:
        from bot.slack.handovers import SlackRoutes  # noqa: PLC0415 - made when asked for

        return SlackRoutes(pool=self.pool)

    @cached_property
    def queue(self) -> Queue:
        from bot.queue import Queue  # noqa: PLC0415 - made when asked for

        return Queue(pool=self.pool)

    @cached_property
    def inbox(self) -> Inbox:
        from bot.slack.inbox import Inbox  # noqa: PLC0415 - made when asked for

        return Inbox(pool=self.pool, queue=self.queue)

    @cached_property
    def records(self) -> Records:
        from bot.records import Records  # noqa: PLC0415 - made when asked for

        return Records(pool=self.pool)

    @cached_property
    def excerpts(self) -> Excerpts:
        from indexing.excerpts import Excerpts  # noqa: PLC0415 - made when asked for

        return Excerpts(pool=self.pool)

    @cached_property
    def questions(self) -> Questions:
        from bot.slack.questions import Questions  # noqa: PLC0415 - made when asked for

        return Questions(pool=self.pool)
