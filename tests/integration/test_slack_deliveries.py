"""What goes wrong between an app and the Slack stand-in, and what Slack tells an app of: in which
shape, how often, how late."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from random import Random
from threading import Thread
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.signature import SignatureVerifier

from tests.fakes.clock import FakeClock
from tests.fakes.slack import App, Disorder, FakeSlack, sign
from tests.fakes.slack.receiver import Receiver
from tests.waiting import PATIENCE


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def slack(clock: FakeClock) -> Iterator[FakeSlack]:
    with FakeSlack(clock=clock) as running:
        yield running


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def receiver(slack: FakeSlack) -> Iterator[Receiver]:
    with Receiver() as listening:
        slack.deliveries.url = listening.url
        yield listening


# --- Faults


def test_rates_are_counted_by_method_and_minute(
    slack: FakeSlack, client: WebClient, clock: FakeClock
) -> None:
    channel = slack.workspace.channel("help")
    slack.rates.per_minute["chat.postMessage"] = 2
    clock.now = clock.now // 60 * 60 + 48

    def post() -> Any:
        return client.chat_postMessage(channel=channel.id, text="x")

    post()
    post()
    with pytest.raises(SlackApiError) as refused:
        post()
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "12"
    assert refused.value.response["error"] == "ratelimited"
    clock.advance(12)
    post()
    assert [each.status for each in slack.asked("chat.postMessage")] == [200, 200, 429, 200]


def test_messages_have_a_rate_for_each_channel(slack: FakeSlack, client: WebClient) -> None:
    slack.enforce_tiers()
    first, second = slack.workspace.channel("first"), slack.workspace.channel("second")

    client.chat_postMessage(channel=first.id, text="x")
    client.chat_postMessage(channel=second.id, text="x")
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=first.id, text="x")
    assert refused.value.response.headers["Retry-After"] == "1"


def test_failures_come_before_or_after_the_deed(slack: FakeSlack) -> None:
    channel = slack.workspace.channel("help")
    client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=1, retry_handlers=[])

    def post(text: str) -> None:
        client.chat_postMessage(channel=channel.id, text=text)

    def plan(fault: Any, *, applied: bool) -> None:
        slack.failures.plan(fault, method="chat[.]", applied=applied)

    for fault, kind in (("reset", OSError), (500, SlackApiError), ("timeout", TimeoutError)):
        plan(fault, applied=False)
        with pytest.raises(kind):
            post(f"{fault} before")
        plan(fault, applied=True)
        with pytest.raises(kind):
            post(f"{fault} after")

    said = [each.text for each in slack.workspace.from_bot()]
    assert said == ["reset after", "500 after", "timeout after"]
    assert [each.status for each in slack.journal] == [0, 0, 500, 500, 0, 0]


def test_calls_can_take_their_time(slack: FakeSlack) -> None:
    client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=1, retry_handlers=[])
    slack.failures.seconds["auth[.]"] = 60

    with pytest.raises(TimeoutError):
        client.auth_test()
    slack.failures.clear()
    assert client.auth_test()["ok"] is True


def test_a_429_can_be_asked_for(slack: FakeSlack) -> None:
    client = WebClient(
        slack.bot_token,
        base_url=slack.api_url,
        retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=1)],
    )
    slack.failures.plan(429, method="auth.test", retry_after=1)

    assert client.auth_test()["ok"] is True
    assert [each.status for each in slack.journal] == [429, 200]


def test_calls_can_be_held(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.workspace.channel("help")
    held = slack.failures.hold("chat.postMessage")
    caller = Thread(target=client.chat_postMessage, kwargs={"channel": channel.id, "text": "x"})
    caller.start()
    assert held.arrived.acquire(timeout=PATIENCE)
    assert slack.workspace.from_bot() == []
    with pytest.raises(TimeoutError):
        slack.until(slack.workspace.from_bot, timeout=0)
    held.let_go()
    slack.until(slack.workspace.from_bot)
    caller.join()


def test_documented_tiers_can_be_enforced(slack: FakeSlack) -> None:
    slack.enforce_tiers()
    assert slack.rates.per_minute["chat.startStream"] == 20
    assert slack.rates.per_minute["chat.update"] == 50


# --- Events


def test_events_are_signed_as_slacks_own_verifier_wants_them(
    slack: FakeSlack, receiver: Receiver, clock: FakeClock
) -> None:
    acme = slack.workspace
    acme.say(acme.member("Ann"), acme.channel("help"), "How?")
    slack.deliveries.flush()

    (headers, body), *_ = receiver.came
    verifier = SignatureVerifier(slack.app.signing_secret, clock=_At(clock))  # type: ignore[arg-type]
    assert verifier.is_valid_request(body, headers)
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    digest = hmac.new(b"secret", b"v0:1531420618:token=x", hashlib.sha256).hexdigest()
    assert sign("secret", "1531420618", b"token=x") == f"v0={digest}"


class _At:
    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock()


def told(slack: FakeSlack) -> list[tuple[str, str]]:
    events = [each.event for each in slack.deliveries.pending]
    return [(each["type"], each.get("subtype", "")) for each in events]


def test_a_mention_is_told_twice(slack: FakeSlack) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    question = acme.say(ann, acme.channel("help", [ann]), f"{acme.mention} how?")

    said, mentioned = slack.deliveries.pending

    assert told(slack) == [("message", ""), ("app_mention", "")]
    assert said.event_id != mentioned.event_id
    assert said.event["ts"] == mentioned.event["ts"] == question.ts
    assert said.event["channel_type"] == "channel"
    assert said.body["authorizations"][0]["user_id"] == acme.bot.id
    acme.say(ann, acme.direct_message(ann), f"{acme.mention} and here?")
    assert told(slack)[2:] == [("message", "")]
    assert slack.deliveries.pending[2].event["channel_type"] == "im"


def test_the_app_hears_what_it_subscribed_to_where_it_is(slack: FakeSlack) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    acme.say(ann, acme.channel("elsewhere", [ann], with_bot=False), f"{acme.mention}?")
    acme.say(ann, acme.channel("help", [ann]), "From before", quiet=True)
    slack.app.events -= {"message.groups"}
    acme.say(ann, acme.channel("private", [ann], private=True), "Hello")
    assert told(slack) == []
    acme.say(acme.other_bot("Zendesk"), acme.channel("help"), "A ticket")
    assert slack.deliveries.pending[0].event["bot_id"] != acme.bot.bot_id


def test_edits_previews_and_deletions_are_told(slack: FakeSlack) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    channel = acme.channel("help", [ann])
    question = acme.say(ann, channel, "Hwo?", quiet=True)
    answered = acme.say(ann, channel, "Why?", quiet=True)
    acme.say(ann, channel, "So.", thread=answered, quiet=True)

    acme.edit(question, "How?")
    acme.preview(question, {"title": "A page"})
    acme.delete(question)
    acme.delete(answered)

    edit, preview, gone, stone = (each.event for each in slack.deliveries.pending)
    assert told(slack) == [
        ("message", "message_changed"),
        ("message", "message_changed"),
        ("message", "message_deleted"),
        ("message", "message_changed"),
    ]
    assert (edit["previous_message"]["text"], edit["message"]["text"]) == ("Hwo?", "How?")
    assert preview["previous_message"]["text"] == preview["message"]["text"]
    assert preview["previous_message"]["edited"] == preview["message"]["edited"]
    assert gone["deleted_ts"] == question.ts
    assert stone["message"]["subtype"] == "tombstone"
    assert stone["previous_message"]["ts"] == answered.ts


def test_messages_that_are_no_questions_are_told_as_what_they_are(slack: FakeSlack) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    channel = acme.channel("help", [ann])
    question = acme.say(ann, channel, "How?", quiet=True)

    acme.say(ann, channel, "Anybody?", thread=question, broadcast=True)
    acme.say(ann, channel, "", files=["picture.png"])
    acme.integration_says(channel, "A ticket")
    acme.say(acme.slackbot, channel, "Reminder: how?")

    shown, picture, ticket, reminder = (each.event for each in slack.deliveries.pending)
    assert (shown["subtype"], shown["thread_ts"]) == ("thread_broadcast", question.ts)
    assert (picture["subtype"], picture["files"][0]["name"]) == ("file_share", "picture.png")
    assert (ticket["subtype"], "user" in ticket) == ("bot_message", False)
    assert (reminder["user"], "bot_id" in reminder) == ("USLACKBOT", False)


def test_who_somebody_is_and_where_may_change(slack: FakeSlack) -> None:
    acme = slack.workspace
    slack.app.events |= {"user_change", "channel_shared"}
    ann, globex = acme.member("Ann"), acme.company("Globex")
    channel = acme.channel("help", [ann], pending_with=[globex])

    acme.make(ann, guest="multi_channel")
    acme.share(channel, globex)

    changed, shared = (each.event for each in slack.deliveries.pending)
    assert changed["user"]["is_restricted"] is True
    assert shared["connected_team_id"] == globex.id
    assert (channel.is_ext_shared, channel.pending_with) == (True, [])
    with pytest.raises(AttributeError):
        acme.make(ann, nonsense=True)


def test_people_of_other_companies_are_told_apart(slack: FakeSlack) -> None:
    acme = slack.workspace
    globex = acme.company("Globex")
    eve = acme.external("Eve", globex)
    acme.say(eve, acme.channel("shared", [eve], shared_with=[globex]), f"{acme.mention}?")

    for delivery in slack.deliveries.pending:
        assert delivery.event["user_team"] == globex.id
        assert delivery.body["team_id"] == acme.team.id
        assert delivery.body["is_ext_shared_channel"] is True


def test_opening_the_app_and_looking_around_is_told(slack: FakeSlack) -> None:
    acme = slack.workspace
    ann, bob = acme.member("Ann"), acme.member("Bob")
    channel = acme.channel("returns", [ann])

    direct = acme.open_app(ann, tab="messages", beside=channel)
    acme.look_at(ann, channel)
    acme.join(bob, channel)
    acme.react(bob, acme.say(ann, channel, "How?", quiet=True), "eyes")

    opened, looked, joined, shown, reacted = (each.event for each in slack.deliveries.pending)
    assert (opened["type"], opened["tab"]) == ("app_home_opened", "messages")
    assert opened["channel"] == direct.id
    assert opened["context"] == looked["context"]
    assert looked["context"]["entities"][0]["value"] == channel.id
    assert (joined["type"], joined["user"]) == ("member_joined_channel", bob.id)
    assert (shown["subtype"], shown["user"]) == ("channel_join", bob.id)
    assert reacted["item"]["channel"] == channel.id


def test_what_is_not_answered_well_is_sent_again(
    slack: FakeSlack, receiver: Receiver, clock: FakeClock
) -> None:
    acme = slack.workspace
    channel = acme.channel("help")
    receiver.answers = [(500, {}), (404, {}), (500, {}), (503, {}), (200, {})]
    acme.say(acme.member("Ann"), channel, "How?")
    waits: list[float] = []
    deliveries = slack.deliveries

    start = clock()
    while deliveries.pending:
        clock.now = max(clock.now, deliveries.pending[0].due)
        waits.append(clock() - start)
        due = deliveries.due()
        assert due is not None
        deliveries.send(due)

    heads = [headers for headers, _ in receiver.came]
    assert waits == [0, 0, 60, 360]
    assert [each.get("X-Slack-Retry-Num") for each in heads] == [None, "1", "2", "3"]
    assert heads[1]["X-Slack-Retry-Reason"] == "http_error"
    assert len({json.loads(body)["event_id"] for _, body in receiver.came}) == 1
    receiver.answers = [(500, {"X-Slack-No-Retry": "1"})]
    acme.say(acme.member("Bob"), channel, "Why?")
    assert deliveries.flush() == 1


def test_nobody_at_home_is_a_failed_connection(slack: FakeSlack) -> None:
    slack.deliveries.url = "http://127.0.0.1:9/"
    slack.workspace.say(slack.workspace.member("Ann"), slack.workspace.channel("help"), "How?")

    assert slack.deliveries.flush() == 4
    assert slack.deliveries.done[0].statuses == [0, 0, 0, 0]
    assert slack.deliveries.done[0].reason == "connection_failed"


def test_events_are_doubled_late_and_lost_when_a_test_asks_for_it(
    slack: FakeSlack, receiver: Receiver
) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    channel = acme.channel("help", [ann])
    slack.deliveries.disorder = Disorder(random=Random(7), doubled=0.2, late=0.5, lost=0.1)
    said = [acme.say(ann, channel, "How?").ts for _ in range(50)]
    slack.deliveries.flush()

    came = [json.loads(body)["event"]["ts"] for _, body in receiver.came]
    lost = [each.event["ts"] for each in slack.deliveries.lost]
    assert set(came) | set(lost) == set(said)
    assert lost
    assert len(came) > len(set(came))
    assert came != sorted(came)
    slack.deliveries.repeat(slack.deliveries.done[0])
    assert slack.deliveries.flush() == 1
    assert receiver.came[-1][1] == receiver.came[0][1]


def test_deliveries_can_go_out_by_themselves(slack: FakeSlack, receiver: Receiver) -> None:
    acme = slack.workspace
    channel, ann = acme.channel("help"), acme.member("Ann")
    slack.deliveries.start()
    for number in range(20):
        acme.say(ann, channel, f"Message {number}")
    slack.deliveries.settle()
    slack.deliveries.stop()
    assert len(slack.deliveries.done) == len(receiver.came) == 20
    slack.deliveries.url = "http://127.0.0.1:9/"
    acme.say(ann, channel, "Nobody listens")
    with pytest.raises(TimeoutError):
        slack.deliveries.settle(timeout=0)


def test_an_address_is_verified_when_it_is_set(slack: FakeSlack, receiver: Receiver) -> None:
    slack.deliveries.verify_url("abc")

    assert json.loads(receiver.came[0][1])["challenge"] == "abc"


def test_an_app_is_what_its_manifest_says() -> None:
    manifest = {
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "Helper"},
            "agent_view": {"agent_description": "Answers"},
            "slash_commands": [{"command": "/ask"}],
            "shortcuts": [{"callback_id": "answer_this"}],
            "unfurl_domains": ["help.acme.example"],
        },
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
        "settings": {
            "event_subscriptions": {"bot_events": ["app_mention"]},
            "socket_mode_enabled": True,
        },
    }
    app = App.of_manifest(manifest)

    assert (app.name, app.scopes, app.events) == ("Helper", {"chat:write"}, {"app_mention"})
    assert (app.commands, app.shortcuts) == (("/ask",), {"answer_this"})
    assert (app.agent, app.home_tab, app.socket_mode, app.rotates_tokens) == (
        True,
        True,
        True,
        False,
    )
