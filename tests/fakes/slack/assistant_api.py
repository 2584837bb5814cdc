"""Signs of life beside the answer: assistant.threads.* and agents.sessions.*"""

from __future__ import annotations

from tests.fakes.slack.calls import TIER_3, TIER_4, Call, Method
from tests.fakes.slack.records import Channel, Json, Session, Status
from tests.fakes.slack.refusals import Refused, refused_arguments

STATUSES = ("active", "processing", "suspended", "closed")
MOST_PROMPTS, MOST_LOADING, LOADING_LENGTH, TITLE_LENGTH = 4, 10, 50, 200


def set_status(call: Call) -> Json:
    """It goes when the app writes, when it is set to nothing, or after two minutes.
    https://docs.slack.dev/reference/methods/assistant.threads.setStatus"""
    channel = _threaded(call)
    rotating = call.json("loading_messages") or []
    if len(rotating) > MOST_LOADING:
        raise refused_arguments(f"no more than {MOST_LOADING} items allowed")
    if any(not 1 <= len(str(each)) <= LOADING_LENGTH for each in rotating):
        raise refused_arguments(f"must be less than {LOADING_LENGTH + 1} characters")
    call.workspace.statuses.append(
        Status(
            channel_id=channel.id,
            thread_ts=call.text("thread_ts"),
            status=call.text("status"),
            loading_messages=[str(each) for each in rotating],
            set_at=call.workspace.clock(),
        )
    )
    return {}


def set_prompts(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts"""
    if not call.workspace.app.agent:
        raise Refused("not_agent_app")
    channel = _threaded(call) if call.has("thread_ts") else _member_of(call)
    prompts = call.json("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= MOST_PROMPTS:
        raise refused_arguments(f"no more than {MOST_PROMPTS} items allowed")
    if any(not each.get("title") or not each.get("message") for each in prompts):
        raise refused_arguments("missing required field: title or message")
    call.workspace.prompts[channel.id] = {
        "title": call.text("title"),
        "prompts": prompts,
        "thread_ts": call.text("thread_ts"),
    }
    return {}


def set_title(call: Call) -> Json:
    channel, ts = _threaded(call), call.text("thread_ts")
    known = call.workspace.sessions.get((channel.id, ts))
    if known is None:
        known = Session(channel_id=channel.id, thread_ts=ts, status="active")
    known.title = call.text("title")
    call.workspace.sessions[channel.id, ts] = known
    return {}


def session_status(call: Call) -> Json:
    """The title is heard when the session begins, and not again.
    https://docs.slack.dev/reference/methods/agents.sessions.setStatus"""
    if call.text("status") not in STATUSES:
        raise Refused("invalid_status")
    key = _session_of(call)
    known = call.workspace.sessions.get(key)
    if known is None:
        if call.has("initiator_user_id"):
            call.person("initiator_user_id")
        title = call.text("title")[:TITLE_LENGTH]
        known = Session(channel_id=key[0], thread_ts=key[1], status="", title=title)
        call.workspace.sessions[key] = known
    known.status = call.text("status")
    return {"status": known.status, "agent_status": known.status, "title": known.title}


def rename_session(call: Call) -> Json:
    known = call.workspace.sessions.get(_session_of(call))
    if known is None:
        raise Refused("session_not_found")
    known.title = call.text("title")[:TITLE_LENGTH]
    return {"title": known.title}


def _session_of(call: Call) -> tuple[str, str]:
    channel = call.channel("channel_id")
    if not channel.has(call.workspace.bot):
        raise Refused("not_authorized")
    if not call.has("thread_ts"):
        raise Refused("thread_ts_required")
    return channel.id, call.text("thread_ts")


def _threaded(call: Call) -> Channel:
    """The channel of a call that names one of its threads."""
    channel = _member_of(call)
    root = channel.messages.get(call.text("thread_ts"))
    if root is None or (root.deleted and not call.workspace.replies(root)):
        raise Refused("invalid_thread_ts", detail="Thread not found")
    return channel


def _member_of(call: Call) -> Channel:
    channel = call.channel("channel_id")
    if not channel.has(call.workspace.bot):
        raise Refused("channel_not_found", detail="Invalid channel_id")
    return channel


METHODS = {
    "assistant.threads.setStatus": Method(
        answer=set_status, scope="chat:write", needs=("channel_id", "thread_ts")
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        answer=set_prompts,
        scope="assistant:write",
        needs=("channel_id", "prompts"),
        per_minute=TIER_4,
    ),
    "assistant.threads.setTitle": Method(
        answer=set_title,
        scope="assistant:write",
        needs=("channel_id", "thread_ts", "title"),
        per_minute=TIER_4,
    ),
    "agents.sessions.setStatus": Method(
        answer=session_status,
        scope="chat:write",
        needs=("channel_id", "status"),
        per_minute=TIER_3,
    ),
    "agents.sessions.rename": Method(
        answer=rename_session,
        scope="chat:write",
        needs=("channel_id", "title"),
        per_minute=TIER_3,
    ),
}
