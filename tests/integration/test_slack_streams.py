"""Answers that grow before people's eyes, with Slack's own client against the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from tests.fakes.clock import FakeClock
from tests.fakes.slack import FakeSlack, Message
from tests.fakes.slack.samples import FEEDBACK
from tests.refusals import error


@pytest.fixture
def streaming() -> Iterator[tuple[FakeSlack, FakeClock, Message]]:
    clock = FakeClock()
    with FakeSlack(clock=clock) as slack:
        ann = slack.workspace.member("Ann")
        channel = slack.workspace.channel("help", [ann])
        yield slack, clock, slack.workspace.say(ann, channel, "How?", quiet=True)


def test_a_stream_becomes_a_message(streaming: tuple[FakeSlack, FakeClock, Message]) -> None:
    slack, _, question = streaming
    acme = slack.workspace
    client = WebClient(slack.bot_token, base_url=slack.api_url)
    task = {"type": "task_update", "id": "1", "title": "Searching", "status": "in_progress"}

    stream = client.chat_stream(
        channel=question.channel.id,
        thread_ts=question.ts,
        recipient_team_id=acme.team.id,
        recipient_user_id=question.author.id,
        buffer_size=5,
    )
    stream.append(chunks=[task])
    stream.append(markdown_text="**45** days")
    (reply,) = acme.replies(question)
    assert reply.stream is not None
    assert (reply.stream.state, reply.text) == ("open", "**45** days")
    assert (
        error(client.chat_update, channel=reply.channel.id, ts=reply.ts, text="x")
        == "streaming_state_conflict"
    )
    assert acme.sessions[reply.channel.id, question.ts].status == "processing"
    stream.append(chunks=[{**task, "status": "complete"}])
    stopped = stream.stop(markdown_text=", no more.", blocks=[FEEDBACK])

    assert stopped["message"]["text"] == reply.text == "**45** days, no more."
    assert [each["type"] for each in reply.blocks] == ["task_card", "markdown", "context_actions"]
    assert reply.blocks[0]["status"] == "complete"
    assert acme.sessions[reply.channel.id, question.ts].status == "active"
    client.chat_update(channel=reply.channel.id, ts=reply.ts, text="x")


def test_streams_end_by_age_by_hand_and_by_mistake(
    streaming: tuple[FakeSlack, FakeClock, Message],
) -> None:
    slack, clock, question = streaming
    acme = slack.workspace
    client = WebClient(slack.bot_token, base_url=slack.api_url)
    whom = {"recipient_team_id": acme.team.id, "recipient_user_id": question.author.id}

    def started(**more: Any) -> dict[str, Any]:
        where = {"channel": question.channel.id, "thread_ts": question.ts}
        told = client.chat_startStream(**{**where, **whom, **more})
        return {"channel": told["channel"], "ts": told["ts"]}

    assert error(started, recipient_user_id=None) == "missing_recipient_user_id"
    assert error(started, recipient_team_id=None) == "missing_recipient_team_id"
    eve = acme.external("Eve", acme.company("Globex"))
    assert error(started, recipient_user_id=eve.id) == "user_not_found"
    old = started()
    clock.advance(307)
    ended = "message_not_in_streaming_state"
    assert error(client.chat_appendStream, **old, markdown_text="x") == ended
    assert error(client.chat_stopStream, **old) == ended
    running = started(markdown_text="So")
    acme.stop(question.author, question)
    assert error(client.chat_appendStream, **running, markdown_text="x") == "stopped_by_user"
    assert error(client.chat_stopStream, **running) == ended
    told = [each.event for each in slack.deliveries.pending if "stopped" in each.event["type"]]
    assert [each["type"] for each in told] == ["agent_session_stopped"]
    assert told[0]["streaming_message_ts"] == [running["ts"]]
    long = started(markdown_text="x" * 11_990)
    assert error(client.chat_appendStream, **long, markdown_text="x" * 11) == "msg_too_long"
    assert error(client.chat_appendStream, **long, markdown_text="x" * 12_001) == "msg_too_long"
    wrong = [{"type": "task_update", "id": "1", "title": "x", "status": "done"}]
    assert error(client.chat_appendStream, **long, chunks=wrong) == "invalid_chunks"
    assert error(
        client.chat_appendStream, channel=question.channel.id, ts=question.ts, markdown_text="x"
    ) == ("message_not_owned_by_app")
