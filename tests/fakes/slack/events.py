"""What Slack tells apps of what happened: the events, and the envelope around them.

https://docs.slack.dev/reference/events/ and https://docs.slack.dev/apis/events-api/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.fakes.slack.directory import Directory
from tests.fakes.slack.message_rendering import message_json, tombstone_json, with_replies
from tests.fakes.slack.records import Channel, Json, Message, Person, Team
from tests.fakes.slack.rendering import person_json

_LINK = re.compile(r"<(https?://[^<>|]+)(?:\|[^<>]*)?>")
_MESSAGES = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event and what an app must have subscribed to in order to hear of it. `channel` is where
    it happened: apps hear of channels that they are in."""

    subscription: str
    event: Json
    channel: Channel | None = None


def said(message: Message, directory: Directory) -> Iterator[Told]:
    """A new message: one event for what was said, a second one where it mentions the app, and a
    third one for links to domains that the app shows previews of."""
    event = message_json(message) | {
        "channel": message.channel.id,
        "event_ts": message.ts,
        "channel_type": message.channel.type,
    }
    event |= _sender_elsewhere(message.author, directory)
    yield _message(message.channel, event)
    # https://docs.slack.dev/reference/events/app_mention: never in direct messages
    if f"<@{directory.bot.id}>" in message.text and message.channel.kind != "im":
        mention = {key: each for key, each in event.items() if key != "channel_type"}
        yield Told(
            subscription="app_mention",
            event=mention | {"type": "app_mention"},
            channel=message.channel,
        )
    yield from _links(message, directory)


def _sender_elsewhere(author: Person, directory: Directory) -> Json:
    """What is added when the sender's home is another workspace."""
    if author.team.id == directory.team.id:
        return {}
    profile = {
        "name": author.name,
        "first_name": author.real_name,
        "real_name": author.real_name,
        "display_name": author.name,
        "team": author.team.id,
        "is_restricted": bool(author.guest),
        "is_ultra_restricted": author.guest == "single_channel",
        "avatar_hash": "g0000000000a",
        "image_72": f"https://avatars.example/{author.id}-72.png",
    }
    return {"user_team": author.team.id, "source_team": author.team.id, "user_profile": profile}


def _links(message: Message, directory: Directory) -> Iterator[Told]:
    """https://docs.slack.dev/reference/events/link_shared; the app need not be in the channel,
    and is not told of its own links."""
    if message.author.id == directory.bot.id or not message.unfurl_links:
        return
    links = [
        {"domain": domain, "url": url}
        for url in _LINK.findall(message.text)
        for domain in directory.app.unfurl_domains
        if _is_within(urlsplit(url).hostname or "", domain)
    ]
    if not links:
        return
    event = {
        "type": "link_shared",
        "user": message.author.id,
        "channel": message.channel.id,
        "message_ts": message.ts,
        "links": links,
        "unfurl_id": f"{message.channel.id}-{message.ts}",
        "source": "conversations_history",
        "is_bot_user_member": message.channel.has(directory.bot),
        "event_ts": message.ts,
    }
    if message.thread_ts:
        event["thread_ts"] = message.thread_ts
    yield Told(subscription="link_shared", event=event)


def composed(person: Person, url: str, directory: Directory, *, ts: str) -> Told:
    """Of links that are still being written: there is no message yet to name."""
    event = {
        "type": "link_shared",
        "user": person.id,
        "channel": "COMPOSER",
        "message_ts": f"{ts}-{person.id}",
        "links": [{"domain": urlsplit(url).hostname or "", "url": url}],
        "unfurl_id": f"composer-{directory.numbers.id('')}",
        "source": "composer",
        "is_bot_user_member": False,
        "event_ts": ts,
    }
    return Told(subscription="link_shared", event=event)


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def changed(message: Message, before: Json, after: Json, *, ts: str) -> Told:
    event = {
        "type": "message",
        "subtype": "message_changed",
        "message": after,
        "previous_message": before,
        "channel": message.channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": message.channel.type,
    }
    return _message(message.channel, event)


def deleted(message: Message, before: Json, replies: list[Message], *, ts: str) -> Told:
    """Where there are replies, the message is replaced by a tombstone and not reported as
    deleted."""
    event = {
        "type": "message",
        "previous_message": before,
        "channel": message.channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": message.channel.type,
    }
    if replies:
        stone = with_replies(tombstone_json(message), replies)
        event |= {"subtype": "message_changed", "message": stone}
    else:
        event |= {"subtype": "message_deleted", "deleted_ts": message.ts}
    return _message(message.channel, event)


