"""Replies that only their asker sees: where Slack takes the answers to a command, else in the
conversation for the one person, else by direct message.

Slack keeps none of the first two, so nobody can look whether one arrived: one of which that is not
known is shown again rather than not at all.
https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.slack.errors import PostUncertain, Refused, SlackAway
from bot.slack.posting import PlaceGone

if TYPE_CHECKING:
    from bot.slack.api import SlackApi
    from bot.slack.asked import Asked, Part
    from bot.slack.questions import Questions

log = logging.getLogger(__name__)

SHOWN = "shown"
"""What stands for the `ts` of a message that Slack does not keep."""

_TIMEOUT = 10


class Whisperer:
    """Shows replies to one person."""

    def __init__(self, *, questions: Questions, timeout: int = _TIMEOUT) -> None:
        self._questions = questions
        self._timeout = timeout

    def deliver(self, api: SlackApi, asked: Asked, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """Shows what was not shown yet; returns all as shown. Raises PlaceGone where the person
        cannot be reached, and what SlackApi raises."""
        done = list(parts)
        for number, part in enumerate(parts):
            if part.ts or not part.message:
                continue
            self._show(api, asked, part.message)
            done[number] = replace(part, ts=SHOWN)
            self._questions.posted(asked, tuple(done))
        return tuple(done)

    def respond(self, address: str, message: Mapping[str, Any]) -> bool:
        """Answers at the address that came with what somebody did; False where that is no longer
        possible. Raises SlackAway."""
        if not address:
            return False
        client = WebhookClient(address, timeout=self._timeout, retry_handlers=[])
        try:
            answer = client.send_dict(dict(message))
        except (OSError, HTTPException, SlackClientError) as error:
            raise SlackAway(f"Slack cannot be reached ({type(error).__name__}).") from error
        if answer.status_code >= 500 or answer.status_code == 429:
            raise SlackAway(f"Slack has a disturbance (HTTP {answer.status_code}).")
        if answer.status_code != 200:
            log.info("Not taken: %s", answer.body[:100], extra={"action": "slack_respond"})
        return answer.status_code == 200

    def _show(self, api: SlackApi, asked: Asked, message: Mapping[str, Any]) -> None:
        told = {"text": message["text"], "blocks": message.get("blocks") or []}
        thread = {"thread_ts": asked.thread} if asked.thread else {}
        if self.respond(asked.respond_to, {**told, **thread, "response_type": "ephemeral"}):
            return
        try:
            api.post_for(asked.user, asked.channel, asked.thread, told)
        except PostUncertain as error:
            raise SlackAway(str(error)) from error
        except Refused:
            self._write(api, asked, message)

    @staticmethod
    def _write(api: SlackApi, asked: Asked, message: Mapping[str, Any]) -> None:
        try:
            api.post(api.direct_channel(asked.user), "", message)
        except PostUncertain as error:
            raise SlackAway(str(error)) from error
        except Refused as error:
            raise PlaceGone(f"Nobody can be told: {error.code}.") from error
