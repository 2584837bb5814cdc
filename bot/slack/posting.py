"""Gets a reply that is in the books into Slack, each part of it once.

A post cannot be made idempotent at Slack, so each part carries its marker as the message's
metadata: after a crash or a time-out the conversation is searched for it before anything is posted
again. https://docs.slack.dev/messaging/message-metadata/
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.errors import SupportbotError
from bot.slack.asked import STARTING
from bot.slack.errors import PostUncertain, Refused

if TYPE_CHECKING:
    from bot.slack.api import SlackApi
    from bot.slack.asked import Asked, Part
    from bot.slack.questions import Questions

log = logging.getLogger(__name__)

MARKER = "supportbot_reply"
"""The type of event in the metadata of everything that the bot posts as a reply."""

SETTLING = timedelta(seconds=20)
"""No request is under way for longer: after that, a message that is not there never will be."""

# Seconds after it was announced within which something is said, or not at all: a process that stood
# still in between may have been taken for dead, and whoever has taken over looks once no request
# can be under way.
_SAID_WITHIN = 5.0

# Seconds: a question that nothing holds up has its reply long before.
_WAITED = 60.0

# Between our database and Slack, in seconds.
_CLOCKS_DIFFER = 60.0

# The message is not the matter, but how it looks.
_TOO_MUCH = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}
)
# Nothing can be said there, by this bot or by anybody.
_GONE = frozenset(
    {
        *("channel_not_found", "not_in_channel", "is_archived", "thread_not_found"),
        *("message_not_found", "cannot_reply_to_message", "restricted_action"),
        *("restricted_action_read_only_channel", "restricted_action_thread_only_channel"),
        *("restricted_action_non_threadable_channel", "restricted_action_thread_locked"),
        *("user_is_restricted", "messages_tab_disabled", "cannot_dm_bot", "user_disabled"),
        *("team_not_found", "as_user_not_supported", "slack_connect_file_link_sharing_blocked"),
    }
)


class Unsettled(SupportbotError):
    """The thread must be looked at again later."""

    def __init__(self, message: str | None = None, *, after: timedelta = timedelta()) -> None:
        super().__init__(message)
        self.after = after


class PlaceGone(SupportbotError):
    """Nothing can be said there."""

    def __init__(self, message: str | None = None, *, withdrawn: bool = False) -> None:
        """`withdrawn` is whether that is because the question was taken back."""
        super().__init__(message)
        self.withdrawn = withdrawn


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A message of the bot's own in a conversation. `marker` is "" for one without; `is_stray` is
    whether it was meant for a thread whose first message was gone, so that all can see it."""

    ts: str
    marker: str
    is_stray: bool = False


