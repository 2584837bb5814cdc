"""From Zendesk's webhooks to jobs in the queue, each delivery once however often it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bot.db import clock
from bot.queue import Job, Queue, article_job
from bot.zendesk.errands import ticket_job
from bot.zendesk.events import ArticlePublished, ArticleUnpublished, Delivery, TicketTouched

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

# Twice this, for those that were before it too, and the five for the body stay below the ten that
# Zendesk waits.
DATABASE_SECONDS = 2.0

# Both ids, because neither is enough: what is sent again by Zendesk has the same invocation, what
# somebody recorded and plays back has the same event, which is the one of the two that is signed.
# In one order, so that no two that overlap wait for each other.
_FIRST_TIME = """
INSERT INTO inbound_events (source, id, kind)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) told(source, id, kind)
ORDER BY source, id
ON CONFLICT (source, id) DO NOTHING RETURNING source, id
"""

_OUR_OWN = "SELECT bot_id FROM ticket_sweeps WHERE bot_id = ANY(%s)"

# Every one of them: which brands a source covers may be said by name, and an article that moved
# to a brand outside of the source has to leave it. The connector tells.
_ARTICLE_SOURCES = "SELECT name FROM sources WHERE kind = 'zendesk' ORDER BY name"


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """A delivery, and what its job takes along of the request that brought it."""

    delivery: Delivery
    carried: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[tuple[str, str]]:
        """What it is known by."""
        event, invocation = self.delivery.event_id, self.delivery.invocation_id
        return frozenset({("zendesk", invocation), ("zendesk event", event)})


class Inbox:
    """Turns deliveries into jobs. A database that gives no connection within `wait` seconds
    counts as away."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        queue: Queue,
        wait: float = DATABASE_SECONDS,
    ) -> None:
        self._pool = pool
        self._queue = queue
        self._wait = wait

    def take(self, delivery: Delivery) -> bool:
        """Notes a delivery and enqueues what it asks for, both or neither; False when it was
        taken before. Raises psycopg.Error when the database cannot be used now."""
        return self.take_all((Arrived(delivery=delivery),))[0]

    def take_all(self, arrived: Sequence[Arrived]) -> tuple[bool, ...]:
        """The same for several, all or none of them, at hardly more than the cost of one."""
        with self._pool.connection(timeout=self._wait) as connection:
            with connection.pipeline():  # both in one journey: under load each costs a turn
                noted = connection.execute(_FIRST_TIME, _columns(arrived))
                found = connection.execute(_OUR_OWN, ([_author(each) for each in arrived],))
            unknown, ours = set(noted.fetchall()), {bot_id for (bot_id,) in found.fetchall()}
            new: list[Arrived] = []
            taken: list[bool] = []
            for each in arrived:
                taken.append(each.keys <= unknown)
                unknown -= each.keys
                # Of what we wrote ourselves nothing follows.
                new += [each] if taken[-1] and _author(each) not in ours else []
            if jobs := tuple(self._jobs(new, connection)):
                self._queue.enqueue_all(jobs, connection=connection)
            return tuple(taken)

    def now(self) -> datetime:
        """What time it is by the database. Raises psycopg.Error as `take` does."""
        with self._pool.connection(timeout=self._wait) as connection:
            return clock.now(connection)

    def _jobs(self, new: Sequence[Arrived], connection: Connection[Any]) -> Iterator[Job]:
        sources: list[str] | None = None
        for each in new:
            match each.delivery.event:
                case ArticlePublished(article_id=article) | ArticleUnpublished(article_id=article):
                    if sources is None:
                        rows = connection.execute(_ARTICLE_SOURCES).fetchall()
                        sources = [name for (name,) in rows]
                    # What is true of the article is asked when the job runs: events may be late.
                    for source in sources:
                        job = article_job(
                            source,
                            article,
                            happened_at=each.delivery.happened_at,
                            event=each.delivery.invocation_id,
                        )
                        yield _carrying(job, each)
                case TicketTouched(ticket_id=ticket):
                    yield _carrying(ticket_job(ticket), each)
                case _:
                    pass


def _carrying(job: Job, arrived: Arrived) -> Job:
    return replace(job, arguments={**job.arguments, **arrived.carried})


def _columns(arrived: Sequence[Arrived]) -> tuple[list[str], list[str], list[str]]:
    rows = [(*key, each.delivery.kind) for each in arrived for key in each.keys]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _author(arrived: Arrived) -> int | None:
    event = arrived.delivery.event
    return event.by if isinstance(event, TicketTouched) else None