def reacted(message: Message, by: Person, name: str, *, added: bool, ts: str) -> Told:
    kind = "reaction_added" if added else "reaction_removed"
    event = {
        "type": kind,
        "user": by.id,
        "reaction": name,
        "item": {"type": "message", "channel": message.channel.id, "ts": message.ts},
        "item_user": message.author.id,
        "event_ts": ts,
    }
    return Told(subscription=kind, event=event, channel=message.channel)


def moved(person: Person, channel: Channel, *, joined: bool, ts: str) -> Told:
    kind = "member_joined_channel" if joined else "member_left_channel"
    event = {
        "type": kind,
        "user": person.id,
        "channel": channel.id,
        "channel_type": channel.id[0],
        "team": person.team.id,
        "event_ts": ts,
    }
    return Told(subscription=kind, event=event, channel=channel)


def shared(channel: Channel, company: Team, *, ts: str) -> Told:
    event = {
        "type": "channel_shared",
        "connected_team_id": company.id,
        "channel": channel.id,
        "event_ts": ts,
    }
    return Told(subscription="channel_shared", event=event, channel=channel)


def person_changed(person: Person, directory: Directory, *, ts: str) -> Told:
    shown = person_json(person, home=directory.team, email=True, locale=True)
    event = {"type": "user_change", "user": shown, "cache_ts": int(float(ts)), "event_ts": ts}
    return Told(subscription="user_change", event=event)


def home_opened(
    person: Person, channel: Channel, *, tab: str, view: Json | None, context: Json | None, ts: str
) -> Told:
    event: Json = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": channel.id,
        "tab": tab,
        "event_ts": ts,
    }
    event |= {"view": view} if view else {}
    event |= {"context": context} if context else {}
    return Told(subscription="app_home_opened", event=event)


def context_changed(person: Person, channel: Channel, context: Json, *, ts: str) -> Told:
    event = {
        "type": "app_context_changed",
        "user": person.id,
        "channel": channel.id,
        "context": context,
        "event_ts": ts,
    }
    return Told(subscription="app_context_changed", event=event)


def looking_at(channel: Channel, *, team_id: str) -> Json:
    """The context of somebody who has this channel open beside the app."""
    entity = {"type": "slack#/types/channel_id", "value": channel.id, "team_id": team_id}
    return {"entities": [entity]}


def stopped(
    person: Person, channel: Channel, *, thread_ts: str, streams: list[str], ts: str, old: bool
) -> Told:
    """The stop button was pressed. Slack renamed the event; apps that subscribed to the old name
    get it by that one too. https://docs.slack.dev/reference/events/agent_session_stopped"""
    kind = "message_stream_stopped" if old else "agent_session_stopped"
    event = {
        "type": kind,
        "channel": channel.id,
        "thread_ts": thread_ts,
        "user": person.id,
        "streaming_message_ts": streams,
        "event_ts": ts,
    }
    return Told(subscription=kind, event=event)


def uninstalled() -> Told:
    return Told(subscription="app_uninstalled", event={"type": "app_uninstalled"})


def revoked(*, bots: list[str], users: list[str]) -> Told:
    """Named by the ids of the users that the tokens stood for."""
    event = {"type": "tokens_revoked", "tokens": {"oauth": users, "bot": bots}}
    return Told(subscription="tokens_revoked", event=event)


def _message(channel: Channel, event: Json) -> Told:
    kind = _MESSAGES[channel.kind]
    return Told(subscription=f"message.{kind}", event=event, channel=channel)


def envelope(told: Told, directory: Directory, *, event_id: str, now: float) -> Json:
    """The event as it is sent. `team_id` is where it happened, `authorizations` name one
    installation that may see it."""
    team, app = directory.team, directory.app
    authorization = {
        "enterprise_id": team.enterprise_id,
        "team_id": team.id,
        "user_id": directory.bot.id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": app.verification_token,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": team.enterprise_id,
        "api_app_id": app.id,
        "event": told.event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(now),
        "authorizations": [authorization],
        "is_ext_shared_channel": bool(told.channel and told.channel.is_ext_shared),
        "event_context": f"4-{event_id}",
    }
