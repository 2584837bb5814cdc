"""POST /slack/events: events, commands, buttons and dialogs, as Slack sends them over HTTP.

A signature is checked over the raw body before anything in the body is looked at.
https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from bot.bodies import Unread, body_of

if TYPE_CHECKING:
    from datetime import datetime

    from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
log = logging.getLogger(__name__)

PATH = "/slack/events"

LARGEST_BODY = 2**20
"""Bytes. A dialog is at most 250 kB."""

_NOT_SET_UP = (
    "Slack is not set up here. Set SLACK_SIGNING_SECRET to the app's signing secret and start "
    "Supportbot's web process again.\n"
)
_FORGED = (
    "The signature does not match, or is older than five minutes. Check that SLACK_SIGNING_SECRET "
    "is the app's signing secret and that the clock of the database's machine is right.\n"
)
# What Bolt reads of whatever it is sent.
_IDS = (
    *("enterprise_id", "team_id", "user_id", "channel_id", "thread_ts"),
    *("actor_enterprise_id", "actor_team_id", "actor_user_id"),
)
_MALFORMED = "The body is not what Slack sends.\n"


def routes(
    *,
    app: Callable[[], AsyncApp],
    signing_secret: str | None,
    clock: Callable[[], float] = time.time,
    database_now: Callable[[], datetime] | None = None,
) -> APIRouter:
    """The route. `app` gives Bolt's app when it is first needed; without a `signing_secret` the
    route answers 404, because nothing could be believed. What Slack did sign, but not now by this
    machine's `clock`, is held to `database_now`, which may raise psycopg.Error. Bolt and the SDK
    are loaded with the first request: they would be a third of the time that the web process takes
    to start."""
    router = APIRouter()

    @router.post(PATH)
    async def events(request: Request) -> Response:
        if not signing_secret:
            return PlainTextResponse(_NOT_SET_UP, status_code=404)
        body = await body_of(request, largest=LARGEST_BODY)
        if isinstance(body, Unread):
            headers = {"Connection": "close"}
            return _refused(f"{body.reason}\n", body.status, headers=headers)
        signed = partial(_is_signed, signing_secret, body, request)
        is_signed = signed(clock())
        if not is_signed and database_now is not None and signed(_stamp(request)):
            try:
                is_signed = signed((await asyncio.to_thread(database_now)).timestamp())
            except psycopg.Error as error:
                return _refused(f"The database is away: {type(error).__name__}.\n", 503)
        if not is_signed:
            return _refused(_FORGED, 401)
        told = _told(body)
        asked = None if told is None else _bolt_request(request, told)
        if asked is None:
            return _refused(_MALFORMED, 400)
        from slack_bolt.adapter.starlette.async_handler import (  # noqa: PLC0415 - see above
            to_starlette_response,
        )

        return to_starlette_response(await app().async_dispatch(asked))

    return router


def _is_signed(secret: str, body: bytes, request: Request, now: float) -> bool:
    """Whether Slack has signed it, within five minutes of `now`."""
    from slack_sdk.signature import Clock, SignatureVerifier  # noqa: PLC0415 - see routes

    class Moment(Clock):
        def now(self) -> float:
            return now

    try:
        return SignatureVerifier(secret, Moment()).is_valid_request(body, dict(request.headers))
    except ValueError:  # no number where the time should be
        return False


def _stamp(request: Request) -> float:
    """When it says that it was signed."""
    try:
        return float(int(request.headers.get("x-slack-request-timestamp", "")))
    except (ValueError, OverflowError):
        return 0.0


def _told(body: bytes) -> dict[str, object] | None:
    """What the body says: an object in JSON, one in the field `payload` of a form, or the fields
    of a form, as commands come. None for anything else."""
    try:
        text = body.decode()
        if not text.lstrip().startswith("{"):
            fields = dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True))
            if "payload" not in fields:
                return {**fields}
            text = fields["payload"]
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _bolt_request(request: Request, told: dict[str, object]) -> AsyncBoltRequest | None:
    """As JSON, because Bolt takes a form that holds the word "payload" anywhere, as a question
    may, for one that says nothing. None where something stands in a place that Bolt reads at once,
    such as the channel, and is of another kind than Slack sends there."""
    from slack_bolt.async_app import AsyncBoltRequest  # noqa: PLC0415 - see routes

    headers = {**request.headers, "content-type": "application/json"}
    try:
        asked = AsyncBoltRequest(
            body=json.dumps(told),
            headers=cast("dict[str, str | Sequence[str]]", headers),
        )
    except (TypeError, AttributeError, KeyError):
        return None
    ids = [asked.context.get(name) for name in _IDS]
    return asked if all(each is None or isinstance(each, str) for each in ids) else None


def _refused(
    reason: str, status: int, *, headers: dict[str, str] | None = None
) -> PlainTextResponse:
    log.warning("Refused a request: %s", reason.strip(), extra={"action": "slack_request"})
    return PlainTextResponse(reason, status_code=status, headers=headers)
