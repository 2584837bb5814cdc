"""The one door to Slack's Web API, for threads: methods by what they are for, failures by what to
do about them.

The SDK's own handlers repeat whatever broke off, which posts messages twice, so there are none
here: what only reads or sets something is repeated by whoever asks, and a message that may or may
not be there is looked for first. https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.errors import PermissionMissing, PostUncertain, Refused, SlackAway, SlackBusy
from connectors.circuits import Circuit
from connectors.errors import VendorResting

if TYPE_CHECKING:
    from slack_sdk.web import SlackResponse

    from bot.slack.pacing import Pacing

TIMEOUT = 10
"""Seconds to wait for Slack, which answers within one."""

PAGE = 200
"""Entries of a list in one answer; Slack recommends no more."""
MEMBERS_PAGE = 1000

# Slack had a disturbance of its own: what was asked may have been done all the same.
_DISTURBED = frozenset(
    {"fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
_NOT_ALLOWED = frozenset(
    {
        *("missing_scope", "invalid_auth", "not_authed", "account_inactive", "token_revoked"),
        *("token_expired", "no_permission", "org_login_required", "ekm_access_denied"),
        *("access_denied", "not_allowed_token_type", "team_access_not_granted"),
    }
)


def _quiet() -> logging.Logger:
    """The SDK's own log: it reports as errors what is raised here, with what was sent."""
    found = logging.getLogger("slack_sdk.supportbot")
    found.setLevel(logging.CRITICAL)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """A message that was posted, and the thread that it is in, "" for none. Where the message that
    a thread hung on is gone, Slack posts to the channel without a word."""

    ts: str
    thread: str


class SlackApi:
    """The methods, as the bot of one workspace. Safe to share between threads.

    Every method raises SlackBusy, SlackAway, Refused or PermissionMissing; those that post a
    message raise PostUncertain where nobody knows whether it is there.
    """

    def __init__(
        self,
        *,
        token: str,
        api_url: str,
        team: str,
        pacing: Pacing,
        timeout: int = TIMEOUT,
        names_team: bool = False,
        circuit: Circuit | None = None,
    ) -> None:
        """`pacing` and `circuit` are shared by all of the process. `names_team` is whether the
        token is good for a whole organisation: then lists are asked for those of the workspace."""
        self._circuit = circuit or Circuit("Slack", failures=10**9)
        self._team = team
        self._pacing = pacing
        self._named = {"team_id": team} if names_team else {}
        self._client = WebClient(
            token=token,
            base_url=f"{api_url}/",
            timeout=timeout,
            retry_handlers=[],
            logger=_quiet(),
        )

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

    # --- How

    def _read(self, method: str, arguments: Mapping[str, Any]) -> SlackResponse:
        return self._called(method, params=dict(arguments))

    def _set(self, method: str, arguments: Mapping[str, Any]) -> SlackResponse:
        """Something that comes to the same however often it is done."""
        return self._called(method, json=dict(arguments))

    def _write(self, method: str, arguments: Mapping[str, Any]) -> SlackResponse:
        return self._called(method, json=dict(arguments), once=True)

    def _unless(self, code: str, method: str, arguments: Mapping[str, Any]) -> None:
        try:
            self._read(method, arguments)
        except Refused as error:
            if error.code != code:
                raise

    def _pages(self, method: str, arguments: Mapping[str, Any], key: str) -> Iterator[Any]:
        cursor = ""
        while True:
            asked = {**arguments, **({"cursor": cursor} if cursor else {})}
            found = self._read(method, asked)
            yield from found.get(key) or ()
            cursor = (found.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _called(
        self,
        method: str,
        *,
        params: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        once: bool = False,
    ) -> SlackResponse:
        """`once` is whether doing it twice would be one time too often."""
        self._pacing.wait(self._team, method)
        try:
            with self._circuit.call() as attempt:
                try:
                    return self._client.api_call(method, params=params, json=json)
                except Exception as error:
                    attempt.failed = _is_disturbed(error)
                    raise
        except VendorResting as error:
            raise SlackBusy(str(error), retry_after=error.retry_after) from error
        except SlackApiError as error:
            raise self._failure(method, error, once=once) from error
        except (OSError, HTTPException, SlackClientError) as error:
            said = f"{method}: {type(error).__name__}"
            if once and not _never_sent(error):
                raise PostUncertain(f"Slack did not answer ({said}).") from error
            raise SlackAway(f"Slack cannot be reached ({said}).") from error

    def _failure(self, method: str, error: SlackApiError, *, once: bool) -> Exception:
        response = error.response
        if response.status_code == 429:
            seconds = _seconds(response.headers)
            self._pacing.pause(self._team, method, seconds)
            return SlackBusy(f"Slack's rate limit for {method} is reached.", retry_after=seconds)
        code = str(response.get("error") or "")
        if response.status_code >= 500 or code in _DISTURBED or " " in code or not code:
            kind = PostUncertain if once else SlackAway
            return kind(f"Slack has a disturbance ({method}: HTTP {response.status_code}).")
        if code in _NOT_ALLOWED:
            return PermissionMissing(_advice(method, code, response), code=code)
        return Refused(f"Slack refuses {method}: {code}.", code=code)


def _is_disturbed(error: Exception) -> bool:
    """Whether Slack itself is the matter, rather than what it was asked."""
    if not isinstance(error, SlackApiError):
        return True
    response = error.response
    return response.status_code >= 500 or response.get("error") in _DISTURBED


def _never_sent(error: BaseException) -> bool:
    """Whether it certainly did not reach Slack."""
    reason = error.reason if isinstance(error, URLError) else None
    return isinstance(reason, (ConnectionRefusedError, socket.gaierror))


def _seconds(headers: Mapping[str, Any]) -> float:
    told = next((v for k, v in headers.items() if k.lower() == "retry-after"), "1")
    try:
        return min(max(float(told[0] if isinstance(told, list) else told), 0.0), 3600.0)
    except (TypeError, ValueError):
        return 1.0


def _advice(method: str, code: str, response: SlackResponse) -> str:
    needed = str(response.get("needed") or "")
    if code == "missing_scope":
        return (
            f"The Slack app lacks the scope {needed or 'for ' + method}. Update the app with what "
            "`supportbot slack manifest` prints, and install it again."
        )
    return (
        f"Slack does not accept the app's token ({code} on {method}). Install the app again, and "
        "set SLACK_BOT_TOKEN to the token that is shown then."
    )
