"""Block Kit as JSON Schema: which blocks there are, what they hold, and how much of it.

https://docs.slack.dev/reference/block-kit/ ; a property that is not named there is refused, as
Slack refuses it. Blocks that a support bot has no use for (files, plans, tables' cells, rich
text's parts) are known by name and measured from outside only.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
ID_LENGTH = 255
_ANYTHING: Json = {}
_FLAG = {"type": "boolean"}


def _string(longest: int, *, shortest: int = 1) -> Json:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def _object(required: str, **properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _list(items: Json, most: int, *, fewest: int = 1) -> Json:
    return {"type": "array", "items": items, "minItems": fewest, "maxItems": most}


def _one_of(**kinds: Json) -> Json:
    """An object of one of these types, held to the schema of the type that it says it has."""
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": sorted(kinds)}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": {
                    **schema,
                    "properties": {"type": {"const": name}, **schema.get("properties", {})},
                },
            }
            for name, schema in kinds.items()
        ],
    }


def _plain(longest: int, *, shortest: int = 1) -> Json:
    text = _string(longest, shortest=shortest)
    return _one_of(plain_text=_object("type text", text=text, emoji=_FLAG))


def _text(longest: int) -> Json:
    return _one_of(
        plain_text=_object("type text", text=_string(longest), emoji=_FLAG),
        mrkdwn=_object("type text", text=_string(longest), verbatim=_FLAG),
    )


_ID = _string(ID_LENGTH)
_URL = _string(3000)
_STYLE = {"enum": ["primary", "danger"]}
_CONFIRM = _object(
    "title text confirm deny",
    title=_plain(100),
    text=_text(300),
    confirm=_plain(30),
    deny=_plain(30),
    style=_STYLE,
)


def _option(text: Json) -> Json:
    return _object(
        "text value", text=text, value=_string(150), description=_text(75), url=_string(3000)
    )


_OPTION, _RICH_OPTION = _option(_plain(75)), _option(_text(75))
_GROUP = _object("label options", label=_plain(75), options=_list(_OPTION, 100))
_ACTED = {"action_id": _ID, "confirm": _CONFIRM, "focus_on_load": _FLAG}
_MENU = _ACTED | {"placeholder": _plain(150)}
_SEVERAL = _MENU | {"max_selected_items": {"type": "integer", "minimum": 1}}
_CHOICES = {"options": _list(_OPTION, 100), "option_groups": _list(_GROUP, 100)}
_TICKS = {
    "options": _list(_RICH_OPTION, 10),
    "initial_options": _list(_RICH_OPTION, 10),
    "initial_option": _RICH_OPTION,
}
_IDS = {"type": "array", "items": {"type": "string"}}
_CONVERSATIONS = {
    "default_to_current_conversation": _FLAG,
    "response_url_enabled": _FLAG,
    "filter": _ANYTHING,
}
_BUTTON = _object(
    "type text",
    text=_plain(75),
    action_id=_ID,
    url=_URL,
    value=_string(2000),
    style=_STYLE,
    confirm=_CONFIRM,
    accessibility_label=_string(75),
)
_IMAGE_PARTS = {
    "image_url": _URL,
    "slack_file": _ANYTHING,
    "alt_text": _string(2000, shortest=0),
}
_OVERFLOW = _object("type options", action_id=_ID, options=_list(_OPTION, 5), confirm=_CONFIRM)
_PICKERS: dict[str, Json] = {
    "static_select": _object("type", **_MENU, **_CHOICES, initial_option=_OPTION),
    "external_select": _object(
        "type", **_MENU, initial_option=_OPTION, min_query_length={"type": "integer"}
    ),
    "users_select": _object("type", **_MENU, initial_user=_ANYTHING),
    "conversations_select": _object(
        "type", **_MENU, **_CONVERSATIONS, initial_conversation=_ANYTHING
    ),
    "channels_select": _object(
        "type", **_MENU, initial_channel=_ANYTHING, response_url_enabled=_FLAG
    ),
    "multi_static_select": _object(
        "type", **_SEVERAL, **_CHOICES, initial_options=_list(_OPTION, 100)
    ),
    "multi_external_select": _object(
        "type",
        **_SEVERAL,
        initial_options=_list(_OPTION, 100),
        min_query_length={"type": "integer"},
    ),
    "multi_users_select": _object("type", **_SEVERAL, initial_users=_IDS),
    "multi_conversations_select": _object(
        "type", **_SEVERAL, **_CONVERSATIONS, initial_conversations=_IDS
    ),
    "multi_channels_select": _object("type", **_SEVERAL, initial_channels=_IDS),
    "datepicker": _object(
        "type", **_MENU, initial_date={"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
    ),
    "timepicker": _object(
        "type",
        **_MENU,
        initial_time={"type": "string", "pattern": r"^\d\d:\d\d$"},
        timezone={"type": "string"},
    ),
    "datetimepicker": _object("type", **_ACTED, initial_date_time={"type": "integer"}),
    "checkboxes": _object(
        "type options",
        **_ACTED,
        options=_TICKS["options"],
        initial_options=_TICKS["initial_options"],
    ),
    "radio_buttons": _object(
        "type options",
        **_ACTED,
        options=_TICKS["options"],
        initial_option=_TICKS["initial_option"],
    ),
}
_TYPED = {
    "action_id": _ID,
    "placeholder": _plain(150),
    "dispatch_action_config": _ANYTHING,
    "focus_on_load": _FLAG,
}
_LENGTH = {"type": "integer", "minimum": 0, "maximum": 3000}
_FIELDS: dict[str, Json] = {
    "plain_text_input": _object(
        "type",
        **_TYPED,
        initial_value=_string(3000, shortest=0),
        multiline=_FLAG,
        min_length=_LENGTH,
        max_length=_LENGTH | {"minimum": 1},
    ),
    "number_input": _object(
        "type is_decimal_allowed",
        **_TYPED,
        is_decimal_allowed=_FLAG,
        initial_value={"type": "string"},
        min_value={"type": "string"},
        max_value={"type": "string"},
    ),
    "email_text_input": _object("type", **_TYPED, initial_value={"type": "string"}),
    "url_text_input": _object("type", **_TYPED, initial_value={"type": "string"}),
    "rich_text_input": _object("type", **_TYPED, initial_value=_ANYTHING),
    "file_input": _object("type", action_id=_ID, filetypes=_IDS, max_files={"type": "integer"}),
}
_FEEDBACK = _object(
    "text value", text=_plain(75), value=_string(2000), accessibility_label=_string(75)
)
_ANSWERS: dict[str, Json] = {
    "feedback_buttons": _object(
        "type positive_button negative_button",
        action_id=_ID,
        positive_button=_FEEDBACK,
        negative_button=_FEEDBACK,
    ),
    "icon_button": _object(
        "type icon text",
        action_id=_ID,
        icon={"enum": ["trash"]},
        text=_plain(75),
        value=_string(2000),
        confirm=_CONFIRM,
        accessibility_label=_string(75),
        visible_to_user_ids=_IDS,
    ),
}
_IMAGE_ELEMENT = _object("type alt_text", **_IMAGE_PARTS)
_CARD_PARTS = {
    "title": _text(150),
    "subtitle": _text(150),
    "body": _text(200),
    "hero_image": _ANYTHING,
    "icon": _ANYTHING,
    "actions": _list(_ANYTHING, 5),
    "subtext": _ANYTHING,
    "slack_icon": _ANYTHING,
}


def _measured(required: str = "type") -> Json:
    """A block known by name whose inside is not looked at."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": {"type": _ANYTHING, "block_id": _ID},
    }


