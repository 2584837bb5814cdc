"""People, channels and messages as Slack's JSON.

https://docs.slack.dev/reference/objects/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.fakes.slack.records import Channel, Json, Message, Person, Team, UserGroup, View

_ENTITY = re.compile(r"<([^<>]+)>")


def team_json(team: Team) -> Json:
    shown: Json = {
        "id": team.id,
        "name": team.name,
        "domain": team.domain,
        "email_domain": "",
        "url": f"https://{team.domain}.slack.com/",
        "icon": {"image_default": True},
        "is_verified": False,
    }
    if team.enterprise_id:
        shown |= {"enterprise_id": team.enterprise_id, "enterprise_name": "Organisation"}
    return shown


def person_json(person: Person, *, home: Team, email: bool, locale: bool = False) -> Json:
    """People of other teams come without an e-mail address, and are nobody's guests."""
    outside = _is_outside(person, home)
    shown: Json = {
        "id": person.id,
        "team_id": person.team.id,
        "name": person.name,
        "deleted": person.deleted,
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": _profile(person, email=email and not outside),
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": int(person.updated_at),
        "who_can_share_contact_card": "EVERYONE",
    }
    if not person.deleted:
        shown |= {
            "is_admin": person.admin or person.owner,
            "is_owner": person.owner,
            "is_primary_owner": False,
            "is_restricted": bool(person.guest),
            "is_ultra_restricted": person.guest == "single_channel",
        }
    if outside and person.stranger is not None:
        shown["is_stranger"] = person.stranger
    if person.team.enterprise_id:
        shown["enterprise_user"] = _enterprise_user(person)
    if locale and not outside:
        shown["locale"] = person.locale
    return shown


def _is_outside(person: Person, home: Team) -> bool:
    if home.enterprise_id and person.team.enterprise_id == home.enterprise_id:
        return False
    return person.team.id != home.id


def _profile(person: Person, *, email: bool) -> Json:
    shown: Json = {
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.name,
        "display_name_normalized": person.name,
        "status_text": "",
        "status_emoji": "",
        "avatar_hash": "g0000000000a",
        "team": person.team.id,
        "image_72": f"https://avatars.example/{person.id}-72.png",
    }
    if person.is_bot:
        return shown | {"bot_id": person.bot_id, "api_app_id": person.app_id}
    return shown | ({"email": person.email} if email else {})


def _enterprise_user(person: Person) -> Json:
    return {
        "id": person.id,
        "enterprise_id": person.team.enterprise_id,
        "enterprise_name": "Organisation",
        "is_admin": False,
        "is_owner": False,
        "teams": [person.team.id],
    }


def channel_json(channel: Channel, *, home: Team, viewer: Person, count_members: bool) -> Json:
    """A direct message is shown with the person at its other end instead of a name."""
    shown: Json = {"id": channel.id, "created": int(channel.created_at), "is_archived": False}
    if channel.kind == "im":
        other = next((each for each in channel.members if each.id != viewer.id), viewer)
        shown |= {"is_im": True, "is_org_shared": False, "user": other.id, "is_open": True}
    else:
        shown |= _named_channel(channel, home=home, viewer=viewer)
    if count_members:
        shown["num_members"] = len(channel.members)
    return shown


def _named_channel(channel: Channel, *, home: Team, viewer: Person) -> Json:
    purpose = {"value": "", "creator": "", "last_set": 0}
    teams = [home, *channel.shared_with]
    return {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind != "public",
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "public",
        "is_archived": channel.archived,
        "is_general": channel.name == "general",
        "is_member": channel.has(viewer),
        "is_shared": bool(channel.shared_with) or channel.org_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": channel.org_shared,
        "is_pending_ext_shared": bool(channel.pending_with),
        "pending_shared": [each.id for each in channel.pending_with],
        "pending_connected_team_ids": [each.id for each in channel.pending_with],
        "shared_team_ids": [each.id for each in teams],
        "internal_team_ids": [home.id],
        "connected_team_ids": [each.id for each in channel.shared_with],
        "context_team_id": home.id,
        "conversation_host_id": home.id,
        "creator": channel.creator.id,
        "unlinked": 0,
        "updated": int(channel.created_at * 1000),
        "topic": purpose,
        "purpose": purpose,
        "previous_names": [],
    }


def user_group_json(group: UserGroup, *, home: Team, users: bool, count: bool) -> Json:
    shown: Json = {
        "id": group.id,
        "team_id": home.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": int(group.created_at),
        "date_update": int(group.created_at),
        "date_delete": int(group.created_at) if group.disabled else 0,
        "auto_type": None,
        "created_by": group.created_by.id,
        "updated_by": group.created_by.id,
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
    }
    if users:
        shown["users"] = [each.id for each in group.members]
    if count:
        shown["user_count"] = len(group.members)
    return shown


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
            for name, users in message.reactions.items()
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


def view_json(view: View, *, team: Team, app_id: str, bot_id: str) -> Json:
    body = view.body
    before = view.stack[view.stack.index(view) - 1] if view in view.stack[1:] else None
    return {
        "id": view.id,
        "team_id": team.id,
        "type": body["type"],
        "title": body.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "submit": body.get("submit"),
        "close": body.get("close"),
        "blocks": body["blocks"],
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "external_id": body.get("external_id", ""),
        "state": {"values": view.values},
        "hash": view.hash,
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "submit_disabled": body.get("submit_disabled", False),
        "root_view_id": view.stack[0].id if view.stack else view.id,
        "previous_view_id": before.id if before else None,
        "app_id": app_id,
        "app_installed_team_id": team.id,
        "bot_id": bot_id,
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
