"""An answer that can be watched while it is written, in conversations with the bot alone.

Slack allows about twenty streams a minute in a workspace, so only who would wait longer than a
moment gets one. What it shows is provisional, without sources: when all is checked, the reply
takes its place. Whatever goes wrong with it, the reply is posted as any other.
https://docs.slack.dev/reference/methods/chat.startStream
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.slack import rich
from bot.slack.asked import STARTING
from bot.slack.blocks import escaped
from bot.slack.errors import PostUncertain, Refused, SlackError

if TYPE_CHECKING:
    from bot.models import Statement
    from bot.slack.api import SlackApi
    from bot.slack.asked import Asked
    from bot.slack.questions import Questions

log = logging.getLogger(__name__)

WATCHED_AFTER = 1.0
"""Seconds. Who has the whole answer sooner sees it appear at once."""

_MOST = 11_000
"""Characters in all; Slack takes 12,000 at a time."""


class Stream:
    """One answer in the making. `ts` is its message, "" while there is none; `is_lost` is whether
    nobody knows if there is one."""

    def __init__(
        self,
        *,
        api: SlackApi,
        asked: Asked,
        recipient_team: str,
        questions: Questions,
        clock: Callable[[], float] = time.monotonic,
        watched_after: float = WATCHED_AFTER,
    ) -> None:
        """`recipient_team` is the asker's own workspace, which need not be the bot's."""
        self._api = api
        self._asked = asked
        self._recipient_team = recipient_team
        self._questions = questions
        self._clock = clock
        self._begins_at = clock() + watched_after
        self._unsaid: list[str] = []
        self._said = 0
        self._length = 0
        self._broken = False
        self._stopped = False
        self.ts = ""
        self.is_lost = False

    def on_statement(self, statement: Statement) -> None:
        """Shows one more statement, now or with the next one."""
        if self._broken or self._stopped:
            return
        self._unsaid.append(escaped(rich.as_text(rich.inline(statement.text))))
        if not self.ts and self._clock() < self._begins_at:
            return
        text = "\n\n".join(self._unsaid)
        if self._length + len(text) > _MOST:
            return
        try:
            self._show(f"{text}\n\n")
        except SlackError as error:
            self._give_up(error)
        else:
            self._length += len(text)
            self._said += len(self._unsaid)
            self._unsaid.clear()

    def stopped_after(self) -> int | None:
        """How many statements the asker let it write; None where nobody stopped it."""
        return self._said if self._stopped else None

    def end(self) -> None:
        """Ends the writing, so that the message can be changed."""
        if not self.ts or self._stopped:
            return
        try:
            self._api.stop_stream(self._asked.channel, self.ts)
        except SlackError as error:  # too old, or ended already
            log.info("The stream ended: %s", error, extra={"action": "slack_stream"})

    def _show(self, text: str) -> None:
        asked = self._asked
        if self.ts:
            self._api.append_stream(asked.channel, self.ts, text)
            return
        self._questions.streams(asked, STARTING)
        self.ts = self._api.start_stream(
            asked.channel, asked.thread, team=self._recipient_team, user=asked.user, text=text
        )
        self._questions.streams(asked, self.ts)

    def _give_up(self, error: SlackError) -> None:
        log.info("No stream: %s", error, extra={"action": "slack_stream"})
        self._stopped = isinstance(error, Refused) and error.code == "stopped_by_user"
        self._broken = not self._stopped
        if not self.ts:
            self.is_lost = isinstance(error, PostUncertain)
            if not self.is_lost:
                self._questions.streams(self._asked, "")
