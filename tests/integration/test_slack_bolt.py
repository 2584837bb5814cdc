"""Real Bolt apps against the Slack stand-in: over HTTP and through sockets, with everything that
people press, type and close."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from fastapi import FastAPI, Request
from slack_bolt import App as SyncApp
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.token_rotation import TokenRotator
from slack_sdk.web.async_client import AsyncWebClient
from starlette.responses import Response

from bot.web import listen
from tests.fakes.clock import FakeClock
from tests.fakes.slack import App, FakeSlack, Message
from tests.fakes.slack.pressing import NotThere, Unfilled
from tests.fakes.slack.refusals import Refused

FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "rate",
            "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "q1 yes"},
            "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "q1 no"},
        }
    ],
}


def button(action_id: str, value: str = "v") -> dict[str, Any]:
    text = {"type": "plain_text", "text": action_id}
    return {"type": "button", "action_id": action_id, "text": text, "value": value}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def modal(callback_id: str, *blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "Title"}
    submit = {"type": "plain_text", "text": "Send"}
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": title,
        "submit": submit,
        "blocks": list(blocks),
        **more,
    }


def field(action_id: str, **element: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": f"{action_id}_block",
        "label": {"type": "plain_text", "text": action_id},
        "element": {"type": "plain_text_input", "action_id": action_id, **element},
    }


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(app=App(shortcuts=frozenset({"answer_this"}))) as running:
        yield running


@pytest.fixture
def bolt(slack: FakeSlack) -> AsyncApp:
    """An app that does nothing yet; its listeners are done before it answers."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    return AsyncApp(
        client=client, signing_secret=slack.app.signing_secret, process_before_response=True
    )


