"""GET /slack/install and /slack/oauth_redirect: the app in any number of workspaces.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow

    from bot.slack.installations import Installations

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"


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
        from bot.slack import install_flow  # noqa: PLC0415 - brings Bolt

        return install_flow.flow(
            installations=installations(),
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=f"{public_url.rstrip('/')}{REDIRECT}",
            api_url=api_url,
        )

    @router.get(INSTALL)
    async def install(request: Request) -> Response:
        found = flow()
        if found is None:
            return _not_set_up(missing)
        from bot.slack.install_flow import to_slack  # noqa: PLC0415 - brings Bolt

        return await to_slack(found, request)

    @router.get(REDIRECT)
    async def installed(request: Request) -> Response:
        found = flow()
        if found is None:
            return _not_set_up(missing)
        from bot.slack.install_flow import from_slack  # noqa: PLC0415 - brings Bolt

        return await from_slack(found, request)

    return router


def _not_set_up(missing: Sequence[str]) -> Response:
    return PlainTextResponse(
        "The Slack app cannot be installed from here. Set "
        f"{' and '.join(missing)}, and start Supportbot's web process again.\n",
        status_code=404,
    )
