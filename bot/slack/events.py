"""What Slack's Events API says, as what happened. Pure: whether it is really Slack was checked
before.

A message in a channel that names the bot comes twice, as `message` and as `app_mention`; both are
the same `Said`. https://docs.slack.dev/apis/events-api/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.slack.access import known_kind, person
from bot.slack.happenings import (
    Delivery,
    Event,
    HomeOpened,
    Ignored,
    LinksShared,
    PersonChanged,
    RoomChanged,
    Said,
    StreamStopped,
    Uninstalled,
    Withdrawn,
)
from bot.slack.places import Place

EDITS_COUNT = 60.0
"""Seconds after a message was written within which an edit of it changes the answer."""

LONGEST_TEXT = 40_000
"""Characters. Slack lets nobody write more."""

_TS = re.compile(r"\d{1,15}\.\d{1,9}")
_ID = re.compile(r"[A-Z][A-Z0-9]{1,30}")
_EVENT_ID = re.compile(r"[!-~]{1,200}")

# Words of a person, plain, with a file, or repeated in the channel; the others are notices.
_WORDS = frozenset({None, "", "file_share", "thread_broadcast", "me_message"})


def received(body: Mapping[str, Any], *, team: str, bot_user: str) -> Delivery:
    """The delivery that a verified body is. `team` is the workspace that the app is installed in,
    `bot_user` whom the app is there. What cannot be understood is Ignored."""
    event = body.get("event")
    if not isinstance(event, Mapping):
        return Delivery(id=_event_id(body), kind="", event=Ignored(why="no event"))
    kind = str(event.get("type", ""))
    try:
        happened = _event(kind, event, body, team, bot_user)
    except (KeyError, TypeError, ValueError, AttributeError):
        happened = Ignored(why="not understood")
    return Delivery(id=_event_id(body), kind=kind[:100], event=happened)


def reply_in(
    message: Mapping[str, Any], place: Place, *, room: str, shared: bool, bot_user: str
) -> Said | None:
    """A message of this thread as Slack shows it; None for what no person said."""
    event = {"type": "message", "channel": place.channel, "channel_type": room}
    if message.get("subtype") not in _WORDS:
        return None
    try:
        told = _said(message, event, {"is_ext_shared_channel": shared}, place.team, bot_user)
    except (KeyError, TypeError, ValueError):
        return None
    return told if isinstance(told, Said) and told.place == place else None


def _event_id(body: Mapping[str, Any]) -> str:
    found = str(body.get("event_id", ""))
    return found if _EVENT_ID.fullmatch(found) else ""


def _event(
    kind: str, event: Mapping[str, Any], body: Mapping[str, Any], team: str, bot_user: str
) -> Event:
    if kind in {"app_mention", "message"}:
        return _message(event, body, team, bot_user)
    if kind in {"app_uninstalled", "tokens_revoked"}:
        return _uninstalled(kind, event, body, team)
    if kind in {"member_joined_channel", "member_left_channel"}:
        joined = kind == "member_joined_channel" and event.get("user") == bot_user
        return RoomChanged(team=team, channel=_id(event["channel"]), bot_joined=joined)
    read = _OTHERS.get(kind)
    return read(event, team) if read else Ignored(why="not subscribed")


def _person(event: Mapping[str, Any], team: str) -> Event:
    _id(event["user"]["id"])
    return PersonChanged(team=team, person=person(event["user"]))


def _room(event: Mapping[str, Any], team: str) -> Event:
    return RoomChanged(team=team, channel=_id(event["channel"]))


def _home(event: Mapping[str, Any], team: str) -> Event:
    return HomeOpened(
        team=team,
        user=_id(event["user"]),
        channel=_id(event["channel"]),
        tab=str(event.get("tab", "home")),
    )


def _message(event: Mapping[str, Any], body: Mapping[str, Any], team: str, bot_user: str) -> Event:
    match event.get("subtype"):
        case "message_deleted":
            ts = _ts(event["deleted_ts"])
            return Withdrawn(team=team, channel=_id(event["channel"]), ts=ts)
        case "message_changed":
            return _changed(event, body, team, bot_user)
        case subtype if subtype not in _WORDS:
            return Ignored(why="a notice")
    return _said(event, event, body, team, bot_user)


def _changed(event: Mapping[str, Any], body: Mapping[str, Any], team: str, bot_user: str) -> Event:
    message = event["message"]
    if message.get("subtype") == "tombstone":  # deleted, but others have replied to it
        return Withdrawn(team=team, channel=_id(event["channel"]), ts=_ts(message["ts"]))
    edited = message.get("edited")
    if not edited or message.get("subtype") not in _WORDS:
        return Ignored(why="only its looks changed")
    if float(_ts(edited["ts"])) - float(_ts(message["ts"])) > EDITS_COUNT:
        return Ignored(why="edited too late")
    return _said(message, event, body, team, bot_user, edited=_ts(edited["ts"]))


def _said(
    message: Mapping[str, Any],
    event: Mapping[str, Any],
    body: Mapping[str, Any],
    team: str,
    bot_user: str,
    *,
    edited: str = "",
) -> Event:
    """`event` tells where the `message` is."""
    if message.get("bot_id") or message.get("user") in {bot_user, "USLACKBOT"}:
        return Ignored(why="written by a program")
    ts, text = _ts(message["ts"]), str(message.get("text") or "")[:LONGEST_TEXT]
    return Said(
        place=Place(
            team=team,
            channel=_id(event["channel"]),
            thread=_ts(message.get("thread_ts") or ts),
        ),
        ts=ts,
        user=_id(message["user"]),
        text=text,
        names_bot=event["type"] == "app_mention" or _names(bot_user, text),
        room=known_kind(str(event.get("channel_type"))),
        edited=edited,
        shared=bool(body.get("is_ext_shared_channel")),
        has_files=bool(message.get("files")),
    )


def _names(user: str, text: str) -> bool:
    return bool(user) and (f"<@{user}>" in text or f"<@{user}|" in text)


def _links(event: Mapping[str, Any], team: str) -> Event:
    urls = tuple(str(each["url"]) for each in event["links"] if each.get("url"))
    source = str(event.get("source", ""))
    ts = str(event.get("message_ts", ""))
    return LinksShared(
        team=team,
        channel=_id(event["channel"]) if source != "composer" else str(event["channel"]),
        user=_id(event["user"]),
        ts=ts if _TS.fullmatch(ts) else "",
        unfurl=str(event.get("unfurl_id", "")),
        source=source,
        urls=urls[:10],
    )


def _stream_stopped(event: Mapping[str, Any], team: str) -> Event:
    streams = event.get("streaming_message_ts") or ()
    ts = _ts(next(iter(streams), None) or event.get("message_ts") or event["thread_ts"])
    place = Place(
        team=team, channel=_id(event["channel"]), thread=_ts(event.get("thread_ts") or ts)
    )
    return StreamStopped(place=place, ts=ts)


def _uninstalled(kind: str, event: Mapping[str, Any], body: Mapping[str, Any], team: str) -> Event:
    if kind == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
        return Ignored(why="not the bot's token")
    by: Mapping[str, Any] = next(iter(body.get("authorizations") or ()), {})
    whole = bool(by.get("is_enterprise_install")) and not body.get("team_id")
    return Uninstalled(
        team=team,
        enterprise=str(body.get("enterprise_id") or by.get("enterprise_id") or ""),
        at=float(body.get("event_time") or 0.0),
        from_organisation=whole,
    )


def _id(value: object) -> str:
    """An id of Slack's. Raises ValueError for what is none: it becomes part of keys."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError
    return value


def _ts(value: object) -> str:
    if not isinstance(value, str) or not _TS.fullmatch(value):
        raise ValueError
    return value


_OTHERS: Mapping[str, Callable[[Mapping[str, Any], str], Event]] = {
    "user_change": _person,
    "team_join": _person,
    "channel_shared": _room,
    "channel_unshared": _room,
    "app_home_opened": _home,
    "link_shared": _links,
    "agent_session_stopped": _stream_stopped,
}
