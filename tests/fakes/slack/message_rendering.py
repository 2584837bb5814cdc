"""Messages as Slack's JSON: as histories, answers and events show them.

https://docs.slack.dev/reference/events/message
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.fakes.slack.records import Json, Message, Person

_ENTITY = re.compile(r"<([^<>]+)>")


def message_json(message: Message, *, metadata: bool = True) -> Json:
    """A message as histories, answers and events show it; threads add what they know of it."""
    author = message.author
    shown: Json = {
        "type": "message",
        "user": author.id,
        "text": message.text,
        "ts": message.ts,
        "team": author.team.id,
        "blocks": message.blocks,
    }
    if author.is_bot:
        shown |= {"bot_id": author.bot_id, "app_id": author.app_id}
        shown["bot_profile"] = _bot_profile(author)
    if message.metadata is not None:
        kind = {"event_type": message.metadata["event_type"]}
        shown["metadata"] = message.metadata if metadata else kind
    if message.edited_ts:
        shown["edited"] = {"user": message.edited_by, "ts": message.edited_ts}
    if message.stream and message.stream.state == "open":
        shown["streaming_state"] = "in_progress"
    if message.subtype == "bot_message":
        shown.pop("user")  # of integrations that are nobody
    return shown | _filled(message)


def _filled(message: Message) -> Json:
    """What is only there when there is some of it."""
    found: Json = {
        "subtype": message.subtype,
        "client_msg_id": message.client_msg_id,
        "thread_ts": message.thread_ts,
        "username": message.username,
        "attachments": message.attachments + _unfurled(message),
        "files": message.files,
        "reactions": [
            {"name": name, "users": users, "count": len(users)}
            for name, users in list(message.reactions.items())
            if users
        ],
    }
    if message.thread_ts and message.thread_ts != message.ts:
        root = message.channel.messages.get(message.thread_ts)
        found["parent_user_id"] = root.author.id if root else ""
    return {key: value for key, value in found.items() if value}


def _unfurled(message: Message) -> list[Json]:
    return [
        {"id": number, "from_url": url, "app_unfurl_url": url, "is_app_unfurl": True} | body
        for number, (url, body) in enumerate(message.unfurls.items(), start=1)
    ]


def _bot_profile(bot: Person) -> Json:
    return {
        "id": bot.bot_id,
        "app_id": bot.app_id,
        "user_id": bot.id,
        "name": bot.name,
        "icons": {},
        "deleted": bot.deleted,
        "updated": int(bot.updated_at),
        "team_id": bot.team.id,
    }


def with_replies(shown: Json, replies: Iterable[Message]) -> Json:
    """A message that starts a thread, with what is known of its replies."""
    left = [each for each in replies if not each.deleted]
    if not left:
        return shown
    writers = list(dict.fromkeys(each.author.id for each in left))
    return shown | {
        "thread_ts": shown["ts"],
        "reply_count": len(left),
        "reply_users_count": len(writers),
        "reply_users": writers,
        "latest_reply": left[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def tombstone_json(message: Message) -> Json:
    """What stands where a message was that had replies when it was deleted."""
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
        "ts": message.ts,
        "thread_ts": message.ts,
    }


def rich_text(text: str, *, block_id: str) -> list[Json]:
    """The block that Slack's clients send along with what a person typed."""
    elements = list(_elements(text))
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}] if text else []


def _elements(text: str) -> Iterator[Json]:
    position = 0
    for match in _ENTITY.finditer(text):
        if match.start() > position:
            yield {"type": "text", "text": unescaped(text[position : match.start()])}
        yield _entity(match[1])
        position = match.end()
    if position < len(text):
        yield {"type": "text", "text": unescaped(text[position:])}


def _entity(inner: str) -> Json:
    name, _, label = inner.partition("|")
    if name.startswith("@"):
        return {"type": "user", "user_id": name[1:]}
    if name.startswith("#"):
        return {"type": "channel", "channel_id": name[1:]}
    if name.startswith("!"):
        return {"type": "broadcast", "range": name[1:]}
    return {"type": "link", "url": name} | ({"text": unescaped(label)} if label else {})


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
