"""The blocks that messages, dialogs and the home are made of, within Slack's limits. Pure.

Whatever is not ours is escaped here: mrkdwn reads `<…>` as mentions, commands and links.
https://docs.slack.dev/reference/block-kit
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.inert import safe_url, shortened
from indexing.characters import one_line, visible

Block = dict[str, Any]

SECTION, CONTEXT, HEADER, LABEL, OPTION_VALUE = 3000, 3000, 150, 75, 150
"""Characters."""
TICKS = 10
"""Options that can be ticked."""
TITLE = 24
"""Characters of a dialog's title and of its buttons."""
BLOCKS, HOME_BLOCKS = 50, 100

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escaped(text: str) -> str:
    """Words for mrkdwn: what they say, and nothing that Slack would act on."""
    return visible(text).translate(_ESCAPES)


def linked(url: str, text: str) -> str:
    """A link in mrkdwn, or the words where the address may not be opened."""
    safe, words = safe_url(url), escaped(one_line(text)).replace("|", "¦")
    return f"<{safe}|{words}>" if safe and words else words


def fitting(lines: Sequence[str], most: int) -> str:
    """As many whole lines of mrkdwn as there is room for."""
    kept: list[str] = []
    for line in lines:
        if len("\n".join([*kept, line])) > most:
            break
        kept.append(line)
    return "\n".join(kept)


def plain_text(text: str, most: int = LABEL) -> Block:
    """Words that are shown as they are. Emoji names are not read, as in times such as 10:30:45."""
    return {"type": "plain_text", "text": shortened(visible(text), most) or "-", "emoji": False}


def mrkdwn(text: str) -> Block:
    """Finished mrkdwn: whatever is not ours in it must be escaped already."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, *, accessory: Block | None = None, block_id: str = "") -> Block:
    found: Block = {"type": "section", "text": mrkdwn(text[:SECTION])}
    if accessory:
        found["accessory"] = accessory
    return _named(found, block_id)


def header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text, HEADER)}


def context(*texts: str) -> Block:
    """Up to ten small lines."""
    return {"type": "context", "elements": [mrkdwn(each[:CONTEXT]) for each in texts[:10]]}


def divider() -> Block:
    return {"type": "divider"}


def actions(elements: Sequence[Block], *, block_id: str = "") -> Block:
    return _named({"type": "actions", "elements": list(elements)}, block_id)


def button(text: str, action: str, value: str, *, style: str = "", url: str = "") -> Block:
    found: Block = {
        "type": "button",
        "text": plain_text(text),
        "action_id": action,
        "value": value,
    }
    if style:
        found["style"] = style
    if url:
        found["url"] = url
    return found


def option(text: str, value: str) -> Block:
    return {"text": plain_text(text), "value": value[:OPTION_VALUE]}


def select(
    action: str, placeholder: str, options: Sequence[Block], *, initial: Block | None = None
) -> Block:
    found: Block = {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain_text(placeholder),
        "options": list(options)[:100],
    }
    if initial is not None:
        found["initial_option"] = initial
    return found


def overflow(action: str, options: Sequence[Block]) -> Block:
    """A menu behind three dots, of at most five."""
    return {"type": "overflow", "action_id": action, "options": list(options)[:5]}


def feedback(action: str, value: str, *, good: str, bad: str) -> Block:
    """Slack's own thumbs. What is pressed comes back as "`value`:good" or "`value`:bad"."""
    buttons = {
        "type": "feedback_buttons",
        "action_id": action,
        "positive_button": {"text": plain_text(good), "value": f"{value}:good"},
        "negative_button": {"text": plain_text(bad), "value": f"{value}:bad"},
    }
    return {"type": "context_actions", "elements": [buttons]}


def text_input(
    label: str,
    name: str,
    *,
    multiline: bool = False,
    optional: bool = False,
    initial: str = "",
    hint: str = "",
    most: int = 3000,
) -> Block:
    """A field of a dialog, whose value is found by its name."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": name,
        "multiline": multiline,
        "max_length": most,
    }
    if initial:
        element["initial_value"] = initial[:most]
    return _input(label, name, element, optional=optional, hint=hint)


def choice(
    label: str,
    name: str,
    options: Sequence[Block],
    *,
    initial: Block | None = None,
    optional: bool = False,
    hint: str = "",
) -> Block:
    """A field in which one of some options is chosen."""
    element = select(name, label, options, initial=initial)
    return _input(label, name, element, optional=optional, hint=hint)


def choices(
    label: str,
    name: str,
    options: Sequence[Block],
    *,
    initial: Sequence[Block] = (),
    optional: bool = True,
    hint: str = "",
) -> Block:
    """A field in which any of some options are ticked, or chosen where they are too many for
    ticks."""
    element: Block = {"type": "checkboxes", "action_id": name, "options": list(options)}
    if len(options) > TICKS:
        element = {**select(name, label, options), "type": "multi_static_select"}
    if initial:
        element["initial_options"] = list(initial)
    return _input(label, name, element, optional=optional, hint=hint)


def conversation(
    label: str, name: str, *, initial: str = "", optional: bool = False, hint: str = ""
) -> Block:
    """A field in which a channel is chosen, public or private."""
    element: Block = {
        "type": "conversations_select",
        "action_id": name,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if initial:
        element["initial_conversation"] = initial
    return _input(label, name, element, optional=optional, hint=hint)


def _input(label: str, name: str, element: Block, *, optional: bool, hint: str) -> Block:
    found: Block = {
        "type": "input",
        "block_id": name,
        "label": plain_text(label),
        "element": element,
        "optional": optional,
    }
    if hint:
        found["hint"] = plain_text(hint, 150)
    return found


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback: str = "",
    submit: str = "",
    close: str = "Close",
    private: Mapping[str, Any] | None = None,
) -> Block:
    """A dialog. `private` comes back with it, of at most 3,000 characters as JSON."""
    found: Block = {
        "type": "modal",
        "title": plain_text(title, TITLE),
        "close": plain_text(close, TITLE),
        "blocks": list(blocks)[:HOME_BLOCKS],
    }
    if submit:
        found["submit"] = plain_text(submit, TITLE)
    if callback:
        found["callback_id"] = callback
    if private is not None:
        found["private_metadata"] = json.dumps(private, separators=(",", ":"))
    return found


def _named(block: Block, block_id: str) -> Block:
    if block_id:
        block["block_id"] = block_id[:255]
    return block
