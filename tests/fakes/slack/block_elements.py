"""The pieces of Block Kit as JSON Schema: texts, options, and everything that can be pressed or
filled in.

https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ID_LENGTH = 255
ANYTHING: Json = {}
FLAG = {"type": "boolean"}


def string(longest: int, *, shortest: int = 1) -> Json:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def exactly(required: str, **properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def listed(items: Json, most: int, *, fewest: int = 1) -> Json:
    return {"type": "array", "items": items, "minItems": fewest, "maxItems": most}


def one_of(**kinds: Json) -> Json:
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


def plain(longest: int, *, shortest: int = 1) -> Json:
    text = string(longest, shortest=shortest)
    return one_of(plain_text=exactly("type text", text=text, emoji=FLAG))


def formatted(longest: int) -> Json:
    return one_of(
        plain_text=exactly("type text", text=string(longest), emoji=FLAG),
        mrkdwn=exactly("type text", text=string(longest), verbatim=FLAG),
    )


ID = string(ID_LENGTH)
URL = string(3000)
_STYLE = {"enum": ["primary", "danger"]}
_CONFIRM = exactly(
    "title text confirm deny",
    title=plain(100),
    text=formatted(300),
    confirm=plain(30),
    deny=plain(30),
    style=_STYLE,
)


def _option(text: Json) -> Json:
    return exactly(
        "text value", text=text, value=string(150), description=formatted(75), url=string(3000)
    )


_OPTION, _RICH_OPTION = _option(plain(75)), _option(formatted(75))
_GROUP = exactly("label options", label=plain(75), options=listed(_OPTION, 100))
_ACTED = {"action_id": ID, "confirm": _CONFIRM, "focus_on_load": FLAG}
_MENU = _ACTED | {"placeholder": plain(150)}
_SEVERAL = _MENU | {"max_selected_items": {"type": "integer", "minimum": 1}}
_CHOICES = {"options": listed(_OPTION, 100), "option_groups": listed(_GROUP, 100)}
_TICKS = {
    "options": listed(_RICH_OPTION, 10),
    "initial_options": listed(_RICH_OPTION, 10),
    "initial_option": _RICH_OPTION,
}
_IDS = {"type": "array", "items": {"type": "string"}}
_CONVERSATIONS = {
    "default_to_current_conversation": FLAG,
    "response_url_enabled": FLAG,
    "filter": ANYTHING,
}
BUTTON = exactly(
    "type text",
    text=plain(75),
    action_id=ID,
    url=URL,
    value=string(2000),
    style=_STYLE,
    confirm=_CONFIRM,
    accessibility_label=string(75),
    visible_to_user_ids=_IDS,
    agent_prompt=string(4000),
    agent_prompt_display=ANYTHING,
)
IMAGE_PARTS = {
    "image_url": URL,
    "slack_file": ANYTHING,
    "alt_text": string(2000, shortest=0),
}
OVERFLOW = exactly("type options", action_id=ID, options=listed(_OPTION, 5), confirm=_CONFIRM)
PICKERS: dict[str, Json] = {
    "static_select": exactly("type", **_MENU, **_CHOICES, initial_option=_OPTION),
    "external_select": exactly(
        "type", **_MENU, initial_option=_OPTION, min_query_length={"type": "integer"}
    ),
    "users_select": exactly("type", **_MENU, initial_user=ANYTHING),
    "conversations_select": exactly(
        "type", **_MENU, **_CONVERSATIONS, initial_conversation=ANYTHING
    ),
    "channels_select": exactly(
        "type", **_MENU, initial_channel=ANYTHING, response_url_enabled=FLAG
    ),
    "multi_static_select": exactly(
        "type", **_SEVERAL, **_CHOICES, initial_options=listed(_OPTION, 100)
    ),
    "multi_external_select": exactly(
        "type",
        **_SEVERAL,
        initial_options=listed(_OPTION, 100),
        min_query_length={"type": "integer"},
    ),
    "multi_users_select": exactly("type", **_SEVERAL, initial_users=_IDS),
    "multi_conversations_select": exactly(
        "type",
        **_SEVERAL,
        default_to_current_conversation=FLAG,
        filter=ANYTHING,
        initial_conversations=_IDS,
    ),
    "multi_channels_select": exactly("type", **_SEVERAL, initial_channels=_IDS),
    "datepicker": exactly(
        "type", **_MENU, initial_date={"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
    ),
    "timepicker": exactly(
        "type",
        **_MENU,
        initial_time={"type": "string", "pattern": r"^\d\d:\d\d$"},
        timezone={"type": "string"},
    ),
    "datetimepicker": exactly("type", **_ACTED, initial_date_time={"type": "integer"}),
    "checkboxes": exactly(
        "type options",
        **_ACTED,
        options=_TICKS["options"],
        initial_options=_TICKS["initial_options"],
    ),
    "radio_buttons": exactly(
        "type options",
        **_ACTED,
        options=_TICKS["options"],
        initial_option=_TICKS["initial_option"],
    ),
}
_TYPED = {
    "action_id": ID,
    "placeholder": plain(150),
    "dispatch_action_config": ANYTHING,
    "focus_on_load": FLAG,
}
_LENGTH = {"type": "integer", "minimum": 0, "maximum": 3000}
FIELDS: dict[str, Json] = {
    "plain_text_input": exactly(
        "type",
        **_TYPED,
        initial_value=string(3000, shortest=0),
        multiline=FLAG,
        min_length=_LENGTH,
        max_length=_LENGTH | {"minimum": 1},
    ),
    "number_input": exactly(
        "type is_decimal_allowed",
        **_TYPED,
        is_decimal_allowed=FLAG,
        initial_value={"type": "string"},
        min_value={"type": "string"},
        max_value={"type": "string"},
    ),
    "email_text_input": exactly("type", **_TYPED, initial_value={"type": "string"}),
    "url_text_input": exactly("type", **_TYPED, initial_value={"type": "string"}),
    "rich_text_input": exactly(
        "type",
        **_TYPED,
        initial_value=ANYTHING,
        min_lines={"type": "integer", "minimum": 1, "maximum": 100},
        max_lines={"type": "integer", "minimum": 1, "maximum": 100},
    ),
    "file_input": exactly("type", action_id=ID, filetypes=_IDS, max_files={"type": "integer"}),
}
_FEEDBACK = exactly(
    "text value", text=plain(75), value=string(2000), accessibility_label=string(75)
)
ANSWERS: dict[str, Json] = {
    "feedback_buttons": exactly(
        "type positive_button negative_button",
        action_id=ID,
        positive_button=_FEEDBACK,
        negative_button=_FEEDBACK,
    ),
    "icon_button": exactly(
        "type icon text",
        action_id=ID,
        icon={"enum": ["trash"]},
        text=plain(75),
        value=string(2000),
        confirm=_CONFIRM,
        accessibility_label=string(75),
        visible_to_user_ids=_IDS,
    ),
}
IMAGE_ELEMENT = exactly("type alt_text", **IMAGE_PARTS)
