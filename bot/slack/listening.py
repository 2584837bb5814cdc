"""What is listened to, on one Bolt app that HTTP and Socket Mode share.

A listener takes what happened into the books and the queue and answers only then, so that what
could not be taken is sent again by Slack. Bolt answers 404 to whatever has no listener, which
Slack counts as a failure, so everything that is subscribed to has one.
https://docs.slack.dev/tools/bolt-python/
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.errors import NotInstalled
from bot.slack.events import received

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.slack.inbox import Inbox
    from bot.slack.workspaces import Workspaces

log = logging.getLogger(__name__)

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]

# Which scope each event needs is in bot.slack.manifest.
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_shared",
    "channel_unshared",
    "link_shared",
    "member_joined_channel",
    "member_left_channel",
    "message",
    "message_stream_stopped",
    "team_join",
    "tokens_revoked",
    "user_change",
)

# Each waits for the database for some milliseconds.
_THREADS = 16


class _Authorize(AsyncAuthorize):
    """Who the bot is in a workspace, for Bolt: without asking Slack at every event."""

    def __init__(self, workspaces: Workspaces, in_thread: InThread) -> None:
        self._workspaces = workspaces
        self._in_thread = in_thread

    async def __call__(
        self, *, enterprise_id: str | None, team_id: str | None, **_: object
    ) -> AuthorizeResult | None:
        """None where the app is not installed."""
        try:
            found = await self._in_thread(lambda: self._workspaces.of(team_id or ""))
            token = self._workspaces.token(found)
        except NotInstalled as error:
            log.warning("%s", error, extra={"action": "slack_event", "team": team_id})
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=found.bot_user,
            bot_id=found.bot_id,
            bot_token=token,
        )


class Listeners:
    """Takes what Slack sends. One for the process; `app` is Bolt's."""

    def __init__(self, *, workspaces: Workspaces, inbox: Inbox, api_url: str) -> None:
        self._inbox = inbox
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="slack")
        self.app = AsyncApp(
            client=AsyncWebClient(base_url=f"{api_url}/"),
            authorize=_Authorize(workspaces, self._in_thread),  # type: ignore[arg-type]  # takes None
            process_before_response=True,
            request_verification_enabled=False,  # bot.slack.http has checked the raw body
            logger=_quiet(),
        )
        for each in EVENTS:
            self.app.event({"type": each})(self._take)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    async def _take(self, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        team, bot_user = str(context.get("team_id", "")), str(context.get("bot_user_id") or "")
        delivery = received(body, team=team, bot_user=bot_user)
        is_new = await self._in_thread(lambda: self._inbox.take(delivery, bot_user=bot_user))
        log.info(
            "Took an event." if is_new else "Took this event before.",
            extra={"action": "slack_event", "kind": delivery.kind, "event": delivery.id},
        )

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _quiet() -> logging.Logger:
    """Bolt's own log. It warns of settings in the environment that it would use differently, and
    of every request that it refuses; what failed it reports as an error."""
    found = logging.getLogger("slack_bolt.supportbot")
    found.setLevel(logging.ERROR)
    return found
