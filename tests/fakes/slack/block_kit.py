"""Block Kit as JSON Schema: which blocks there are, what they hold, and how much of it.

https://docs.slack.dev/reference/block-kit/ ; a property that is not named there is refused, as
Slack refuses it. Blocks that a support bot has no use for (files, plans, tables' cells, rich
text's parts) are known by name and measured from outside only.
"""

from __future__ import annotations

from tests.fakes.slack.block_elements import (
    ANSWERS,
    ANYTHING,
    BUTTON,
    FIELDS,
    FLAG,
    ID,
    ID_LENGTH,
    IMAGE_ELEMENT,
    IMAGE_PARTS,
    OVERFLOW,
    PICKERS,
    Json,
    exactly,
    formatted,
    listed,
    one_of,
    plain,
    string,
)

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
_CARD_PARTS = {
    "title": formatted(150),
    "subtitle": formatted(150),
    "body": formatted(200),
    "hero_image": ANYTHING,
    "icon": ANYTHING,
    "actions": listed(ANYTHING, 5),
}


def _measured(required: str = "type") -> Json:
    """A block known by name whose inside is not looked at."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": {"type": ANYTHING, "block_id": ID},
    }


def _block(required: str, **parts: Json) -> Json:
    return exactly(f"type {required}".strip(), block_id=ID, **parts)


_EVERYWHERE: dict[str, Json] = {
    "section": _block(
        "",
        text=formatted(3000),
        fields=listed(formatted(2000), 10),
        expand=FLAG,
        accessory=one_of(button=BUTTON, overflow=OVERFLOW, image=IMAGE_ELEMENT, **PICKERS),
    )
    | {"anyOf": [{"required": ["text"]}, {"required": ["fields"]}]},
    "divider": _block(""),
    "header": _block("text", text=plain(150)),
    "image": _block("alt_text", **IMAGE_PARTS, title=plain(2000)),
    "context": _block(
        "elements",
        elements=listed(
            one_of(
                image=IMAGE_ELEMENT,
                plain_text=exactly("type text", text=string(3000), emoji=FLAG),
                mrkdwn=exactly("type text", text=string(3000), verbatim=FLAG),
            ),
            10,
        ),
    ),
    "actions": _block(
        "elements",
        elements=listed(
            one_of(button=BUTTON, overflow=OVERFLOW, workflow_button=ANYTHING, **PICKERS), 25
        ),
    ),
    "input": _block(
        "label element",
        label=plain(2000),
        hint=plain(2000),
        optional=FLAG,
        dispatch_action=FLAG,
        element=one_of(**PICKERS, **FIELDS),
    ),
    "rich_text": _measured("type elements"),
    "video": _measured("type alt_text video_url thumbnail_url title"),
    "alert": _block(
        "text",
        text=formatted(3000),
        level={"enum": ["default", "info", "warning", "error", "success"]},
    ),
}
_IN_MESSAGES: dict[str, Json] = _EVERYWHERE | {
    "markdown": _block("text", text=string(12_000)),
    "context_actions": _block("elements", elements=listed(one_of(**ANSWERS), 5)),
    "table": _block(
        "rows",
        rows=listed({"type": "array", "minItems": 1, "maxItems": 20}, 100),
        column_settings=listed(ANYTHING, 20),
    ),
    "file": _measured("type external_id source"),
    "call": _measured("type call_id"),
    "task_card": _measured("type task_id title"),
    "plan": _measured("type title"),
    "container": _measured("type child_blocks"),
    "card": _block("", **_CARD_PARTS),
    "carousel": _block("elements", elements=listed(_block("", **_CARD_PARTS), 10)),
}


def _blocks(kinds: dict[str, Json], most: int) -> Json:
    return {"type": "array", "items": one_of(**kinds), "maxItems": most}


BLOCKS_OF_A_MESSAGE = _blocks(_IN_MESSAGES, MESSAGE_BLOCKS)
_BLOCKS_OF_A_VIEW = _blocks(_EVERYWHERE, VIEW_BLOCKS)
_OF_EVERY_VIEW = {
    "type": ANYTHING,
    "blocks": _BLOCKS_OF_A_VIEW,
    "private_metadata": string(3000, shortest=0),
    "callback_id": string(ID_LENGTH, shortest=0),
    "external_id": string(ID_LENGTH, shortest=0),
}
VIEW = one_of(
    home=exactly("type blocks", **_OF_EVERY_VIEW),
    modal=exactly(
        "type title blocks",
        **_OF_EVERY_VIEW,
        title=plain(24),
        close=plain(24),
        submit=plain(24),
        clear_on_close=FLAG,
        notify_on_close=FLAG,
        submit_disabled=FLAG,
    ),
)
METADATA = exactly(
    "event_type event_payload",
    event_type=string(ID_LENGTH),
    event_payload={"type": "object"},
    entities=ANYTHING,
)
_STATUS = {"enum": ["pending", "in_progress", "complete", "error"]}
CHUNKS = {
    "type": "array",
    "items": one_of(
        markdown_text=exactly("type text", text=string(12_000)),
        plan_update=exactly("type title", title=string(256)),
        task_update=exactly(
            "type id title status",
            id=string(ID_LENGTH),
            title=string(256),
            status=_STATUS,
            details=string(256),
            output=string(256),
            sources=listed(ANYTHING, 50, fewest=0),
        ),
        blocks=exactly("type blocks", blocks=BLOCKS_OF_A_MESSAGE),
    ),
}