def _block(required: str, **parts: Json) -> Json:
    return _object(f"type {required}".strip(), block_id=_ID, **parts)


_EVERYWHERE: dict[str, Json] = {
    "section": _block(
        "",
        text=_text(3000),
        fields=_list(_text(2000), 10),
        expand=_FLAG,
        accessory=_one_of(button=_BUTTON, overflow=_OVERFLOW, image=_IMAGE_ELEMENT, **_PICKERS),
    )
    | {"anyOf": [{"required": ["text"]}, {"required": ["fields"]}]},
    "divider": _block(""),
    "header": _block("text", text=_plain(150), level={"type": "integer"}),
    "image": _block("alt_text", **_IMAGE_PARTS, title=_plain(2000)),
    "context": _block(
        "elements",
        elements=_list(
            _one_of(
                image=_IMAGE_ELEMENT,
                plain_text=_object("type text", text=_string(3000), emoji=_FLAG),
                mrkdwn=_object("type text", text=_string(3000), verbatim=_FLAG),
            ),
            10,
        ),
    ),
    "actions": _block(
        "elements",
        elements=_list(
            _one_of(button=_BUTTON, overflow=_OVERFLOW, workflow_button=_ANYTHING, **_PICKERS), 25
        ),
    ),
    "input": _block(
        "label element",
        label=_plain(2000),
        hint=_plain(2000),
        optional=_FLAG,
        dispatch_action=_FLAG,
        element=_one_of(**_PICKERS, **_FIELDS),
    ),
    "rich_text": _measured("type elements"),
    "video": _measured("type alt_text video_url thumbnail_url title"),
    "alert": _block(
        "text",
        text=_text(200),
        level={"enum": ["default", "info", "warning", "error", "success"]},
    ),
}
_IN_MESSAGES: dict[str, Json] = _EVERYWHERE | {
    "markdown": _block("text", text=_string(12_000)),
    "context_actions": _block("elements", elements=_list(_one_of(**_ANSWERS), 5)),
    "table": _block(
        "rows",
        rows=_list({"type": "array", "minItems": 1, "maxItems": 20}, 100),
        column_settings=_list(_ANYTHING, 20),
    ),
    "file": _measured("type external_id source"),
    "call": _measured("type call_id"),
    "task_card": _measured("type task_id title"),
    "plan": _measured("type title"),
    "container": _measured("type child_blocks"),
    "card": _block("", **_CARD_PARTS),
    "carousel": _block("elements", elements=_list(_block("", **_CARD_PARTS), 10)),
}


