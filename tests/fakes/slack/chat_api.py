"""What the app says: chat.postMessage, chat.postEphemeral, chat.update, chat.delete, permalinks
and link previews."""

from __future__ import annotations

from tests.fakes.slack import limits
from tests.fakes.slack.calls import TIER_3, TIER_4, Call, Method
from tests.fakes.slack.limits import Refusal
from tests.fakes.slack.message_rendering import message_json
from tests.fakes.slack.records import Channel, Ephemeral, Json, Message
from tests.fakes.slack.refusals import Refused, refused_arguments


def post(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.postMessage"""
    channel = place(call)
    text, told = _shortened(call.text("text"))
    thread = thread_of(call, channel)
    message = Message(
        channel=channel,
        author=call.workspace.bot,
        ts=call.workspace.numbers.ts(),
        text=text or call.text("markdown_text"),
        blocks=content(call),
        attachments=call.json("attachments") or [],
        metadata=call.json("metadata"),
        thread_ts=thread,
        subtype="thread_broadcast" if thread and call.flag("reply_broadcast") else "",
        username=call.text("username"),
        unfurl_links=call.flag("unfurl_links"),
        names_linked=call.flag("link_names") or call.text("parse") == "full",
    )
    call.workspace.put(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(message), **told}


def place(call: Call) -> Channel:
    """Where to write. A person's id means their conversation with the app."""
    name = call.text("channel")
    if name in call.workspace.people:
        channel = call.workspace.direct_message(call.workspace.people[name])
    else:
        channel = call.channel()
    if channel.archived:
        raise Refused("is_archived")
    if channel.kind == "im" and not call.workspace.app.messages_tab:
        raise Refused("messages_tab_disabled")
    if not channel.has(call.workspace.bot) and "chat:write.public" not in call.caller.scopes:
        raise Refused("not_in_channel")
    return channel


def content(call: Call, *, longest_text: int | None = None) -> list[Json]:
    """The blocks of a message whose content is within the limits, each with an id."""
    blocks = call.json("blocks") or []
    refuse(
        limits.refusal_of_message(
            {
                "text": call.text("text"),
                "markdown_text": call.text("markdown_text"),
                "blocks": blocks,
                "attachments": call.json("attachments"),
                "metadata": call.json("metadata") or None,
            },
            longest_text=longest_text,
        )
    )
    return named(call, blocks)


def named(call: Call, blocks: list[Json]) -> list[Json]:
    return [{"block_id": call.workspace.numbers.id("b"), **each} for each in blocks]


def refuse(refusal: Refusal | None) -> None:
    """Raises what the refusal, where there is one, is answered with."""
    if refusal is None:
        return
    if not refusal.messages:
        raise Refused(refusal.error)
    told = [f"[ERROR] {each}" for each in refusal.messages]
    raise Refused(
        refusal.error, errors=list(refusal.messages), response_metadata={"messages": told}
    )


def _shortened(text: str) -> tuple[str, Json]:
    """Slack cuts what is far too long, and says so in passing."""
    if len(text) <= limits.TEXT_TRUNCATED:
        return text, {}
    warning = {"warning": "message_truncated"}
    more = {"response_metadata": {"warnings": ["message_truncated"]}}
    return text[: limits.TEXT_TRUNCATED], warning | more


def thread_of(call: Call, channel: Channel) -> str:
    """The thread to write into. Where the message that it hung on has been deleted, Slack posts to
    the channel itself without a word; only the answer's missing `thread_ts` tells
    (https://github.com/slack-go/slack/issues/1571). Where replies are left, the thread is too."""
    wanted = call.text("thread_ts")
    if not wanted:
        return ""
    root = channel.messages.get(wanted)
    if root is None or (root.deleted and not call.workspace.replies(root)):
        return ""
    if root.thread_ts not in {"", root.ts}:
        raise Refused("cannot_reply_to_message")
    return wanted


def post_ephemeral(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
    channel = place(call)
    person = call.workspace.people.get(call.text("user"))
    if person is None or not channel.has(person):
        raise Refused("user_not_in_channel")
    shown = Ephemeral(
        channel=channel,
        user=person.id,
        ts=call.workspace.numbers.ts(),
        text=call.text("text") or call.text("markdown_text"),
        blocks=content(call, longest_text=limits.TEXT_TRUNCATED),
        thread_ts=thread_of(call, channel),
        attachments=call.json("attachments") or [],
    )
    call.workspace.ephemerals.append(shown)
    return {"message_ts": shown.ts}


def update(call: Call) -> Json:
    """New text without blocks takes the old blocks away; new blocks alone keep the text, and do
    not count as an edit. https://docs.slack.dev/reference/methods/chat.update"""
    channel = call.channel()
    message = call.message(channel, call.text("ts"))
    if message.author.id != call.workspace.bot.id:
        raise Refused("cant_update_message")
    if message.stream and message.stream.state == "open":
        raise Refused("streaming_state_conflict")
    blocks = content(call, longest_text=limits.TEXT_OF_UPDATES)
    says = call.text("text") or call.text("markdown_text")
    if call.json("metadata") is not None:
        message.metadata = call.json("metadata") or None
    call.workspace.change(
        message,
        text=says or message.text,
        blocks=blocks if says or call.arguments.get("blocks") is not None else message.blocks,
        attachments=call.json("attachments"),
        by=None if blocks else call.workspace.bot,
    )
    shown = message_json(message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def delete(call: Call) -> Json:
    channel = call.channel()
    message = call.message(channel, call.text("ts"))
    if message.author.id != call.workspace.bot.id:
        raise Refused("cant_delete_message")
    call.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def permalink(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.getPermalink"""
    channel = call.channel()
    message = call.message(channel, call.text("message_ts"))
    site = f"https://{call.workspace.team.domain}.slack.com"
    url = f"{site}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        url += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": url}


def unfurl(call: Call) -> Json:
    """Only links of the message itself can be shown with a preview.
    https://docs.slack.dev/reference/methods/chat.unfurl"""
    unfurls = call.json("unfurls")
    if not isinstance(unfurls, dict):
        raise Refused("invalid_unfurls_format" if call.has("unfurls") else "missing_unfurls")
    being_written = call.workspace.composed.get(call.text("unfurl_id"))
    if being_written is not None and call.text("source") == "composer":
        _check_previews(unfurls, being_written["url"])
        being_written["unfurls"] = unfurls
        return {}
    message = _linking(call)
    _check_previews(unfurls, message.text)
    call.workspace.unfurl(message, unfurls)
    return {}


def _check_previews(unfurls: Json, text: str) -> None:
    for url, shown in unfurls.items():
        if url not in text:
            raise Refused("cannot_unfurl_url")
        if "blocks" in shown and limits.refusal_of_blocks(shown["blocks"]):
            raise Refused("cannot_parse_attachment")


def _linking(call: Call) -> Message:
    """The message, named by its place or by the id that came with the event."""
    channel_id, ts = call.text("channel"), call.text("ts")
    if call.has("unfurl_id"):
        if not call.has("source"):
            raise Refused("missing_source")
        channel_id, _, ts = call.text("unfurl_id").partition("-")
    channel = call.workspace.channels.get(channel_id)
    if channel is None:
        raise Refused("cannot_find_channel" if channel_id else "missing_channel")
    message = channel.messages.get(ts)
    if message is None or message.deleted:
        raise Refused("cannot_find_message" if ts else "missing_ts")
    return message


def validate(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/blocks.validate"""
    given = [name for name in ("blocks", "message", "view") if call.has(name)]
    if len(given) != 1:
        raise refused_arguments("must provide exactly one of `blocks`, `view`, or `message`")
    (kind,) = given
    if kind == "view":
        faults = limits.faults_of_view(call.json("view"))
    else:
        sent = call.json(kind)
        faults = limits.faults_of_message(sent if kind == "message" else {"blocks": sent})
    if faults:
        raise Refused(f"invalid_{kind}", errors=[{"message": each} for each in faults])
    return {}


METHODS = {
    "chat.postMessage": Method(answer=post, scope="chat:write", needs=("channel",)),
    "chat.postEphemeral": Method(
        answer=post_ephemeral, scope="chat:write", needs=("channel", "user"), per_minute=TIER_4
    ),
    "chat.update": Method(
        answer=update, scope="chat:write", needs=("channel", "ts"), per_minute=TIER_3
    ),
    "chat.delete": Method(
        answer=delete, scope="chat:write", needs=("channel", "ts"), per_minute=TIER_3
    ),
    "chat.getPermalink": Method(
        answer=permalink, needs=("channel", "message_ts"), takes_json=False
    ),
    "chat.unfurl": Method(answer=unfurl, scope="links:write", per_minute=TIER_3),
    "blocks.validate": Method(answer=validate),
}
