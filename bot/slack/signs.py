"""The first sign that a question was heard, before there is anything to say: a status below a
thread with the bot, a reaction in a channel. It must never hold up or fail an answer."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from bot.slack.asked import Way
from bot.slack.errors import SlackError
from bot.slack.texts import texts_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.slack.api import SlackApi
    from bot.slack.asked import Asked

log = logging.getLogger(__name__)

REACTION = "eyes"

_THREADS = 8


class Signs:
    """Shows and clears signs, beside the work. One for the process."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="signs")

    def show(self, api: SlackApi, asked: Asked, *, locale: str) -> Future[None] | None:
        """What is under way, for `clear`. Nobody is shown anything where the bot may not speak up
        at all."""
        if asked.ts is None or asked.way is Way.AUTO:
            return None
        if asked.way is Way.DIRECT:
            texts = texts_for(locale)
            return self._begin(
                lambda: api.status(asked.channel, asked.thread, texts.thinking, texts.steps)
            )
        ts = asked.ts
        return self._begin(lambda: api.react(asked.channel, ts, REACTION))

    def clear(self, api: SlackApi, asked: Asked, shown: Future[None] | None = None) -> None:
        """Takes the sign away, after it is there. A message of the bot's ends a status by
        itself."""
        if asked.ts is None or asked.way in {Way.AUTO, Way.DIRECT}:
            return
        ts = asked.ts

        def take_away() -> None:
            if shown is not None:
                shown.result()
            api.unreact(asked.channel, ts, REACTION)

        self._begin(take_away)

    def end(self, api: SlackApi, asked: Asked) -> None:
        """Ends a status that no message will end."""
        if asked.way is Way.DIRECT:
            self._begin(lambda: api.status(asked.channel, asked.thread, ""))

    def close(self) -> None:
        """Waits for what is under way."""
        self._threads.shutdown()

    def _begin(self, show: Callable[[], None]) -> Future[None]:
        def quietly() -> None:
            try:
                show()
            except SlackError as error:  # a sign less is no harm
                log.info("No sign: %s", error, extra={"action": "slack_sign"})

        return self._threads.submit(quietly)