def _blocks(kinds: dict[str, Json], most: int) -> Json:
    return {"type": "array", "items": _one_of(**kinds), "maxItems": most}


BLOCKS_OF_A_MESSAGE = _blocks(_IN_MESSAGES, MESSAGE_BLOCKS)
_BLOCKS_OF_A_VIEW = _blocks(_EVERYWHERE, VIEW_BLOCKS)
_OF_EVERY_VIEW = {
    "type": _ANYTHING,
    "blocks": _BLOCKS_OF_A_VIEW,
    "private_metadata": _string(3000, shortest=0),
    "callback_id": _string(ID_LENGTH, shortest=0),
    "external_id": _string(ID_LENGTH, shortest=0),
}
VIEW = _one_of(
    home=_object("type blocks", **_OF_EVERY_VIEW),
    modal=_object(
        "type title blocks",
        **_OF_EVERY_VIEW,
        title=_plain(24),
        close=_plain(24),
        submit=_plain(24),
        clear_on_close=_FLAG,
        notify_on_close=_FLAG,
        submit_disabled=_FLAG,
    ),
)
METADATA = _object(
    "event_type event_payload",
    event_type=_string(ID_LENGTH),
    event_payload={"type": "object"},
    entities=_ANYTHING,
)
_STATUS = {"enum": ["pending", "in_progress", "complete", "error"]}
CHUNKS = {
    "type": "array",
    "items": _one_of(
        markdown_text=_object("type text", text=_string(12_000)),
        plan_update=_object("type title", title=_string(256)),
        task_update=_object(
            "type id title status",
            id=_string(ID_LENGTH),
            title=_string(256),
            status=_STATUS,
            details=_string(256),
            output=_string(256),
            sources=_list(_ANYTHING, 50, fewest=0),
        ),
        blocks=_object("type blocks", blocks=BLOCKS_OF_A_MESSAGE),
    ),
}
