"""What a person sees of a message, and whom it notifies."""

from __future__ import annotations

from time import time
from typing import Any

from tests.fakes.slack import Message, pings_of, seen
from tests.fakes.slack.app import App
from tests.fakes.slack.records import Numbers
from tests.fakes.slack.samples import FEEDBACK, actions, button, section
from tests.fakes.slack.workspace import Workspace


def message(text: str = "", *blocks: dict[str, Any], names_linked: bool = False) -> Message:
    acme = Workspace(app=App(), numbers=Numbers(clock=time), clock=time)
    return Message(
        channel=acme.channel("help"),
        author=acme.bot,
        ts=acme.numbers.ts(),
        text=text,
        blocks=list(blocks),
        names_linked=names_linked,
    )


def test_a_message_is_seen_as_its_blocks_or_else_its_text() -> None:
    menu = {
        "type": "overflow",
        "action_id": "more",
        "options": [
            {"text": {"type": "plain_text", "text": each}, "value": each} for each in ("A", "B")
        ],
    }
    context = {
        "type": "context",
        "elements": [
            {"type": "mrkdwn", "text": "1 &lt;link&gt;"},
            {"type": "image", "image_url": "https://x.example", "alt_text": "logo"},
        ],
    }
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Returns"}},
        {"type": "markdown", "text": "**45** days [1]"},
        {**section("Kept *unused*"), "accessory": menu},
        {"type": "divider"},
        context,
        actions(button("Show"), button("Ask")),
        FEEDBACK,
    ]

    assert seen(message("45 &amp; no more")) == "45 & no more"
    assert seen(message("fallback", *blocks)).splitlines() == [
        "# Returns",
        "**45** days [1]",
        "Kept *unused*",
        "[A | B]",
        "---",
        "1 <link> (logo)",
        "[Show] [Ask]",
        "[Good] [Bad]",
    ]


def test_what_notifies_is_found_wherever_it_stands() -> None:
    assert pings_of(message("Hello <@U123> and <!here>")) == {"@U123", "!here"}
    assert pings_of(message("x", section("<!subteam^S1|returns> <!channel|channel>"))) == {
        "!subteam^S1",
        "!channel",
    }
    assert pings_of(message("x", {"type": "markdown", "text": "<!everyone>"})) == {"!everyone"}
    rich = {"type": "rich_text_section", "elements": [{"type": "broadcast", "range": "here"}]}
    assert pings_of(message("x", {"type": "rich_text", "elements": [rich]})) == {"!here"}


def test_what_only_looks_like_a_notification_is_none() -> None:
    plain = {"type": "header", "text": {"type": "plain_text", "text": "<!here> <@U123>"}}

    assert pings_of(message("&lt;!here&gt; @channel <!date^1^{date}|x>", plain)) == set()
    assert pings_of(message("Dear @channel", names_linked=True)) == {"!channel"}
    assert pings_of(message("write to a@here.example", names_linked=True)) == set()
