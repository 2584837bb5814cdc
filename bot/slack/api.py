"""The one door to Slack's Web API, for threads: methods by what they are for.
https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.slack.calling import Calling
from bot.slack.errors import Refused

if TYPE_CHECKING:
    from slack_sdk.web import SlackResponse

PAGE = 200
"""Entries of a list in one answer; Slack recommends no more."""
MEMBERS_PAGE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """A message that was posted, and the thread that it is in, "" for none. Where the message that
    a thread hung on is gone, Slack posts to the channel without a word."""

    ts: str
    thread: str


class SlackApi(Calling):
    """The methods, as the bot of one workspace. Safe to share between threads.

    Every method raises SlackBusy, SlackAway, Refused or PermissionMissing; those that post a
    message raise PostUncertain where nobody knows whether it is there.
    """

    # --- Who and where

    def auth_test(self) -> SlackResponse:
        return self._read("auth.test", {})

    def user(self, user: str) -> Mapping[str, Any]:
        """The user object. https://docs.slack.dev/reference/objects/user-object"""
        found: Mapping[str, Any] = self._read("users.info", {"user": user})["user"]
        return found

    def user_at(self, email: str) -> str:
        """The id of whoever has this e-mail address in the workspace, "" where nobody has.
        https://docs.slack.dev/reference/methods/users.lookupByEmail"""
        try:
            return str(self._read("users.lookupByEmail", {"email": email})["user"]["id"])
        except Refused as error:
            if error.code == "users_not_found":
                return ""
            raise

    def users(self) -> Iterator[Mapping[str, Any]]:
        """Every user of the workspace that the bot may know of, guests and strangers too."""
        yield from self._pages("users.list", {"limit": PAGE, **self._named}, "members")

    def conversation(self, channel: str) -> Mapping[str, Any]:
        """The conversation object. https://docs.slack.dev/reference/objects/conversation-object"""
        found: Mapping[str, Any] = self._read("conversations.info", {"channel": channel})["channel"]
        return found

    def members(self, channel: str) -> Iterator[str]:
        """The ids of everybody in a conversation."""
        asked = {"channel": channel, "limit": MEMBERS_PAGE}
        yield from self._pages("conversations.members", asked, "members")

    def direct_channel(self, user: str) -> str:
        """The channel of direct messages between the bot and somebody."""
        found = self._read("conversations.open", {"users": user})
        return str(found["channel"]["id"])

    def groups(self) -> tuple[tuple[str, str], ...]:
        """The ids and handles of the workspace's user groups, by handle."""
        found = self._read("usergroups.list", self._named).get("usergroups") or ()
        return tuple(sorted(((str(e["id"]), str(e["handle"])) for e in found), key=lambda e: e[1]))

    # --- Reading

    def thread(self, channel: str, thread: str, *, after: str = "0") -> Iterator[Mapping[str, Any]]:
        """The messages of a thread with their metadata, the oldest first; all but the first of
        them were written after `after`."""
        asked = {
            "channel": channel,
            "ts": thread,
            "oldest": after,
            "limit": PAGE,
            "include_all_metadata": True,
        }
        yield from self._pages("conversations.replies", asked, "messages")

    def history(self, channel: str, *, after: str) -> Iterator[Mapping[str, Any]]:
        """The messages of a conversation outside of its threads with their metadata, the newest
        first, that were written after `after`."""
        asked = {
            "channel": channel,
            "oldest": after,
            "limit": PAGE,
            "include_all_metadata": True,
        }
        yield from self._pages("conversations.history", asked, "messages")

    def permalink(self, channel: str, ts: str) -> str:
        found = self._read("chat.getPermalink", {"channel": channel, "message_ts": ts})
        return str(found["permalink"])

    # --- Writing

    def post(self, channel: str, thread: str, message: Mapping[str, Any]) -> Posted:
        """Posts a message, in the thread unless that is ""."""
        where = {"channel": channel, **({"thread_ts": thread} if thread else {})}
        found = self._write("chat.postMessage", {**where, **message})
        told = found.get("message") or {}
        return Posted(ts=str(found["ts"]), thread=str(told.get("thread_ts") or ""))

    def update(self, channel: str, ts: str, message: Mapping[str, Any]) -> None:
        """Puts another message in the place of one of the bot's own."""
        self._set("chat.update", {"channel": channel, "ts": ts, **message})

    def delete(self, channel: str, ts: str) -> None:
        """Takes a message of the bot's own away, if it is there."""
        try:
            self._set("chat.delete", {"channel": channel, "ts": ts})
        except Refused as error:
            if error.code not in {"message_not_found", "channel_not_found"}:
                raise

    def post_for(self, user: str, channel: str, thread: str, message: Mapping[str, Any]) -> None:
        """Shows a message to one person in a conversation, until that person reloads."""
        where = {"channel": channel, "user": user, **({"thread_ts": thread} if thread else {})}
        self._write("chat.postEphemeral", {**where, **message})

    def unfurl(self, where: Mapping[str, str], previews: Mapping[str, Any]) -> None:
        """Shows previews of links: `where` are channel and ts, or unfurl_id and source."""
        self._set("chat.unfurl", {**where, "unfurls": dict(previews)})

    # --- Signs of life

    def react(self, channel: str, ts: str, name: str) -> None:
        asked = {"channel": channel, "timestamp": ts, "name": name}
        self._unless("already_reacted", "reactions.add", asked)

    def unreact(self, channel: str, ts: str, name: str) -> None:
        asked = {"channel": channel, "timestamp": ts, "name": name}
        self._unless("no_reaction", "reactions.remove", asked)

    def status(self, channel: str, thread: str, text: str, steps: tuple[str, ...] = ()) -> None:
        """Shows below a thread with the bot what it does; "" ends that. `steps` take turns."""
        asked: dict[str, Any] = {"channel_id": channel, "thread_ts": thread, "status": text}
        if steps:
            asked["loading_messages"] = list(steps)
        self._set("assistant.threads.setStatus", asked)

    def suggest(self, channel: str, title: str, prompts: tuple[tuple[str, str], ...]) -> None:
        """Suggests what to ask, as titles with the words that pressing them sends."""
        shown = [{"title": each, "message": words} for each, words in prompts]
        asked = {"channel_id": channel, "title": title, "prompts": shown}
        self._set("assistant.threads.setSuggestedPrompts", asked)

    # --- Streams

    def start_stream(self, channel: str, thread: str, *, team: str, user: str, text: str) -> str:
        """Begins a message that is written bit by bit for a person of a workspace, who need not
        be of the bot's own; returns its `ts`."""
        asked = {
            "channel": channel,
            "thread_ts": thread,
            "recipient_team_id": team,
            "recipient_user_id": user,
            "markdown_text": text,
        }
        return str(self._write("chat.startStream", asked)["ts"])

    def append_stream(self, channel: str, ts: str, text: str) -> None:
        asked = {"channel": channel, "ts": ts, "markdown_text": text}
        self._write("chat.appendStream", asked)

    def stop_stream(self, channel: str, ts: str) -> None:
        self._set("chat.stopStream", {"channel": channel, "ts": ts})

    # --- Views

    def open_view(self, trigger: str, view: Mapping[str, Any]) -> str:
        """Opens a dialog for whoever pressed something within the last three seconds; returns its
        id."""
        found = self._write("views.open", {"trigger_id": trigger, "view": dict(view)})
        return str(found["view"]["id"])

    def update_view(self, view_id: str, view: Mapping[str, Any]) -> None:
        self._set("views.update", {"view_id": view_id, "view": dict(view)})

    def publish_home(self, user: str, view: Mapping[str, Any]) -> None:
        self._set("views.publish", {"user_id": user, "view": dict(view)})
