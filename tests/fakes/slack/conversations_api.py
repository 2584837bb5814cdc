"""Where people talk and what they said there: conversations.* and reactions.*"""

from __future__ import annotations

from tests.fakes.slack.calls import TIER_2, TIER_3, TIER_4, Call, Method
from tests.fakes.slack.message_rendering import message_json, tombstone_json, with_replies
from tests.fakes.slack.records import Channel, Json, Message
from tests.fakes.slack.refusals import Refused
from tests.fakes.slack.rendering import channel_json

_TYPES = {
    "public_channel": "public",
    "private_channel": "private",
    "im": "im",
    "mpim": "mpim",
}
_SCOPES = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
_MOST_PEOPLE = 8


def info(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.info"""
    channel = call.channel(reading="read")
    return {"channel": _shown(call, channel, count_members=call.flag("include_num_members"))}


def members(call: Call) -> Json:
    """Everybody in the channel, of whichever company."""
    channel = call.channel(reading="read")
    found, more = call.page([each.id for each in channel.members], default=100)
    return {"members": list(found), **more}


def listed(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.list"""
    kinds = [each.strip() for each in (call.text("types") or "public_channel").split(",")]
    if not set(kinds) <= _TYPES.keys():
        raise Refused("invalid_types")
    for kind in kinds:
        call.require(f"{_SCOPES[_TYPES[kind]]}:read")
    wanted = {_TYPES[each] for each in kinds}
    seen = [
        each
        for each in list(call.workspace.channels.values())
        if each.kind in wanted
        and (each.kind == "public" or each.has(call.workspace.bot))
        and not (each.archived and call.flag("exclude_archived"))
    ]
    if call.name == "users.conversations":
        seen = [each for each in seen if each.has(call.workspace.bot)]
    found, more = call.page(seen, default=100)
    return {"channels": [_shown(call, each, count_members=True) for each in found], **more}


def opened(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.open"""
    channel, was_there = _opened(call)
    told: Json = {"channel": {"id": channel.id}}
    if call.flag("return_im"):
        told["channel"] = _shown(call, channel, count_members=False)
    return told | ({"no_op": True, "already_open": True} if was_there else {})


def _opened(call: Call) -> tuple[Channel, bool]:
    if call.has("channel"):
        return call.channel(), True
    names = [each for each in call.text("users").split(",") if each]
    if not names:
        raise Refused("users_list_not_supplied")
    if len(names) > _MOST_PEOPLE:
        raise Refused("too_many_users")
    people = [call.workspace.people.get(each) for each in names]
    if any(each is None for each in people):
        raise Refused("user_not_found")
    found = [each for each in people if each is not None]
    if any(each.deleted for each in found):
        raise Refused("user_disabled")
    call.require("im:write" if len(found) == 1 else "mpim:write")
    before = len(call.workspace.channels)
    if len(found) == 1:
        channel = call.workspace.direct_message(found[0])
    else:
        channel = call.workspace.group_message(found)
    return channel, len(call.workspace.channels) == before


def history(call: Call) -> Json:
    """What stands in the channel itself, the newest first; replies are in their threads."""
    channel = _readable(call)
    seen = [
        each
        for each in list(channel.messages.values())
        if (not each.thread_ts or each.subtype == "thread_broadcast")
        and (not each.deleted or call.workspace.replies(each))
    ]
    found, more = call.page(list(reversed(_within(call, seen))), default=100)
    has_more = bool(more["response_metadata"]["next_cursor"])
    told: Json = {
        "messages": [_message(call, each) for each in found],
        "has_more": has_more,
        "pin_count": 0,
    }
    return told | (more if has_more else {})


def replies(call: Call) -> Json:
    """A thread: what started it, on every page, and the answers, the oldest first."""
    channel = _readable(call)
    asked = channel.messages.get(call.text("ts"))
    root = channel.messages.get(asked.root_ts) if asked else None
    if root is None or (root.deleted and not call.workspace.replies(root)):
        raise Refused("thread_not_found")
    answers = _within(call, call.workspace.replies(root))
    found, more = call.page(answers, default=1000)
    has_more = bool(more["response_metadata"]["next_cursor"])
    told: Json = {
        "messages": [_message(call, each) for each in (root, *found)],
        "has_more": has_more,
    }
    return told | (more if has_more else {})


def _readable(call: Call) -> Channel:
    channel = call.channel(reading="history")
    if not channel.has(call.workspace.bot):
        raise Refused("not_in_channel")
    return channel


def _within(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = call.text("oldest") or "0", call.text("latest") or "99999999999"
    edges = call.flag("inclusive")

    def is_within(ts: float) -> bool:
        first, last = float(oldest), float(latest)
        return first <= ts <= last if edges else first < ts < last

    return [each for each in messages if is_within(float(each.ts))]


def _message(call: Call, message: Message) -> Json:
    if message.deleted:
        return with_replies(tombstone_json(message), call.workspace.replies(message))
    shown = message_json(message, metadata=call.flag("include_all_metadata"))
    return shown if message.thread_ts else with_replies(shown, call.workspace.replies(message))


def join(call: Call) -> Json:
    channel = call.channel()
    if channel.kind != "public":
        raise Refused("method_not_supported_for_channel_type")
    if not channel.has(call.workspace.bot):
        call.workspace.join(call.workspace.bot, channel)
    return {"channel": _shown(call, channel, count_members=False)}


def react(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/reactions.add"""
    adding = call.name == "reactions.add"
    if not (call.has("channel") and call.has("timestamp")):
        raise Refused("no_item_specified")
    message = call.message(_readable_for_reactions(call), call.text("timestamp"))
    name = call.text("name").strip(":")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise Refused("invalid_name")
    if not call.workspace.react(call.workspace.bot, message, name, added=adding):
        raise Refused("already_reacted" if adding else "no_reaction")
    return {}


def _readable_for_reactions(call: Call) -> Channel:
    channel = call.channel()
    if not channel.has(call.workspace.bot):
        raise Refused("not_in_channel")
    return channel


def _shown(call: Call, channel: Channel, *, count_members: bool) -> Json:
    return channel_json(
        channel,
        home=call.workspace.team,
        viewer=call.workspace.bot,
        count_members=count_members,
    )


METHODS = {
    "conversations.info": Method(
        answer=info, needs=("channel",), takes_json=False, per_minute=TIER_3
    ),
    "conversations.members": Method(
        answer=members, needs=("channel",), takes_json=False, per_minute=TIER_4
    ),
    "conversations.list": Method(answer=listed, takes_json=False, per_minute=TIER_2),
    "users.conversations": Method(answer=listed, takes_json=False, per_minute=TIER_3),
    "conversations.open": Method(answer=opened, per_minute=TIER_3),
    "conversations.history": Method(answer=history, needs=("channel",), per_minute=TIER_3),
    "conversations.replies": Method(
        answer=replies, needs=("channel", "ts"), takes_json=False, per_minute=TIER_3
    ),
    "conversations.join": Method(
        answer=join, scope="channels:join", needs=("channel",), per_minute=TIER_3
    ),
    "reactions.add": Method(
        answer=react, scope="reactions:write", needs=("name",), per_minute=TIER_3
    ),
    "reactions.remove": Method(
        answer=react, scope="reactions:write", needs=("name",), per_minute=TIER_2
    ),
}
