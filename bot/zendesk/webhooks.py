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
from typing import Any

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from psycopg_pool import PoolTimeout

from bot import tracing
from bot.bodies import Unread, body_of
from bot.together import Together
from bot.zendesk.events import LARGEST_BODY, Delivery, Rejected, received
from bot.zendesk.inbox import Arrived, Inbox

log = logging.getLogger(__name__)

PATH = "/zendesk/webhook"

_RETRY_AFTER = {"Retry-After": "20"}

_NOT_SET_UP = (
    "Webhooks are not set up here. Set ZENDESK_WEBHOOK_SECRET to the webhook's signing secret "
    "and start Supportbot's web process again.\n"
)


def _now() -> datetime:
    return datetime.now(UTC)


def routes(
    *, inbox: Inbox, keys: Sequence[bytes], clock: Callable[[], datetime] = _now
) -> APIRouter:
    """The route. Without `keys` it answers 404: nothing that is sent again within a minute would
    find it, so a 503 would only make Zendesk repeat in vain."""
    router, taking = APIRouter(), Together(inbox.take_all, away=(PoolTimeout,))

    @router.post(PATH)
    async def webhook(request: Request) -> PlainTextResponse:
        if not keys:
            return PlainTextResponse(_NOT_SET_UP, status_code=404)
        body = await body_of(request, largest=LARGEST_BODY)
        if isinstance(body, Unread):
            return _refused(Rejected(status=body.status, reason=body.reason))
        delivery = received(request.headers, body, keys=keys, now=clock())
        if isinstance(delivery, Rejected) and delivery.untimely:
            # Then this machine's clock may be wrong, and Zendesk does not repeat what is refused.
            try:
                now = await asyncio.to_thread(inbox.now)
            except psycopg.Error as error:
                return _away(error, {"action": "zendesk_webhook"})
            delivery = received(request.headers, body, keys=keys, now=now)
        if isinstance(delivery, Rejected):
            return _refused(delivery)
        return await _taken(taking, delivery)

    return router


def _away(error: psycopg.Error, ids: Mapping[str, Any]) -> PlainTextResponse:
    # Also where tables are missing: a migration is on its way.
    log.warning("A webhook waits for the database: %s", type(error).__name__, extra=ids)
    return PlainTextResponse("The database is away.\n", status_code=503, headers=_RETRY_AFTER)


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


async def _taken(taking: Together[Arrived, bool], delivery: Delivery) -> PlainTextResponse:
    ids: Mapping[str, Any] = {
        "action": "zendesk_webhook",
        "kind": delivery.kind,
        "invocation": delivery.invocation_id,
    }
    try:
        is_new = await taking(Arrived(delivery=delivery, carried=tracing.carried()))
    except psycopg.Error as error:
        return _away(error, ids)
    log.info("Took a webhook." if is_new else "Took this webhook before.", extra=ids)
    return PlainTextResponse("Taken.\n" if is_new else "Taken before.\n")
