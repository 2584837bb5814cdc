"""POST /zendesk/webhook: verify, keep out repetitions, enqueue, answer. The work is done by jobs.

Zendesk gives up after about ten seconds, repeats what timed out, and repeats a 503 only where
Retry-After is below a minute. https://developer.zendesk.com/documentation/webhooks/
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from bot.bodies import Unread, body_of
from bot.queue import Queue, article_job
from bot.zendesk.errands import ticket_job
from bot.zendesk.events import (
    LARGEST_BODY,
    ArticlePublished,
    ArticleUnpublished,
    Delivery,
    Ignored,
    Rejected,
    TicketTouched,
    received,
)

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

log = logging.getLogger(__name__)

PATH = "/zendesk/webhook"

# With the five for the body it stays below the ten that Zendesk waits.
DATABASE_SECONDS = 3.0

_RETRY_AFTER = {"Retry-After": "20"}

_NOT_SET_UP = (
    "Webhooks are not set up here. Set ZENDESK_WEBHOOK_SECRET to the webhook's signing secret "
    "and start Supportbot's web process again.\n"
)

# Both ids, because neither is enough: what is sent again by Zendesk has the same invocation, what
# somebody recorded and plays back has the same event, which is the one of the two that is signed.
_FIRST_TIME = """
INSERT INTO inbound_events (source, id, kind)
VALUES ('zendesk', %(invocation)s, %(kind)s), ('zendesk event', %(event)s, %(kind)s)
ON CONFLICT (source, id) DO NOTHING
"""

_OUR_OWN = "SELECT EXISTS (SELECT FROM ticket_sweeps WHERE bot_id = %s)"

# Every one of them: which brands a source covers may be said by name, and an article that moved
# to a brand outside of the source has to leave it. The connector tells.
_ARTICLE_SOURCES = "SELECT name FROM sources WHERE kind = 'zendesk' ORDER BY name"


class Inbox:
    """Turns deliveries into jobs, each once however often it comes. A database that gives no
    connection within `wait` seconds counts as away."""

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
        """Notes the delivery and enqueues what it asks for, both or neither; False when it was
        taken before. Raises psycopg.Error when the database cannot be used now."""
        noting = {
            "invocation": delivery.invocation_id,
            "event": delivery.event_id,
            "kind": delivery.kind,
        }
        with self._pool.connection(timeout=self._wait) as connection:
            with connection.pipeline():  # both in one journey: under load each costs a turn
                noted = connection.execute(_FIRST_TIME, noting)
                found = connection.execute(_OUR_OWN, (_author(delivery),))
            if noted.rowcount < 2:
                return False
            ours = found.fetchone()
            if ours is None or not ours[0]:  # of what we wrote nothing follows
                self._enqueue(delivery, connection)
            return True

    def _enqueue(self, delivery: Delivery, connection: Connection[Any]) -> None:
        match delivery.event:
            case ArticlePublished(article_id=article) | ArticleUnpublished(article_id=article):
                # What is true of the article is asked when the job runs: events may be late.
                for (source,) in connection.execute(_ARTICLE_SOURCES).fetchall():
                    job = article_job(
                        source,
                        article,
                        happened_at=delivery.happened_at,
                        event=delivery.invocation_id,
                    )
                    self._queue.enqueue(job, connection=connection)
            case TicketTouched(ticket_id=ticket):
                self._queue.enqueue(ticket_job(ticket), connection=connection)
            case Ignored():
                pass


def _author(delivery: Delivery) -> int | None:
    return delivery.event.by if isinstance(delivery.event, TicketTouched) else None


def _now() -> datetime:
    return datetime.now(UTC)


def routes(
    *, inbox: Inbox, keys: Sequence[bytes], clock: Callable[[], datetime] = _now
) -> APIRouter:
    """The route. Without `keys` it answers 404: nothing that is sent again within a minute would
    find it, so a 503 would only make Zendesk repeat in vain."""
    router = APIRouter()

    @router.post(PATH)
    async def webhook(request: Request) -> PlainTextResponse:
        if not keys:
            return PlainTextResponse(_NOT_SET_UP, status_code=404)
        body = await body_of(request, largest=LARGEST_BODY)
        if isinstance(body, Unread):
            return _refused(Rejected(status=body.status, reason=body.reason))
        delivery = received(request.headers, body, keys=keys, now=clock())
        if isinstance(delivery, Rejected):
            return _refused(delivery)
        # In a thread, and not in those of health and metrics: they answer while this waits.
        return await asyncio.to_thread(_taken, inbox, delivery)

    return router


def _refused(rejected: Rejected) -> PlainTextResponse:
    ids = {"action": "zendesk_webhook", "status": rejected.status}
    log.warning("Refused a webhook: %s", rejected.reason, extra=ids)
    return PlainTextResponse(
        f"{rejected.reason}\n",
        status_code=rejected.status,
        # What was not read of a long body must not be taken for the next request.
        headers={"Connection": "close"} if rejected.status in _UNREAD else None,
    )


_UNREAD = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}


def _taken(inbox: Inbox, delivery: Delivery) -> PlainTextResponse:
    ids: Mapping[str, Any] = {
        "action": "zendesk_webhook",
        "kind": delivery.kind,
        "invocation": delivery.invocation_id,
    }
    try:
        is_new = inbox.take(delivery)
    except psycopg.Error as error:
        # Also where tables are missing: a migration is on its way.
        log.warning("A webhook waits for the database: %s", type(error).__name__, extra=ids)
        return PlainTextResponse("The database is away.\n", status_code=503, headers=_RETRY_AFTER)
    log.info("Took a webhook." if is_new else "Took this webhook before.", extra=ids)
    return PlainTextResponse("Taken.\n" if is_new else "Taken before.\n")
