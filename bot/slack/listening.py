"""What is listened to, on one Bolt app that HTTP and Socket Mode share.

A listener takes what happened into the books and the queue and answers only then, so that what
could not be taken is sent again by Slack. Bolt answers 404 to whatever has no listener, which
Slack counts as a failure, so everything that is subscribed to has one.
https://docs.slack.dev/tools/bolt-python/
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import psycopg
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import tracing
from bot.errors import SupportbotError
from bot.slack.errors import NotInstalled
from bot.slack.events import received
from bot.slack.gestures import chosen, command, pressed, submitted
from bot.slack.texts import FALLBACK, texts_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.slack.handlers import Handlers
    from bot.slack.inbox import Inbox
    from bot.slack.workspaces import Workspaces

log = logging.getLogger(__name__)

_ANY = re.compile(".*")

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]

# Which scope each event needs is in bot.slack.manifest.
EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_shared",
    "channel_unshared",
    "link_shared",
    "member_joined_channel",
    "member_left_channel",
    "message",
    "team_join",
    "tokens_revoked",
    "user_change",
)

# Each waits for the database for some milliseconds.
_THREADS = 16


# Nothing that listens calls Slack through Bolt, which only wants to see that there is one.
_NO_TOKEN = "xoxb-none"  # noqa: S105 - it is none


class _Authorize(AsyncAuthorize):
    """Who the bot is in a workspace, for Bolt: without asking Slack at every event."""

    def __init__(self, workspaces: Workspaces, in_thread: InThread) -> None:
        self._workspaces = workspaces
        self._in_thread = in_thread

    async def __call__(
        self, *, enterprise_id: str | None, team_id: str | None, **_: object
    ) -> AuthorizeResult | None:
        """None where the app is not installed, which Bolt answers so that the event is gone. While
        that is not known, whatever is raised has Slack send it again."""
        try:
            found = await self._in_thread(
                lambda: self._workspaces.of(team_id or "", enterprise=enterprise_id or "")
            )
        except NotInstalled as error:
            log.warning("%s", error, extra={"action": "slack_event", "team": team_id})
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=found.bot_user,
            bot_id=found.bot_id,
            bot_token=_NO_TOKEN,
        )


class Listeners:
    """Takes what Slack sends. One for the process; `app` is Bolt's."""

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        inbox: Inbox,
        handlers: Handlers,
        api_url: str,
        later: Executor | None = None,
    ) -> None:
        """`later` does what is begun once Slack is answered; threads of its own unless given."""
        self._inbox = inbox
        self._handlers = handlers
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="slack")
        # Not the same: what waits for Slack must not hold up what Slack waits for.
        self._later_threads = later or ThreadPoolExecutor(
            _THREADS, thread_name_prefix="slack later"
        )
        self.app = AsyncApp(
            client=AsyncWebClient(base_url=f"{api_url}/"),
            authorize=_Authorize(workspaces, self._in_thread),  # type: ignore[arg-type]  # takes None
            process_before_response=True,
            request_verification_enabled=False,  # bot.slack.http has checked the raw body
            logger=_quiet(),
        )
        self.app.use(_traced)
        for each in EVENTS:
            self.app.event({"type": each})(self._take)
        self.app.action(_ANY)(self._press)
        self.app.view_submission(_ANY)(self._submit)
        self.app.view_closed(_ANY)(self._ignore)
        self.app.command(_ANY)(self._command)
        self.app.shortcut(_ANY)(self._shortcut)

    def close(self) -> None:
        """Waits for what was begun."""
        self._threads.shutdown()
        self._later_threads.shutdown()

    async def _take(
        self, body: Mapping[str, Any], context: Mapping[str, Any]
    ) -> BoltResponse | None:
        team, bot_user = str(context.get("team_id", "")), str(context.get("bot_user_id") or "")
        delivery = received(body, team=team, bot_user=bot_user)
        told = {"action": "slack_event", "kind": delivery.kind, "event_id": delivery.id}
        try:
            is_new = await self._in_thread(lambda: self._inbox.take(delivery, bot_user=bot_user))
        except psycopg.Error as error:
            log.warning("An event waits for the database: %s", type(error).__name__, extra=told)
            return BoltResponse(status=503)  # Slack sends it again
        log.info("Took an event." if is_new else "Took this event before.", extra=told)
        return None

    async def _press(
        self, body: Mapping[str, Any], context: Mapping[str, Any], ack: AsyncAck
    ) -> None:
        gesture = pressed(body, team=str(context.get("team_id", "")))
        if before := self._handlers.before.get(gesture.action):
            await self._in_thread(lambda: before(gesture))
        await ack()
        if after := self._handlers.after.get(gesture.action):
            self._later(lambda: after(gesture), gesture.action)

    async def _submit(
        self, body: Mapping[str, Any], context: Mapping[str, Any], ack: AsyncAck
    ) -> None:
        gesture = submitted(body, team=str(context.get("team_id", "")))
        before = self._handlers.submit.get(gesture.callback)
        if before and (wrong := await self._in_thread(lambda: before(gesture))):
            await ack(response_action="errors", errors=dict(wrong))
            return
        await ack()
        if after := self._handlers.submitted.get(gesture.callback):
            self._later(lambda: after(gesture), gesture.callback)

    async def _command(
        self, body: Mapping[str, Any], context: Mapping[str, Any], ack: AsyncAck
    ) -> None:
        gesture = command(body, team=str(context.get("team_id", "")))
        call = self._handlers.commands.get(str(body.get("command", "")))
        try:
            said = await self._in_thread(lambda: call(gesture)) if call else ""
        except psycopg.Error:
            log.exception("Not taken.", extra={"action": "slack_command"})
            said = texts_for(FALLBACK).failed
        await ack(text=said, response_type="ephemeral")

    async def _shortcut(
        self, body: Mapping[str, Any], context: Mapping[str, Any], ack: AsyncAck
    ) -> None:
        choose = self._handlers.shortcuts.get(str(body.get("callback_id", "")))
        if choose and "message" in body:
            gesture = chosen(body, team=str(context.get("team_id", "")))
            await self._in_thread(lambda: choose(gesture))
        await ack()

    async def _ignore(self, ack: AsyncAck) -> None:
        """Answers what nothing is done about."""
        await ack()

    def _later(self, work: Callable[[], None], name: str) -> None:
        """Does what takes longer than Slack waits, once it is answered."""

        def guarded() -> None:
            try:
                work()
            except SupportbotError as error:
                told = {"action": "slack_gesture", "gesture": name}
                log.warning("Not done: %s", error, extra=told)
            except Exception:
                log.exception("Not done.", extra={"action": "slack_gesture", "gesture": name})

        self._later_threads.submit(copy_context().run, guarded)

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, copy_context().run, work
        )


async def _traced(next: Callable[[], Awaitable[Any]]) -> Any:  # noqa: A002 - Bolt's own name
    """What Slack sends begins a trace, also where no web process takes it."""
    with tracing.span("slack"):
        return await next()


def _quiet() -> logging.Logger:
    """Bolt's own log. It warns of settings in the environment that it would use differently, and
    of every request that it refuses; what failed it reports as an error."""
    found = logging.getLogger("slack_bolt.supportbot")
    found.setLevel(logging.ERROR)
    return found
