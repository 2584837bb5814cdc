"""A real Bolt app behind a real web server, against the Slack stand-in: with everything that
people press, type and close."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookClient

from tests.fakes.clock import FakeClock
from tests.fakes.slack import App, FakeSlack, Message
from tests.fakes.slack.hosting import served
from tests.fakes.slack.pressing import NotThere, Unfilled
from tests.fakes.slack.samples import FEEDBACK, actions, button, field, modal, section
from tests.refusals import error


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


# --- Events


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


def test_two_people_may_press_what_only_one_of_them_still_sees(
    slack: FakeSlack, bolt: AsyncApp
) -> None:
    pressed: list[str] = []

    @bolt.action("approve")
    async def approve(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        pressed.append(body["user"]["name"])
        await respond(text=f"Approved by {body['user']['name']}", replace_original=True)

    acme = slack.workspace
    ann, bob = acme.member("Ann"), acme.member("Bob")
    draft = posted(slack, actions(button("approve")))
    draft.channel.members.append(bob)
    before = draft.blocks
    with served(slack, bolt):
        acme.ui.press(ann, draft, "approve")
        with pytest.raises(NotThere):
            acme.ui.press(bob, draft, "approve")
        acme.ui.press(bob, draft, "approve", still_seen=before)
    assert pressed == ["ann", "bob"]


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
    slack.failures.plan(500, method="response_url")
    assert webhook.send(text="x").status_code == 500
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

    @bolt.action("show")
    async def show(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        view = modal("first", actions(button("deeper")), notify_on_close=True)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @bolt.action("deeper")
    async def deeper(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        view = modal("second", section(), notify_on_close=True)
        await client.views_push(trigger_id=body["trigger_id"], view=view)

    @bolt.view("second")
    async def second(ack: Any) -> None:
        await ack(response_action="update", view=modal("third", section(), section()))

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