@contextmanager
def served(slack: FakeSlack, bolt: AsyncApp) -> Iterator[None]:
    """The app behind a real server, at the address that Slack knows."""
    handler, web = AsyncSlackRequestHandler(bolt), FastAPI()

    @web.post("/slack/events")
    async def receive(request: Request) -> Response:
        return await handler.handle(request)

    listener = listen(host="127.0.0.1", port=0)
    server = uvicorn.Server(uvicorn.Config(web, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    slack.deliveries.url = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def posted(slack: FakeSlack, *blocks: dict[str, Any], thread: bool = False) -> Message:
    """A message of the bot's with these blocks, in a channel with Ann."""
    acme = slack.workspace
    ann = next(each for each in acme.people.values() if each.name == "ann")
    channel = acme.channel("help", [ann])
    root = acme.say(ann, channel, "How?", quiet=True) if thread else None
    WebClient(slack.bot_token, base_url=slack.api_url).chat_postMessage(
        channel=channel.id,
        text="x",
        blocks=list(blocks),
        **({"thread_ts": root.ts} if root else {}),
    )
    return acme.from_bot(channel)[-1]


# --- Events over HTTP


def test_a_mention_is_answered_once_where_the_app_sees_to_it(
    slack: FakeSlack, bolt: AsyncApp
) -> None:
    heard: list[tuple[str, str, str | None]] = []

    @bolt.event("app_mention")
    async def answer(event: dict[str, Any], say: Any, context: Any, request: Any) -> None:
        retry = request.headers.get("x-slack-retry-num")
        heard.append((event["type"], context.user_id, retry[0] if retry else None))
        await say(text="So.", thread_ts=event["ts"])

    @bolt.event("message")
    async def ignore() -> None:
        heard.append(("message", "", None))

    acme = slack.workspace
    ann = acme.member("Ann")
    with served(slack, bolt):
        question = acme.say(ann, acme.channel("help", [ann]), f"{acme.mention} how?")
        slack.deliveries.flush()

    assert heard == [("message", "", None), ("app_mention", ann.id, None)]
    assert [each.text for each in acme.replies(question)] == ["So."]
    assert {status for each in slack.deliveries.done for status in each.statuses} == {200}


def test_what_bolt_has_no_listener_for_is_sent_again(slack: FakeSlack, bolt: AsyncApp) -> None:
    acme = slack.workspace
    with served(slack, bolt):
        acme.open_app(acme.member("Ann"))
        assert slack.deliveries.flush() == 4
    assert slack.deliveries.done[0].statuses == [404] * 4


def test_bolt_refuses_what_is_not_signed_or_stale(slack: FakeSlack, bolt: AsyncApp) -> None:
    acme = slack.workspace
    with served(slack, bolt):
        assert slack.deliveries.verify_url("abc").json == {"challenge": "abc"}
        slack.app.signing_secret = "another"
        acme.open_app(acme.member("Ann"))
        slack.deliveries.flush()
    assert slack.deliveries.done[0].statuses == [401] * 4


# --- Pressing


def test_pressing_tells_what_was_pressed_and_where(slack: FakeSlack, bolt: AsyncApp) -> None:
    bodies: list[dict[str, Any]] = []

    @bolt.action("rate")
    async def rated(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        bodies.append(body)

    acme = slack.workspace
    ann = acme.member("Ann")
    reply = posted(slack, FEEDBACK, thread=True)
    with served(slack, bolt):
        assert acme.ui.press(ann, reply, "rate", "negative").status == 200

    (body,) = bodies
    assert body["actions"][0]["value"] == "q1 no"
    assert body["user"]["id"] == ann.id
    assert body["container"]["thread_ts"] == reply.thread_ts
    assert body["message"]["blocks"] == reply.blocks
    with pytest.raises(NotThere):
        acme.ui.press(ann, reply, "show")
    with pytest.raises(NotThere):
        acme.ui.press(acme.member("Bob"), reply, "rate", "positive")


def test_menus_offer_what_they_offer(slack: FakeSlack, bolt: AsyncApp) -> None:
    chosen: list[Any] = []

    @bolt.action("more")
    async def more(ack: Any, action: dict[str, Any]) -> None:
        await ack()
        chosen.append(action["selected_option"]["value"])

    @bolt.action("channel")
    async def channel(ack: Any, action: dict[str, Any]) -> None:
        await ack()
        chosen.append(action["selected_conversation"])

    option = {"text": {"type": "plain_text", "text": "Remove"}, "value": "remove"}
    menu = {"type": "overflow", "action_id": "more", "options": [option]}
    picker = {"type": "conversations_select", "action_id": "channel"}
    acme = slack.workspace
    ann = acme.member("Ann")
    reply = posted(slack, actions(menu, picker))
    with served(slack, bolt):
        acme.ui.press(ann, reply, "more", "remove")
        acme.ui.press(ann, reply, "channel", reply.channel.id)
        with pytest.raises(NotThere):
            acme.ui.press(ann, reply, "more", "keep")
    assert chosen == ["remove", reply.channel.id]


def test_response_urls_say_replace_and_take_away(slack: FakeSlack, bolt: AsyncApp) -> None:
    @bolt.action("publish")
    async def publish(ack: Any, respond: Any, body: dict[str, Any]) -> None:
        await ack()
        said = body["actions"][0]["value"]
        if said == "say":
            await respond(text="For all", response_type="in_channel")
            await respond(text="For you")
        else:
            await respond(text="Done", replace_original=True, blocks=[])
            await respond(delete_original=True)

    acme = slack.workspace
    ann = acme.member("Ann")
    reply = posted(slack, actions(button("publish", "say")), thread=True)
    client = WebClient(slack.bot_token, base_url=slack.api_url)
    client.chat_postEphemeral(
        channel=reply.channel.id,
        user=ann.id,
        text="x",
        blocks=[actions(button("publish", "take"))],
    )
    hidden = acme.ephemerals[0]
    with served(slack, bolt):
        acme.ui.press(ann, reply, "publish")
        acme.ui.press(ann, hidden, "publish")
        with pytest.raises(NotThere):
            acme.ui.press(ann, hidden, "publish")

    assert [each.text for each in acme.from_bot(reply.channel)] == ["x", "For all"]
    assert acme.from_bot(reply.channel)[1].thread_ts == reply.thread_ts
    assert [(each.text, each.gone) for each in acme.ephemerals] == [
        ("Done", True),
        ("For you", False),
    ]


def test_response_urls_wear_out(slack: FakeSlack, bolt: AsyncApp) -> None:
    from slack_sdk.webhook import WebhookClient

    urls: list[str] = []

    @bolt.command("/ask")
    async def asked(ack: Any, command: dict[str, Any]) -> None:
        await ack()
        urls.append(command["response_url"])

    acme = slack.workspace
    ann = acme.member("Ann")
    with served(slack, bolt):
        acme.ui.command(ann, acme.channel("help", [ann]), "/ask", "how?")
    webhook = WebhookClient(urls[0])
    answers = [webhook.send(text="x") for _ in range(6)]

    assert [(each.status_code, each.body) for each in answers] == [(200, "ok")] * 5 + [
        (404, "used_url")
    ]
    assert len(acme.ephemerals) == 5


# --- Commands and shortcuts


def test_a_command_is_acknowledged_to_its_author(slack: FakeSlack, bolt: AsyncApp) -> None:
    heard: list[dict[str, Any]] = []

    @bolt.command("/ask")
    async def asked(ack: Any, command: dict[str, Any]) -> None:
        heard.append(command)
        await ack("Looking")

    acme = slack.workspace
    ann = acme.member("Ann")
    with served(slack, bolt):
        assert acme.ui.command(ann, acme.direct_message(ann), "/ask", "how long?").status == 200
    (command,) = heard
    assert (command["text"], command["channel_name"]) == ("how long?", "directmessage")
    assert [(each.user, each.text) for each in acme.ephemerals] == [(ann.id, "Looking")]
    with pytest.raises(NotThere):
        acme.ui.command(ann, acme.direct_message(ann), "/unknown")


def test_a_shortcut_brings_the_message_along(slack: FakeSlack, bolt: AsyncApp) -> None:
    heard: list[dict[str, Any]] = []

    @bolt.shortcut("answer_this")
    async def answer(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        heard.append(body)
        await respond(text="So.")

    acme = slack.workspace
    ann = acme.member("Ann")
    elsewhere = acme.channel("elsewhere", [ann], with_bot=False)
    question = acme.say(acme.guest("Gus"), elsewhere, "How?", quiet=True)
    with served(slack, bolt):
        acme.ui.shortcut(ann, question, "answer_this")
    assert heard[0]["message"]["text"] == "How?"
    assert heard[0]["channel"]["id"] == elsewhere.id
    assert acme.ephemerals[0].user == ann.id
    with pytest.raises(NotThere):
        acme.ui.shortcut(ann, question, "something_else")


# --- Modals


def test_a_modal_is_filled_in_corrected_and_sent(slack: FakeSlack, bolt: AsyncApp) -> None:
    sent: list[dict[str, Any]] = []

    @bolt.action("reject")
    async def reject(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        reasons = [
            {"text": {"type": "plain_text", "text": each}, "value": each}
            for each in ("tone", "incorrect")
        ]
        kind = {
            "type": "input",
            "label": {"type": "plain_text", "text": "Kind"},
            "element": {
                "type": "static_select",
                "action_id": "kind",
                "options": reasons,
                "initial_option": reasons[0],
            },
        }
        view = modal("reason", field("why", min_length=3), kind, private_metadata="d1")
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @bolt.view("reason")
    async def reason(ack: Any, view: dict[str, Any]) -> None:
        why = view["state"]["values"]["why_block"]["why"]["value"]
        if why == "because":
            await ack(response_action="errors", errors={"why_block": "Say more"})
        else:
            await ack()
            sent.append(view)

    acme = slack.workspace
    ann = acme.member("Ann")
    draft = posted(slack, actions(button("reject")))
    with served(slack, bolt):
        acme.ui.press(ann, draft, "reject")
        opened = acme.modals.of(ann)
        assert opened is not None
        with pytest.raises(Unfilled):
            acme.ui.submit(ann, opened)
        with pytest.raises(Unfilled):
            acme.ui.submit(ann, opened, why="no")
        acme.ui.submit(ann, opened, why="because")
        assert opened.errors == {"why_block": "Say more"}
        acme.ui.submit(ann, opened, why="Wrong article", kind="incorrect")

    assert acme.modals.of(ann) is None
    (view,) = sent
    assert view["private_metadata"] == "d1"
    states = [each for block in view["state"]["values"].values() for each in block.items()]
    assert [
        (name, each.get("value") or each["selected_option"]["value"]) for name, each in states
    ] == [
        ("why", "Wrong article"),
        ("kind", "incorrect"),
    ]
    with pytest.raises(NotThere):
        acme.ui.submit(ann, opened, why="Again")


def test_modals_lie_on_each_other_change_and_close(slack: FakeSlack, bolt: AsyncApp) -> None:
    closed: list[bool] = []
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "Passage"}}

    @bolt.action("show")
    async def show(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        view = modal("first", actions(button("deeper")), notify_on_close=True)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @bolt.action("deeper")
    async def deeper(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        view = modal("second", section, notify_on_close=True)
        await client.views_push(trigger_id=body["trigger_id"], view=view)

    @bolt.view("second")
    async def second(ack: Any) -> None:
        await ack(response_action="update", view=modal("third", section, section))

    @bolt.view_closed("first")
    async def gone(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        closed.append(body["is_cleared"])

    acme = slack.workspace
    ann = acme.member("Ann")
    reply = posted(slack, actions(button("show")))
    with served(slack, bolt):
        acme.ui.press(ann, reply, "show")
        first = acme.modals.of(ann)
        assert first is not None
        acme.ui.press(ann, first, "deeper")
        upper = acme.modals.of(ann)
        assert upper is not None
        assert acme.shown(upper)["previous_view_id"] == first.id
        acme.ui.submit(ann, upper)
        assert (upper.body["callback_id"], len(upper.body["blocks"])) == ("third", 2)
        assert acme.ui.close(ann, upper) is None  # the new one did not ask to be told
        assert acme.modals.of(ann) is first
        acme.ui.close(ann, first)
    assert closed == [False]
    assert acme.modals.of(ann) is None


def error(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return str(refused.value.response["error"])


def test_triggers_and_hashes_are_good_once_and_for_a_while() -> None:
    clock = FakeClock()
    with FakeSlack(clock=clock) as slack:
        acme, modals = slack.workspace, slack.workspace.modals
        ann = acme.member("Ann")
        client = WebClient(slack.bot_token, base_url=slack.api_url)
        view = modal("x", {"type": "divider"}, external_id="one")
        home = {"type": "home", "blocks": [{"type": "divider"}]}

        trigger = modals.trigger(ann)
        opened = client.views_open(trigger_id=trigger, view=view)["view"]
        assert error(client.views_open, trigger_id=trigger, view=view) == "exchanged_trigger_id"
        assert error(client.views_open, trigger_id="1.2.x", view=view) == "invalid_trigger_id"
        again = modals.trigger(ann)
        assert error(client.views_open, trigger_id=again, view=view) == "duplicate_external_id"
        late = modals.trigger(ann)
        clock.advance(3.5)
        assert error(client.views_open, trigger_id=late, view=view) == "expired_trigger_id"
        known = opened["hash"]
        client.views_update(external_id="one", view=view, hash=known)
        assert error(client.views_update, view_id=opened["id"], view=view, hash=known) == (
            "hash_conflict"
        )
        assert error(client.views_update, view_id="V404", view=view) == "not_found"
        empty = {**view, "blocks": [{"type": "section"}]}
        assert error(client.views_update, view_id=opened["id"], view=empty) == "invalid_arguments"
        client.views_publish(user_id=ann.id, view=home)
        assert modals.homes[ann.id].body["blocks"][0]["type"] == "divider"
        acme.open_app(ann)
        assert slack.deliveries.pending[0].event["view"]["id"] == modals.homes[ann.id].id
        slack.app.home_tab = False
        assert error(client.views_publish, user_id=ann.id, view=home) == "not_enabled"


# --- Streams


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


# --- Sockets


@contextmanager
def connected(slack: FakeSlack, bolt: AsyncApp) -> Iterator[None]:
    """The app with a socket open, as a process of its own would hold it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    async def opened() -> AsyncSocketModeHandler:
        made = AsyncSocketModeHandler(bolt, slack.app_token)
        await made.connect_async()
        return made

    handler = run(opened())
    try:
        assert slack.sockets.arrivals.acquire(timeout=10)
        yield
    finally:
        run(handler.close_async())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_everything_goes_through_a_socket_while_one_is_open(
    slack: FakeSlack, bolt: AsyncApp
) -> None:
    @bolt.event("app_mention")
    async def answer(event: dict[str, Any], say: Any) -> None:
        await say(text="So.", thread_ts=event["ts"], blocks=[actions(button("show"))])

    @bolt.event("message")
    async def ignore() -> None:
        """Told twice of every mention."""

    @bolt.command("/ask")
    async def asked(ack: Any) -> None:
        await ack("Looking")

    @bolt.action("show")
    async def show(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal("m", field("why")))

    @bolt.view("m")
    async def sent(ack: Any) -> None:
        await ack(response_action="errors", errors={"why_block": "No"})

    acme = slack.workspace
    ann = acme.member("Ann")
    with connected(slack, bolt):
        question = acme.say(ann, acme.channel("help", [ann]), f"{acme.mention} how?")
        slack.deliveries.flush()
        acme.ui.command(ann, question.channel, "/ask")
        acme.ui.press(ann, acme.replies(question)[0], "show")
        opened = acme.modals.of(ann)
        assert opened is not None
        acme.ui.submit(ann, opened, why="because")
        assert opened.errors == {"why_block": "No"}

    assert [each.text for each in acme.ephemerals] == ["Looking"]
    kinds = [each["type"] for each in slack.sockets.sent]
    assert {*kinds} == {"events_api", "slash_commands", "interactive"}
    assert all(each.statuses == [200] for each in slack.deliveries.done)


def test_a_socket_is_opened_anew_when_slack_asks_for_it(slack: FakeSlack, bolt: AsyncApp) -> None:
    heard: list[str] = []

    @bolt.event("app_home_opened")
    async def home(request: Any) -> None:
        heard.append(request.headers["x-slack-retry-num"][0])

    acme = slack.workspace
    ann = acme.member("Ann")
    with connected(slack, bolt):
        slack.sockets.refresh()
        assert slack.sockets.arrivals.acquire(timeout=20)
        acme.open_app(ann)
        slack.deliveries.flush()
    assert heard == ["0"]  # as real sockets say of what is sent for the first time
    assert slack.sockets.open == 0
    assert len(slack.asked("apps.connections.open")) == 2


def test_a_socket_that_breaks_is_opened_anew(slack: FakeSlack, bolt: AsyncApp) -> None:
    @bolt.event("app_home_opened")
    async def home() -> None:
        """Heard is all that it need be."""

    with connected(slack, bolt):
        slack.sockets.warn()
        assert slack.sockets.open == 1
        slack.sockets.drop()
        assert slack.sockets.open == 0
        assert slack.sockets.arrivals.acquire(timeout=20)
        slack.workspace.open_app(slack.workspace.member("Ann"))
        assert slack.deliveries.flush() == 1


def test_what_a_socket_does_not_acknowledge_is_sent_again(slack: FakeSlack, bolt: AsyncApp) -> None:
    gate = asyncio.Event()
    heard: list[tuple[str, str]] = []

    @bolt.event("app_home_opened")
    async def home(request: Any) -> None:
        number = request.headers["x-slack-retry-num"][0]
        heard.append((number, request.headers.get("x-slack-retry-reason", [""])[0]))
        if number == "0":
            await gate.wait()
        gate.set()

    slack.wire.timeout = 0.3
    acme = slack.workspace
    with connected(slack, bolt):
        acme.open_app(acme.member("Ann"))
        assert slack.deliveries.flush() == 2
        assert heard == [("0", ""), ("1", "timeout")]


def test_the_builtin_socket_client_is_understood_too(slack: FakeSlack) -> None:
    client = WebClient(slack.bot_token, base_url=slack.api_url)
    bolt = SyncApp(client=client, process_before_response=True)
    heard: list[str] = []

    @bolt.event("app_home_opened")
    def home(event: dict[str, Any]) -> None:
        heard.append(event["tab"])

    handler = SocketModeHandler(bolt, slack.app_token)
    handler.connect()
    try:
        assert slack.sockets.arrivals.acquire(timeout=10)
        slack.workspace.open_app(slack.workspace.member("Ann"), tab="messages")
        slack.deliveries.flush()
    finally:
        handler.close()
    assert heard == ["messages"]


# --- Installing


def test_a_workspace_installs_rotates_and_uninstalls() -> None:
    clock = FakeClock()
    redirect = "https://bot.example/slack/oauth_redirect"
    app = App(rotates_tokens=True, redirect_urls=(redirect,))
    with FakeSlack(app=app, clock=clock) as slack:
        globex = slack.add_workspace("Globex")
        hank = globex.member("Hank", admin=True)
        channel = globex.channel("help", [hank])
        globex.say(hank, channel, "Before the app came")
        assert slack.deliveries.pending == []
        link = AuthorizeUrlGenerator(
            client_id=app.client_id, scopes=["chat:write"], redirect_uri=redirect
        ).generate("a-state")

        back = parse_qs(urlsplit(slack.installing.allow(link, hank, globex)).query)
        client = WebClient(base_url=slack.api_url)
        known = {"client_id": app.client_id, "client_secret": app.client_secret}
        granted = client.oauth_v2_access(**known, code=back["code"][0], redirect_uri=redirect)

        assert back["state"] == ["a-state"]
        assert granted["team"]["id"] == globex.team.id
        assert granted["authed_user"]["id"] == hank.id
        assert granted["expires_in"] == 43_200
        assert error(client.oauth_v2_access, **known, code=back["code"][0]) == "invalid_code"
        first = granted["access_token"]
        client.chat_postMessage(token=first, channel=channel.id, text="Hello")
        clock.advance(43_201)
        assert error(client.auth_test, token=first) == "token_expired"
        second = _rotated(client, app, granted.data, now=clock())
        assert client.auth_test(token=second)["team_id"] == globex.team.id
        client.apps_uninstall(token=second, **known)
        assert error(client.auth_test, token=second) == "account_inactive"
        told = [each.event["type"] for each in slack.deliveries.pending]
        assert told[-2:] == ["tokens_revoked", "app_uninstalled"]


def _rotated(client: WebClient, app: App, granted: dict[str, Any], *, now: float) -> str:
    """The next token, got with the refresh token by Slack's own rotator."""
    rotator = TokenRotator(client=client, client_id=app.client_id, client_secret=app.client_secret)
    installed = Installation(
        user_id=granted["authed_user"]["id"],
        team_id=granted["team"]["id"],
        bot_token=granted["access_token"],
        bot_refresh_token=granted["refresh_token"],
        bot_token_expires_at=int(now),
    )
    rotated = rotator.perform_token_rotation(installation=installed)
    assert rotated is not None
    assert rotated.bot_token is not None
    assert rotated.bot_refresh_token != granted["refresh_token"]
    return rotated.bot_token


def test_nobody_installs_what_the_app_does_not_ask_for() -> None:
    app = App(redirect_urls=("https://bot.example/",))
    with FakeSlack(app=app) as slack:
        ann = slack.workspace.member("Ann")

        def refused(**asked: Any) -> str:
            usual = {
                "client_id": app.client_id,
                "scopes": ["chat:write"],
                "redirect_uri": "https://bot.example/back",
            }
            link = AuthorizeUrlGenerator(**{**usual, **asked}).generate("s")
            with pytest.raises(Refused) as found:
                slack.installing.allow(link, ann, slack.workspace)
            return str(found.value)

        assert refused(client_id="another") == "invalid_client_id"
        assert refused(scopes=["admin"]) == "invalid_scope"
        assert refused(redirect_uri="https://thief.example/") == "bad_redirect_uri"
        client = WebClient(base_url=slack.api_url)
        known = {"client_id": app.client_id, "client_secret": "guessed"}
        assert error(client.oauth_v2_access, **known, code="x") == "bad_client_secret"


def test_documented_tiers_can_be_enforced(slack: FakeSlack) -> None:
    slack.enforce_tiers()
    assert slack.rates.per_minute["chat.startStream"] == 20
    assert slack.rates.per_minute["chat.update"] == 50
    assert json.dumps(slack.rates.per_minute)
