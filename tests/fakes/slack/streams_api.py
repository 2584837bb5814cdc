"""Answers that are written before people's eyes: chat.startStream, appendStream, stopStream.

https://docs.slack.dev/reference/methods/chat.startStream ; how long a stream may stay open, and
how much it may hold in all, is not written there. Slack ends it after about five minutes; what a
message's Markdown may hold is what it is held to here.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.slack import limits
from tests.fakes.slack.calls import TIER_2, TIER_4, Call, Method
from tests.fakes.slack.chat_api import named, place, refuse, thread_of
from tests.fakes.slack.message_rendering import message_json
from tests.fakes.slack.records import Json, Message, Session, Stream
from tests.fakes.slack.refusals import Refused

LIFETIME = 306.0
_SESSION_STATUSES = ("active", "processing", "suspended", "closed")
_STOP_EVENTS = {"message_stream_stopped", "agent_session_stopped"}


def start(call: Call) -> Json:
    """Opens a message for writing and the thread's session for work."""
    channel = place(call)
    recipient, team = _recipient(call)
    if call.flag("is_stoppable") and not _STOP_EVENTS & call.workspace.app.events:
        raise Refused("not_subscribed_to_message_stream_stopped")
    chunks = _chunks(call)
    message = Message(
        channel=channel,
        author=call.workspace.bot,
        ts=call.workspace.numbers.ts(),
        text="",
        thread_ts=thread_of(call, channel),
        username=call.text("username"),
        unfurl_links=False,
        stream=Stream(
            started_at=call.workspace.clock(),
            recipient=recipient,
            recipient_team=team,
            display=call.text("task_display_mode") or "timeline",
        ),
    )
    _write(message, chunks)
    call.workspace.put(message)
    _session(call, message, "processing")
    return {"channel": channel.id, "ts": message.ts}


def _recipient(call: Call) -> tuple[str, str]:
    """Whom it is written for, with that person's own team: for people of other companies that is
    not the team of the installation. Both are asked for in direct messages too."""
    for name in ("recipient_user_id", "recipient_team_id"):
        if not call.has(name):
            raise Refused(f"missing_{name}")
    person = call.workspace.people.get(call.text("recipient_user_id"))
    if person is None or person.team.id != call.text("recipient_team_id"):
        raise Refused("user_not_found")
    return person.id, person.team.id


def append(call: Call) -> Json:
    message = _open_message(call)
    chunks = _chunks(call)
    if not chunks:
        raise Refused("no_text")
    _write(message, chunks)
    return {"channel": message.channel.id, "ts": message.ts}


def stop(call: Call) -> Json:
    """Closes it; `blocks` stand below everything that was written."""
    message = _message(call)
    if _state(call, message) != "open":
        raise Refused("message_not_in_streaming_state")
    chunks, blocks = _chunks(call), call.json("blocks") or []
    refuse(limits.refusal_of_blocks(blocks))
    refuse(limits.refusal_of_metadata(call.json("metadata")))
    status = call.text("session_status") or "active"
    if status not in _SESSION_STATUSES:
        raise Refused("invalid_status")
    _write(message, chunks)
    assert message.stream is not None
    message.stream.state = "stopped"
    message.metadata = call.json("metadata")
    written = [*_blocks(message), *named(call, blocks)]
    call.workspace.change(message, text=message.text, blocks=written)
    message.history.clear()  # it was being written, not said
    _session(call, message, status)
    return {"channel": message.channel.id, "ts": message.ts, "message": message_json(message)}


def _message(call: Call) -> Message:
    message = call.message(call.channel(), call.text("ts"))
    if message.author.id != call.workspace.bot.id:
        raise Refused("message_not_owned_by_app")
    return message


def _open_message(call: Call) -> Message:
    message = _message(call)
    state = _state(call, message)
    if state == "stopped_by_user":
        raise Refused("stopped_by_user")
    if state != "open":
        raise Refused("message_not_in_streaming_state")
    return message


def _state(call: Call, message: Message) -> str:
    """Where the stream stands now: one that is too old ends by itself."""
    stream = message.stream
    if stream is None:
        return ""
    if stream.state == "open" and call.workspace.clock() - stream.started_at > LIFETIME:
        stream.state = "expired"
        message.blocks = _blocks(message)
    return stream.state


def _chunks(call: Call) -> list[Json]:
    chunks: list[Json] = list(call.json("chunks") or [])
    if call.text("markdown_text"):
        chunks.insert(0, {"type": "markdown_text", "text": call.text("markdown_text")})
    if faults := limits.faults_of_chunks(chunks):
        raise _refused(faults)
    return chunks


def _refused(faults: list[str]) -> Refused:
    """Texts that are too long have an error of their own."""
    too_long = "msg_too_long" in faults or any("/text" in each for each in faults)
    if too_long:
        return Refused("msg_too_long")
    if any("no more than 50" in each for each in faults):
        return Refused("msg_blocks_too_many")
    told = [f"[ERROR] {each}" for each in faults]
    return Refused("invalid_chunks", response_metadata={"messages": told})


def _write(message: Message, chunks: list[Json]) -> None:
    stream = message.stream
    assert stream is not None
    text = message.text + "".join(e["text"] for e in chunks if e["type"] == "markdown_text")
    if len(text) > limits.MARKDOWN:
        raise Refused("msg_too_long")
    message.text = text
    stream.chunks += chunks
    message.blocks = _blocks(message)


def _blocks(message: Message) -> list[Json]:
    """What the message shows: its text, the tasks as they stand, the blocks that were appended."""
    assert message.stream is not None
    tasks: dict[str, Json] = {}
    blocks: list[Json] = []
    for chunk in message.stream.chunks:
        if chunk["type"] == "task_update":
            tasks[chunk["id"]] = _merged(tasks.get(chunk["id"], {}), chunk)
        elif chunk["type"] == "blocks":
            blocks += chunk["blocks"]
    cards = [{"type": "task_card", "task_id": key, **each} for key, each in tasks.items()]
    text = [{"type": "markdown", "text": message.text}] if message.text else []
    return [*cards, *text, *blocks]


def _merged(known: Json, chunk: Json) -> Json:
    """A task's title and status are replaced; its details grow."""
    details = known.get("details", "") + chunk.get("details", "")
    found: dict[str, Any] = {"title": chunk["title"], "status": chunk["status"]}
    for name in ("output", "sources"):
        if name in chunk or name in known:
            found[name] = chunk.get(name, known.get(name))
    return found | ({"details": details} if details else {})


def _session(call: Call, message: Message, status: str) -> None:
    key = message.channel.id, message.root_ts
    known = call.workspace.sessions.get(key)
    if known is None:
        known = Session(channel_id=key[0], thread_ts=key[1], status=status)
        call.workspace.sessions[key] = known
    known.status = status


METHODS = {
    "chat.startStream": Method(
        answer=start, scope="chat:write", needs=("channel",), per_minute=TIER_2
    ),
    "chat.appendStream": Method(
        answer=append, scope="chat:write", needs=("channel", "ts"), per_minute=TIER_4
    ),
    "chat.stopStream": Method(
        answer=stop, scope="chat:write", needs=("channel", "ts"), per_minute=TIER_2
    ),
}
