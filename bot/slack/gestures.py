"""What people do with what the bot has shown: press, choose, fill in, or call a command or a
shortcut. Pure: whether it is really Slack was checked before.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Pressed:
    """Somebody pressed a button or chose something. `value` is the button's or the option's;
    `trigger` opens a dialog within three seconds; `respond_to` takes answers for half an hour.
    Outside of messages, `channel` and `ts` are ""."""

    team: str
    user: str
    action: str
    value: str
    trigger: str = ""
    channel: str = ""
    ts: str = ""
    thread: str = ""
    respond_to: str = ""
    is_ephemeral: bool = False
    view: str = ""
    private: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """Somebody filled in a dialog. `values` are by the name of the field: a text, "" for nothing,
    or several for ticks; `private` is what the dialog was made with."""

    team: str
    user: str
    callback: str
    values: Mapping[str, str | tuple[str, ...]]
    private: Mapping[str, Any]
    view: str = ""

    def text(self, name: str) -> str:
        """The text of a field, "" for none."""
        value = self.values.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def ticks(self, name: str) -> tuple[str, ...]:
        """What is ticked in a field."""
        value = self.values.get(name, ())
        return value if isinstance(value, tuple) else ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """Somebody wrote a slash command with some words."""

    team: str
    channel: str
    user: str
    text: str
    trigger: str
    respond_to: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """Somebody chose a shortcut on a message."""

    team: str
    channel: str
    user: str
    callback: str
    trigger: str
    respond_to: str
    text: str
    ts: str
    thread: str
    has_files: bool


def pressed(body: Mapping[str, Any], *, team: str) -> Pressed:
    """What a block_actions payload says of its first action."""
    action = body["actions"][0]
    container, message, view = (body.get(each) or {} for each in ("container", "message", "view"))
    return Pressed(
        team=team,
        user=str(body["user"]["id"]),
        action=str(action["action_id"]),
        value=_value(action),
        trigger=str(body.get("trigger_id") or ""),
        channel=str((body.get("channel") or {}).get("id") or container.get("channel_id") or ""),
        ts=str(container.get("message_ts") or message.get("ts") or ""),
        thread=str(container.get("thread_ts") or message.get("thread_ts") or ""),
        respond_to=str(body.get("response_url") or ""),
        is_ephemeral=bool(container.get("is_ephemeral")),
        view=str(view.get("id") or ""),
        private=_private(view),
    )


def submitted(body: Mapping[str, Any], *, team: str) -> Submitted:
    """What a view_submission payload says."""
    view = body["view"]
    fields = (view.get("state") or {}).get("values") or {}
    return Submitted(
        team=team,
        user=str(body["user"]["id"]),
        callback=str(view.get("callback_id") or ""),
        values={
            name: _filled(element) for block in fields.values() for name, element in block.items()
        },
        private=_private(view),
        view=str(view.get("id") or ""),
    )


def command(body: Mapping[str, Any], *, team: str) -> Command:
    """What the fields of a slash command say."""
    return Command(
        team=team,
        channel=str(body.get("channel_id") or ""),
        user=str(body["user_id"]),
        text=str(body.get("text") or ""),
        trigger=str(body.get("trigger_id") or ""),
        respond_to=str(body.get("response_url") or ""),
    )


def chosen(body: Mapping[str, Any], *, team: str) -> Chosen:
    """What a message_action payload says."""
    message = body["message"]
    ts = str(body.get("message_ts") or message["ts"])
    return Chosen(
        team=team,
        channel=str(body["channel"]["id"]),
        user=str(body["user"]["id"]),
        callback=str(body.get("callback_id") or ""),
        trigger=str(body.get("trigger_id") or ""),
        respond_to=str(body.get("response_url") or ""),
        text=str(message.get("text") or ""),
        ts=ts,
        thread=str(message.get("thread_ts") or ts),
        has_files=bool(message.get("files")),
    )


def question_in(value: str) -> UUID | None:
    """The question that a value such as "id", "id:rank" or "report:id" is about."""
    for part in value.split(":"):
        try:
            return UUID(part)
        except ValueError:
            continue
    return None


def rank_in(value: str) -> int:
    """The rank of a passage in "id:rank"; 0 where there is none."""
    last = value.rpartition(":")[2]
    return int(last) if last.isdecimal() and len(last) < 5 else 0


def _value(action: Mapping[str, Any]) -> str:
    chosen_option = action.get("selected_option") or {}
    found = action.get("value") or chosen_option.get("value") or ""
    for name in ("selected_user", "selected_channel", "selected_conversation"):
        found = found or action.get(name) or ""
    return str(found)[:2000]


def _filled(element: Mapping[str, Any]) -> str | tuple[str, ...]:
    for name in ("selected_options", "selected_conversations", "selected_channels"):
        if name in element:
            return tuple(
                str(each["value"] if isinstance(each, Mapping) else each)
                for each in element[name] or ()
            )
    option = element.get("selected_option") or {}
    found = element.get("value") or option.get("value") or ""
    for name in ("selected_conversation", "selected_channel", "selected_user"):
        found = found or element.get(name) or ""
    return str(found)


def _private(view: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
