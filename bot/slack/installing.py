"""GET /slack/install and /slack/oauth_redirect: the app in any number of workspaces, through
Bolt's own flow over our books.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from starlette.concurrency import run_in_threadpool

from bot.errors import SupportbotError
from bot.slack.manifest import scopes

if TYPE_CHECKING:
    from slack_sdk.oauth.installation_store import Installation

    from bot.slack.installations import Installations

log = logging.getLogger(__name__)

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"


class _Store(AsyncInstallationStore):
    """What Bolt's flow keeps."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    async def async_save(self, installation: Installation) -> None:
        try:
            await run_in_threadpool(self._installations.save, installation)
        except (psycopg.Error, SupportbotError) as error:
            log.exception("Not installed.", extra={"action": "slack_install"})
            raise BoltError(str(error)) from error
        told = {"action": "slack_install", "team": installation.team_id or ""}
        log.info("Installed.", extra=told)


class _States(AsyncOAuthStateStore):
    """What makes the way back from Slack good for one use, in the browser that set out."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    async def async_issue(self, *_: object, **__: object) -> str:
        return await run_in_threadpool(self._installations.issue_state)

    async def async_consume(self, state: str) -> bool:
        return await run_in_threadpool(self._installations.consume_state, state)


def routes(
    *,
    installations: Callable[[], Installations] | None,
    missing: Sequence[str],
    client_id: str = "",
    client_secret: str = "",
    public_url: str = "",
    api_url: str = "",
) -> APIRouter:
    """The pages. Without `installations` they answer 404 and name the settings that are
    `missing`."""
    router = APIRouter()

    def flow() -> AsyncOAuthFlow | None:
        if installations is None:
            return None
        books, base = installations(), public_url.rstrip("/")
        return AsyncOAuthFlow(
            client=AsyncWebClient(base_url=f"{api_url}/", retry_handlers=[]),
            logger=_quiet(),
            settings=AsyncOAuthSettings(
                client_id=client_id,
                client_secret=client_secret,
                scopes=scopes(),
                user_scopes=[],
                redirect_uri=f"{base}{REDIRECT}",
                authorization_url=_authorization(api_url),
                installation_store=_Store(books),
                state_store=_States(books),
                logger=_quiet(),
            ),
        )

    @router.get(INSTALL)
    async def install(request: Request) -> Response:
        found = flow()
        if found is None:
            return _not_set_up(missing)
        return to_starlette_response(await found.handle_installation(_bolt_request(request)))

    @router.get(REDIRECT)
    async def installed(request: Request) -> Response:
        found = flow()
        if found is None:
            return _not_set_up(missing)
        return to_starlette_response(await found.handle_callback(_bolt_request(request)))

    return router


def _authorization(api_url: str) -> str:
    """The page on which people allow it, on the host of the API."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc}/oauth/v2/authorize"


def _bolt_request(request: Request) -> AsyncBoltRequest:
    headers: dict[str, Any] = dict(request.headers)
    return AsyncBoltRequest(
        body="",
        query=request.url.query,
        headers=cast("dict[str, str | Sequence[str]]", headers),
    )


def _not_set_up(missing: Sequence[str]) -> Response:
    return PlainTextResponse(
        "The Slack app cannot be installed from here. Set "
        f"{' and '.join(missing)}, and start Supportbot's web process again.\n",
        status_code=404,
    )


def _quiet() -> logging.Logger:
    """Bolt's own log tells of codes that Slack refused, with the codes."""
    found = logging.getLogger("slack_bolt.supportbot.oauth")
    found.setLevel(logging.ERROR)
    return found
