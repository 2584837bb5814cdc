"""What the Slack stand-in refuses is what Slack's own models say is too much, and what Slack's
pages say besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models import blocks as models
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks.basic_components import FeedbackButtonObject
from slack_sdk.models.views import View

from tests.fakes.slack.limits import (
    BLOCKS_JSON,
    faults_of_chunks,
    faults_of_message,
    faults_of_view,
    refusal_of_message,
)

Made = Callable[[int], JsonObject]


def plain(size: int) -> models.PlainTextObject:
    return models.PlainTextObject(text="x" * size)


def marked(size: int) -> models.MarkdownTextObject:
    return models.MarkdownTextObject(text="x" * size)


def button(**given: Any) -> models.ButtonElement:
    return models.ButtonElement(**{"text": "Show", "action_id": "show", **given})


def buttons(count: int) -> list[models.ButtonElement]:
    return [button(action_id=f"show-{number}") for number in range(count)]


def options(count: int) -> list[models.Option]:
    return [models.Option(value=str(number), text=f"{number}") for number in range(count)]


def feedback(text: int = 3, value: int = 3) -> models.FeedbackButtonsElement:
    good = FeedbackButtonObject(text=plain(text), value="x" * value)
    return models.FeedbackButtonsElement(
        action_id="rate", positive_button=good, negative_button=good
    )


LIMITS: dict[str, tuple[int, Made]] = {
    "section": (3000, lambda n: models.SectionBlock(text=marked(n))),
    "fields": (10, lambda n: models.SectionBlock(fields=[marked(3)] * n)),
    "block_id": (255, lambda n: models.DividerBlock(block_id="x" * n)),
    "header": (150, lambda n: models.HeaderBlock(text=plain(n))),
    "markdown": (12_000, lambda n: models.MarkdownBlock(text="x" * n)),
    "context": (10, lambda n: models.ContextBlock(elements=[marked(3)] * n)),
    "actions": (25, lambda n: models.ActionsBlock(elements=buttons(n))),
    "button text": (75, lambda n: models.ActionsBlock(elements=[button(text=plain(n))])),
    "button value": (2000, lambda n: models.ActionsBlock(elements=[button(value="x" * n)])),
    "button url": (3000, lambda n: models.ActionsBlock(elements=[button(url="x" * n)])),
    "action_id": (255, lambda n: models.ActionsBlock(elements=[button(action_id="x" * n)])),
    "overflow": (
        5,
        lambda n: models.SectionBlock(
            text=marked(3), accessory=models.OverflowMenuElement(action_id="m", options=options(n))
        ),
    ),
    "select": (
        100,
        lambda n: models.ActionsBlock(
            elements=[
                models.StaticSelectElement(placeholder="P", action_id="s", options=options(n))
            ]
        ),
    ),
    "option text": (
        75,
        lambda n: models.ActionsBlock(
            elements=[
                models.StaticSelectElement(
                    placeholder="P",
                    action_id="s",
                    options=[models.Option(value="v", text=plain(n))],
                )
            ]
        ),
    ),
    "feedback text": (75, lambda n: models.ContextActionsBlock(elements=[feedback(text=n)])),
    "feedback value": (2000, lambda n: models.ContextActionsBlock(elements=[feedback(value=n)])),
    "context actions": (
        5,
        lambda n: models.ContextActionsBlock(elements=[feedback()] * n),
    ),
    "image": (2000, lambda n: models.ImageBlock(image_url="https://x.example", alt_text="x" * n)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_blocks_end_where_slacks_own_models_end(name: str) -> None:
    most, made = LIMITS[name]
    repeated = name == "context actions"  # with one and the same id in each of them

    fits = faults_of_message({"text": "x", "blocks": [made(most).to_dict()]})
    assert [each for each in fits if not (repeated and "already exists" in each)] == []
    with pytest.raises(SlackObjectFormationError):
        made(most + 1).to_dict()
    assert faults_of_message({"text": "x", "blocks": [_unchecked(made(most + 1))]})


def _unchecked(built: JsonObject) -> Any:
    """As it would be sent by somebody who builds dictionaries by hand."""

    def shown(value: Any) -> Any:
        if isinstance(value, JsonObject):
            return {key: shown(each) for key, each in _parts(value).items()}
        return [shown(each) for each in value] if isinstance(value, list | tuple) else value

    return shown(built)


def _parts(built: JsonObject) -> dict[str, Any]:
    if isinstance(built, models.Option):
        return {"text": built._text, "value": built.value}
    parts = {name: built.get_object_attribute(name) for name in built.attributes}
    return {name: each for name, each in parts.items() if each is not None}


VIEW_LIMITS: dict[str, tuple[int, Callable[[int], dict[str, Any]]]] = {
    "title": (24, lambda n: {"title": plain(n)}),
    "close": (24, lambda n: {"close": plain(n)}),
    "submit": (24, lambda n: {"submit": plain(n)}),
    "private_metadata": (3000, lambda n: {"private_metadata": "x" * n}),
    "callback_id": (255, lambda n: {"callback_id": "x" * n}),
    "blocks": (100, lambda n: {"blocks": [models.DividerBlock()] * n}),
}


@pytest.mark.parametrize("name", VIEW_LIMITS)
def test_modals_end_where_slacks_own_model_ends(name: str) -> None:
    most, given = VIEW_LIMITS[name]

    def made(size: int) -> View:
        usual = {"type": "modal", "title": plain(5), "blocks": [models.DividerBlock()]}
        return View(**{**usual, **given(size)})

    assert faults_of_view(made(most).to_dict()) == []
    with pytest.raises(SlackObjectFormationError):
        made(most + 1).to_dict()
    assert faults_of_view(_unchecked(made(most + 1)))


def section(text: str = "Hello") -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_faults_are_told_in_slacks_words() -> None:
    def told(*blocks: dict[str, Any]) -> list[str]:
        return faults_of_message({"text": "x", "blocks": list(blocks)})

    assert told(section("")) == [
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert told(section(), {"type": "sectoin"}) == [
        "unsupported type: sectoin [json-pointer:/blocks/1/type]"
    ]
    emoji = {"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}}
    assert told(emoji) == ["invalid additional property: emoji [json-pointer:/blocks/0/text]"]
    assert told({"type": "header"}) == ["missing required field: text [json-pointer:/blocks/0]"]
    assert told(*[{"type": "divider"}] * 51) == [
        "no more than 50 items allowed [json-pointer:/blocks]"
    ]


def test_ids_stand_once() -> None:
    twice = [{**section(), "block_id": "a"}, {**section(), "block_id": "a"}]
    press = {"type": "button", "text": {"type": "plain_text", "text": "B"}, "action_id": "b"}
    actions = {"type": "actions", "elements": [press, press]}

    assert faults_of_message({"text": "x", "blocks": twice}) == [
        "`block_id` a already exists [json-pointer:/blocks/1]"
    ]
    assert faults_of_message({"text": "x", "blocks": [actions]}) == [
        "`action_id` b already exists [json-pointer:/blocks/0]"
    ]
    assert faults_of_message({"text": "x", "blocks": [{**actions, "elements": [press]}] * 2}) == []


def test_a_payload_has_limits_beside_those_of_its_blocks() -> None:
    def error(**content: Any) -> str:
        refusal = refusal_of_message(content)
        return refusal.error if refusal else ""

    half = {"type": "markdown", "text": "x" * 6001}
    long = [section("x" * 2900) for _ in range(BLOCKS_JSON // 2900 + 1)]

    assert error() == "no_text"
    assert error(text="x" * 40_001) == ""
    assert faults_of_message({"text": "x" * 40_001}) == ["message_truncated"]
    assert error(markdown_text="x", text="x") == "markdown_text_conflict"
    assert error(markdown_text="x" * 12_001) == "msg_too_long"
    assert error(text="x", blocks=[half, half]) == "invalid_blocks"
    assert error(text="x", blocks=long) == "msg_blocks_too_long"
    assert error(text="x", blocks={"type": "divider"}) == "invalid_blocks_format"
    assert error(text="x", metadata={"event_type": "t"}) == "invalid_metadata_format"
    assert error(text="x", metadata={"event_type": "t", "event_payload": {}}) == ""


def test_some_blocks_are_for_messages_and_some_for_modals() -> None:
    title = {"type": "plain_text", "text": "T"}
    field = {"type": "plain_text_input", "action_id": "a"}
    asks = {"type": "input", "label": title, "element": field}
    modal = {"type": "modal", "title": title, "blocks": [asks]}

    assert faults_of_view(modal) == ["missing required field: submit [json-pointer:/view]"]
    assert faults_of_view({**modal, "submit": title}) == []
    assert faults_of_view({"type": "home", "blocks": [{"type": "markdown", "text": "x"}]})
    assert faults_of_view({"type": "home", "title": title, "blocks": []})
    loose = {"type": "actions", "elements": [field]}
    assert faults_of_message({"text": "x", "blocks": [loose]})


def test_chunks_of_streams_are_measured_too() -> None:
    task = {"type": "task_update", "id": "1", "title": "Searching", "status": "in_progress"}

    assert faults_of_chunks([{"type": "markdown_text", "text": "x"}, task]) == []
    assert faults_of_chunks([{**task, "status": "done"}])
    assert faults_of_chunks([{**task, "details": "x" * 257}])
    assert faults_of_chunks([{"type": "markdown_text", "text": "x" * 7000}] * 2) == ["msg_too_long"]
    assert faults_of_chunks([{"type": "blocks", "blocks": [section("")]}])
