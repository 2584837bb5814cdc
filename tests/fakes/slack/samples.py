"""Blocks and modals as small as they can be, for tests."""

from __future__ import annotations

from tests.fakes.slack.records import Json

FEEDBACK: Json = {
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


def section(text: str = "Hello") -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str, value: str = "v") -> Json:
    text = {"type": "plain_text", "text": action_id}
    return {"type": "button", "action_id": action_id, "text": text, "value": value}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def modal(callback_id: str, *blocks: Json, **more: object) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": "Title"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": list(blocks),
        **more,
    }


def field(action_id: str, **element: object) -> Json:
    """A line to type in, in a block called by the action's id and `_block`."""
    return {
        "type": "input",
        "block_id": f"{action_id}_block",
        "label": {"type": "plain_text", "text": action_id},
        "element": {"type": "plain_text_input", "action_id": action_id, **element},
    }
