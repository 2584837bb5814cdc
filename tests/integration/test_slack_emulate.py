"""Two stand-ins for Slack, ours and npm `emulate`, answer the same where both know the answer."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from tests.fakes.slack import FakeSlack
from tests.fakes.slack.emulate import Absent, install, running
from tests.fakes.slack.receiver import Receiver
from tests.refusals import error
from tests.waiting import PATIENCE


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two, with a person who writes and a channel that the bot is in."""

    bot: WebClient
    bot_user: str
    channel: str
    person: str
    receiver: Receiver
    signing_secret: str
    say: Callable[[str], str]


@pytest.fixture(scope="module")
def folder(pytestconfig: pytest.Config) -> Path:
    found = Path(tempfile.gettempdir()) / f"supportbot-tests-emulate-{os.getuid()}"
    if pytestconfig.getoption("--emulate"):
        found.mkdir(mode=0o700, exist_ok=True)
        install(found)
    return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.fixture
def theirs(folder: Path, receiver: Receiver) -> Iterator[Side]:
    try:
        with running(folder, events_url=receiver.url) as emulate:
            ann = WebClient(emulate.user_token("alice"), base_url=emulate.api_url)
            bot = WebClient(emulate.bot_token, base_url=emulate.api_url)
            channel = emulate.channels["support"]
            bot.conversations_join(channel=channel)
            assert receiver.arrivals.acquire(timeout=PATIENCE)
            receiver.came.clear()
            yield Side(
                bot=bot,
                bot_user=emulate.people["helpbot"],
                channel=channel,
                person=emulate.people["alice"],
                receiver=receiver,
                signing_secret=emulate.signing_secret,
                say=lambda text: str(ann.chat_postMessage(channel=channel, text=text)["ts"]),
            )
    except Absent as absent:
        pytest.skip(str(absent))


@pytest.fixture
def ours() -> Iterator[Side]:
    with FakeSlack() as slack, Receiver() as receiver:
        slack.deliveries.url = receiver.url
        acme = slack.workspace
        ann = acme.member("Alice")
        channel = acme.channel("support", [ann])
        slack.deliveries.start()
        yield Side(
            bot=WebClient(slack.bot_token, base_url=slack.api_url),
            bot_user=acme.bot.id,
            channel=channel.id,
            person=ann.id,
            receiver=receiver,
            signing_secret=slack.app.signing_secret,
            say=lambda text: acme.say(ann, channel, text).ts,
        )


def errors(side: Side) -> list[str]:
    bot, ts = side.bot, side.say("How?")
    where = {"channel": side.channel, "timestamp": ts, "name": "eyes"}
    bot.reactions_add(**where)
    return [
        error(bot.chat_postMessage, channel="C404", text="x"),
        error(bot.chat_update, channel=side.channel, ts="1.1", text="x"),
        error(bot.chat_update, channel=side.channel, ts=ts, text="x"),
        error(bot.chat_delete, channel=side.channel, ts="1.1"),
        error(bot.conversations_info, channel="C404"),
        error(bot.users_info, user="U404"),
        error(bot.users_lookupByEmail, email="nobody@acme.example"),
        error(bot.reactions_add, **where),
        error(bot.reactions_remove, **{**where, "name": "tada"}),
        error(bot.chat_getPermalink, channel=side.channel, message_ts="1.1"),
    ]


def test_both_refuse_with_the_same_errors(ours: Side, theirs: Side) -> None:
    assert errors(ours) == errors(theirs)


def conversation(side: Side) -> Any:
    """What a question, an answer, an edit of it and its deletion show, by kind, not by word."""
    question = side.say(f"<@{side.bot_user}> how?")
    for _ in ("message", "app_mention"):
        assert side.receiver.arrivals.acquire(timeout=PATIENCE)
    answer = side.bot.chat_postMessage(channel=side.channel, thread_ts=question, text="So.")
    side.bot.chat_update(channel=side.channel, ts=answer["ts"], text="So!")
    thread = side.bot.conversations_replies(channel=side.channel, ts=question)["messages"]
    side.bot.chat_delete(channel=side.channel, ts=answer["ts"])
    for _ in ("said", "changed", "deleted"):
        assert side.receiver.arrivals.acquire(timeout=PATIENCE)
    verifier = SignatureVerifier(side.signing_secret)
    assert all(verifier.is_valid_request(body, head) for head, body in side.receiver.came)
    events = [json.loads(body)["event"] for _, body in side.receiver.came]
    return {
        "thread": [each["text"].replace(side.bot_user, "the bot") for each in thread],
        "written by": [each["user"] == side.bot_user for each in thread],
        "replies": (thread[0]["reply_count"], thread[1]["thread_ts"] == question),
        "events": sorted(
            (each["type"], each.get("subtype", ""), each.get("channel_type", "")) for each in events
        ),
        "asked by": {e["user"] == side.person for e in events if e["type"] == "app_mention"},
        "shape": {_named(each) for each in events} & {"message", "app_mention"},
    }


def _named(event: dict[str, Any]) -> str:
    """The event's type where everything is there that a bot needs of it."""
    needed = {"type", "user", "text", "ts", "channel", "event_ts"}
    return str(event["type"]) if needed <= event.keys() else ""


def test_both_tell_the_same_of_a_conversation(ours: Side, theirs: Side) -> None:
    assert conversation(ours) == conversation(theirs)
