"""Socket Mode: Slack's events over connections that this side opens, for machines that Slack need
not reach. Several processes may do so at once: Slack spreads events over them.

What is not acknowledged, because it could not be taken, comes again.
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError

from bot.errors import SettingInvalid
from bot.leaving import leave_in_time

if TYPE_CHECKING:
    from bot.slack.listening import Listeners

log = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0
"""Seconds between two attempts to reach Slack."""

_TOKEN_REFUSED = frozenset(
    {"invalid_auth", "not_authed", "not_allowed_token_type", "token_revoked", "missing_scope"}
)
_REFUSED = (
    "Slack does not accept SLACK_APP_TOKEN ({code}). Make an app-level token with the scope "
    "connections:write under Basic Information > App-Level Tokens, and switch Socket Mode on."
)
_AWAY = (OSError, TimeoutError, aiohttp.ClientError, SlackApiError)


class SocketMode:
    """Listens until SIGINT or SIGTERM, then finishes what was begun and ends in time."""

    def __init__(self, *, listeners: Listeners, token: str) -> None:
        self._listeners = listeners
        self._token = token
        self._stop = asyncio.Event()

    def run(self) -> None:
        """Blocks until it has ended. Raises SettingInvalid for a token that Slack refuses."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        handler = AsyncSocketModeHandler(self._listeners.app, self._token, logger=_quiet())
        try:
            if await self._connected(handler):
                log.info("Listening to Slack.", extra={"action": "slack_listen"})
                await self._stop.wait()
        finally:
            leave_in_time()
            await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it out
            self._listeners.close()
        log.info("Stopped.", extra={"action": "stop"})

    async def _connected(self, handler: AsyncSocketModeHandler) -> bool:
        """Whether it is, or else was asked to stop; from then on the handler keeps itself so."""
        pause = 1.0
        while not self._stop.is_set():
            try:
                await handler.connect_async()  # type: ignore[no-untyped-call]  # as below
            except _AWAY as error:
                if isinstance(error, SlackApiError) and _refused(error):
                    code = str(error.response.get("error"))
                    raise SettingInvalid(_REFUSED.format(code=code)) from error
                log.warning("No Slack, trying again in %g s.", pause, extra={"action": "reconnect"})
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), timeout=pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return True
        return False


def _refused(error: SlackApiError) -> bool:
    return str(error.response.get("error")) in _TOKEN_REFUSED


def _quiet() -> logging.Logger:
    """The SDK's own log tells of every reconnection."""
    found = logging.getLogger("slack_sdk.socket_mode.supportbot")
    found.setLevel(logging.ERROR)
    return found
