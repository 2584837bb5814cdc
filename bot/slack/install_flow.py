"""Bolt's own way of installing an app, over our books. Apart from its pages, because Bolt takes as
long to load as the rest of the web process, and most deployments install nothing.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import psycopg
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
    from collections.abc import Sequence

    from fastapi import Request, Response
    from slack_sdk.oauth.installation_store import Installation

    from bot.slack.installations import Installations

log = logging.getLogger(__name__)


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


async def to_slack(flow: AsyncOAuthFlow, request: Request) -> Response:
    """Sends the browser to the page on which people allow it."""
    return to_starlette_response(await flow.handle_installation(_bolt_request(request)))


async def from_slack(flow: AsyncOAuthFlow, request: Request) -> Response:
    """Keeps what Slack gives to a browser that comes back."""
    return to_starlette_response(await flow.handle_callback(_bolt_request(request)))


def flow(
    *,
    installations: Installations,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    api_url: str,
) -> AsyncOAuthFlow:
    """Bolt's flow for this app."""
    return AsyncOAuthFlow(
        client=AsyncWebClient(base_url=f"{api_url}/", retry_handlers=[]),
        logger=_quiet(),
        settings=AsyncOAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=scopes(),
            user_scopes=[],
            redirect_uri=redirect_uri,
            authorization_url=_authorization(api_url),
            installation_store=_Store(installations),
            state_store=_States(installations),
            logger=_quiet(),
        ),
    )


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


def _quiet() -> logging.Logger:
    """Bolt's own log tells of codes that Slack refused, with the codes."""
    found = logging.getLogger("slack_bolt.supportbot.oauth")
    found.setLevel(logging.ERROR)
    return found
