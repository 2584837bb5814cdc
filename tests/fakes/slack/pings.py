"""Whom a message notifies: what a bot's own words must never do by accident."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.fakes.slack.records import Json, Message

_PING = re.compile(r"<(![a-z]+(?:\^[A-Z0-9]+)?|@[UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_WORDS = re.compile(r"(?<!\w)@(channel|here|everyone)\b")


def pings_of(message: Message) -> set[str]:
    """ "@U…" for people, "!here", "!channel", "!everyone", "!subteam^S…" for many at once. Plain
    text notifies nobody, everything else may: `text` too, where blocks are shown in its place.
    With `link_names` or `parse=full` the words alone are enough."""
    found: set[str] = set()
    for text in (message.text, *_formatted(message.blocks)):
        found |= {each for each in _PING.findall(text) if not each.startswith("!date")}
        if message.names_linked:
            found |= {f"!{each}" for each in _WORDS.findall(text)}
    return found


def _formatted(part: object) -> Iterator[str]:
    """Every text within blocks that Slack reads for mentions, and rich text's own mentions."""
    if isinstance(part, list):
        for each in part:
            yield from _formatted(each)
    elif isinstance(part, dict):
        yield from _own(part)
        for each in part.values():
            yield from _formatted(each)


def _own(part: Json) -> Iterator[str]:
    kind = part.get("type")
    if kind in {"mrkdwn", "markdown"}:
        yield str(part["text"])
    elif kind == "user":
        yield f"<@{part['user_id']}>"
    elif kind == "broadcast":
        yield f"<!{part['range']}>"
    elif kind == "usergroup":
        yield f"<!subteam^{part['usergroup_id']}>"