class Poster:
    """Posts, changes and takes away the parts of replies."""

    def __init__(self, *, questions: Questions, settling: timedelta = SETTLING) -> None:
        self._questions = questions
        self._settling = settling

    def deliver(
        self,
        api: SlackApi,
        asked: Asked,
        parts: tuple[Part, ...],
        *,
        announced: float | None = None,
    ) -> tuple[Part, ...]:
        """Posts what is announced; returns what is left of it then, each with its `ts`.
        `announced` is when that was, by the books. Raises PlaceGone where nothing can be
        said, Unsettled where nobody knows whether it was, or where it was announced so long ago
        that another process may be saying it, and SlackBusy, SlackAway and PermissionMissing: the
        books say how far it got."""
        since = time.monotonic() if announced is None else announced
        done: list[Part] = []
        for number, part in enumerate(parts):
            if number and part.message and not part.ts:
                since = self._questions.tries_again(asked)
            if part.message and not part.ts and time.monotonic() - since > _SAID_WITHIN:
                raise Unsettled(
                    f"This process stood still before it could say something in {asked.place.key}.",
                    after=self._settling,
                )
            settled = self._settled(api, asked, part)
            done += [settled] if settled else []
            if settled != part:
                self._questions.posted(asked, (*done, *parts[number + 1 :]))
        return tuple(done)

    def find(self, api: SlackApi, asked: Asked, *, bot_id: str) -> tuple[Part, ...]:
        """The announced parts, with the `ts` of those that Slack has. Raises Unsettled while one
        that is not there may still be on its way."""
        missing = [each for each in asked.parts if each.message and not each.ts]
        if not missing:
            return asked.parts
        known: dict[str, str] = {}
        for channel in {each.channel for each in missing}:
            wanted = {each.marker for each in missing if each.channel == channel}
            for each in self._own(api, asked, channel, bot_id, also_strays=True):
                if each.marker in wanted and each.is_stray:
                    self._take_away(api, asked.channel, each.ts)
                elif each.marker:
                    known[each.marker] = each.ts
        parts = tuple(
            each if each.ts else replace(each, ts=known.get(each.marker, ""))
            for each in asked.parts
        )
        left = self._settling.total_seconds() - asked.sending_for
        if left > 0 and not all(each.ts for each in parts if each.message):
            raise Unsettled(
                f"A reply in {asked.place.key} may still be on its way.",
                after=timedelta(seconds=left),
            )
        return parts

    def forgotten(self, api: SlackApi, asked: Asked, *, bot_id: str) -> Mapping[str, str]:
        """The `ts` by marker of what was said of a question that the books have no reply of. They
        may be older than that, because the database was brought back to an earlier moment. Only
        looked for where the question has waited, which without that is rare."""
        if asked.waited < _WAITED or asked.parts or asked.ts is None:
            return {}
        found = self._own(api, asked, "", bot_id)
        return {each.marker: each.ts for each in found if each.marker.startswith(str(asked.id))}

    def clean(self, api: SlackApi, asked: Asked, *, bot_id: str) -> None:
        """Takes away the message in which an answer was being written that was broken off. Raises
        Unsettled while it may still appear beside a reply that is there."""
        if asked.stream == STARTING:
            for each in self._own(api, asked, "", bot_id):
                if not each.marker:
                    self._take_away(api, asked.channel, each.ts)
            left = self._settling.total_seconds() - asked.sending_for
            if left > 0 and asked.is_settled:
                raise Unsettled(
                    f"A message in {asked.place.key} may still appear.",
                    after=timedelta(seconds=left),
                )
            if not asked.is_settled:
                return
        elif asked.stream:
            self._take_away(api, asked.channel, asked.stream)
        self._questions.streams(asked, "")

    def _settled(self, api: SlackApi, asked: Asked, part: Part) -> Part | None:
        """The part as it is in Slack now; None where it was to go."""
        channel = part.channel or asked.channel
        if not part.message:
            self._take_away(api, channel, part.ts)
            return None
        try:
            return self._posted(api, asked, part)
        except PostUncertain as error:
            raise Unsettled(
                f"Nobody knows whether a reply in {asked.place.key} was posted.",
                after=self._settling,
            ) from error
        except Refused as error:
            if error.code in _TOO_MUCH and "blocks" in part.message:
                log.warning("Only the words: %s", error, extra={"action": "slack_post"})
                message = {"text": part.message["text"], "unfurl_links": False}
                return self._settled(api, asked, replace(part, message=message))
            if error.code in _GONE:
                raise PlaceGone(f"Nothing can be said in {channel}: {error.code}.") from error
            raise

    def _posted(self, api: SlackApi, asked: Asked, part: Part) -> Part:
        channel = part.channel or asked.channel
        message = {
            **part.message,
            "metadata": {"event_type": MARKER, "event_payload": {"marker": part.marker}},
        }
        if part.ts:
            try:
                api.update(channel, part.ts, message)
            except Refused as error:
                if error.code not in _NOT_CHANGEABLE:
                    raise
                self._take_away(api, channel, part.ts)
            else:
                return part
        thread = "" if part.channel else asked.thread
        posted = api.post(channel, thread, message)
        if thread and not posted.thread:
            self._take_away(api, channel, posted.ts)
            raise PlaceGone(f"The thread {asked.place.key} is gone.", withdrawn=True)
        return replace(part, ts=posted.ts)

    def _own(
        self, api: SlackApi, asked: Asked, channel: str, bot_id: str, *, also_strays: bool = False
    ) -> Iterator[Found]:
        """What the bot has said in the conversation since it was asked; `also_strays` looks
        beside a thread that is gone as well."""
        since = asked.ts or f"{asked.since - _CLOCKS_DIFFER:.6f}"
        within = "" if channel else asked.thread
        try:
            messages = list(
                api.thread(asked.channel, within, after=since)
                if within
                else api.history(channel or asked.channel, after=since)
            )
        except Refused as error:
            if error.code not in _GONE:
                raise
            messages = self._beside(api, asked, since) if within and also_strays else []
        for each in messages:
            ts = str(each.get("ts") or "")
            if each.get("bot_id") == bot_id and ts > since:
                stray = bool(within) and each.get("thread_ts") != within
                yield Found(ts=ts, marker=marker_in(each), is_stray=stray)

    @staticmethod
    def _beside(api: SlackApi, asked: Asked, since: str) -> list[Mapping[str, Any]]:
        try:
            return list(api.history(asked.channel, after=since))
        except Refused as error:
            if error.code not in _GONE:
                raise
            return []

    @staticmethod
    def _take_away(api: SlackApi, channel: str, ts: str) -> None:
        try:
            api.delete(channel, ts)
        except Refused as error:
            if error.code not in _GONE | _NOT_CHANGEABLE:
                raise


# Gone, too old, or still in the state of a stream.
_NOT_CHANGEABLE = frozenset(
    {
        *("message_not_found", "cant_update_message", "edit_window_closed", "cant_delete_message"),
        *("streaming_state_conflict", "message_in_streaming_state", "update_failed"),
    }
)


def is_gone(error: Refused) -> bool:
    """Whether nothing can be said there, or what was said there is gone."""
    return error.code in _GONE | _NOT_CHANGEABLE


def marker_in(message: Mapping[str, Any]) -> str:
    """The marker that a message was posted with, "" for none."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != MARKER:
        return ""
    return str((metadata.get("event_payload") or {}).get("marker") or "")
