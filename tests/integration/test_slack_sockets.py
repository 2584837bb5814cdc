"""Socket Mode: Slack's own handlers hold sockets to the stand-in open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App as SyncApp
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import FakeSlack
from tests.fakes.slack.hosting import connected
from tests.fakes.slack.samples import actions, button, field, modal
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running


@pytest.fixture
def bolt(slack: FakeSlack) -> AsyncApp:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    return AsyncApp(client=client, process_before_response=True)


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
        assert slack.sockets.arrivals.acquire(timeout=PATIENCE)
        acme.open_app(ann)
        slack.deliveries.flush()
    assert heard == ["0"]  # as real sockets say of what is sent for the first time
    wait_for(lambda: not slack.sockets.open)  # the other side hears of it a little later
    assert len(slack.asked("apps.connections.open")) == 2


def test_a_socket_that_breaks_is_opened_anew(slack: FakeSlack, bolt: AsyncApp) -> None:
    heard: list[str] = []

    @bolt.event("app_home_opened")
    async def home(event: dict[str, Any]) -> None:
        heard.append(event["user"])

    ann = slack.workspace.member("Ann")

    def is_told() -> list[str]:
        """Nobody may listen at the new one yet: then Slack has given this event up."""
        slack.workspace.open_app(ann)
        slack.deliveries.flush()
        return heard

    with connected(slack, bolt):
        slack.sockets.warn()
        assert slack.sockets.open == 1
        slack.sockets.drop()
        assert slack.sockets.arrivals.acquire(timeout=PATIENCE)
        wait_for(is_told)


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
        assert slack.sockets.arrivals.acquire(timeout=PATIENCE)
        slack.workspace.open_app(slack.workspace.member("Ann"), tab="messages")
        slack.deliveries.flush()
    finally:
        handler.close()
    assert heard == ["messages"]
