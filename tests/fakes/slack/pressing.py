"""What a person can press and type, found in what the app has shown: the element, what Slack
tells of the press, and what a submitted form holds.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.fakes.slack.records import Json

# The key that says what was chosen, by the kind of element.
_CHOSEN = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "overflow": "selected_option",
    "radio_buttons": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
_INITIAL = {
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "value": "initial_value",
}


class NotThere(LookupError):
    """Nobody can press or type this: it is not shown, or not to this person."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An element and the block that it stands in."""

    block: Json
    element: Json


def elements(blocks: list[Json]) -> Iterator[Shown]:
    """Everything that can be pressed or filled in, from top to bottom."""
    for block in blocks:
        inside = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        for each in inside:
            if isinstance(each, dict) and each.get("type") not in {None, "image", "mrkdwn"}:
                yield Shown(block=block, element=each)


def find(blocks: list[Json], action_id: str) -> Shown:
    """The element with this id. Raises NotThere."""
    for each in elements(blocks):
        if each.element.get("action_id") == action_id:
            return each
    there = ", ".join(str(each.element.get("action_id")) for each in elements(blocks))
    raise NotThere(f"{action_id} is not among what is shown: {there or 'nothing'}")


def action(shown: Shown, *, chosen: object, ts: str) -> Json:
    """What is told of a press. `chosen` is an option's value, or several, a date, a person's id;
    "positive" or "negative" for feedback."""
    element = shown.element
    told: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": shown.block["block_id"],
        "action_ts": ts,
    }
    if element["type"] == "feedback_buttons":
        pressed = element[f"{chosen}_button"]
        return told | {"text": pressed["text"], "value": pressed["value"]}
    if element["type"] in {"button", "icon_button"}:
        kept = ("text", "value", "style", "url")
        return told | {name: element[name] for name in kept if name in element}
    return told | _state(element, chosen)


def _state(element: Json, chosen: object) -> Json:
    """What an element holds after this was chosen or typed."""
    kind = element["type"]
    key = _CHOSEN.get(kind, "value")
    if key == "selected_option":
        return {key: _option(element, chosen)}
    if key == "selected_options":
        assert isinstance(chosen, list | tuple)
        return {key: [_option(element, each) for each in chosen]}
    return {key: chosen}


def _option(element: Json, value: object) -> Json:
    options = list(element.get("options", ()))
    for group in element.get("option_groups", ()):
        options += group["options"]
    for each in options:
        if each["value"] == value:
            return dict(each)
    there = ", ".join(str(each["value"]) for each in options)
    raise NotThere(f"{value} is not among the options: {there}")


def filled(blocks: list[Json], typed: Mapping[str, object], known: Mapping[str, Json]) -> Json:
    """The state of a form, by block and action: what was typed now, what was chosen before, what
    it began with. Raises NotThere where a field is missing, and Unfilled where Slack would not
    let the person submit."""
    left = dict(typed)
    values: Json = {}
    for each in elements(blocks):
        if each.element["type"] in {"button", "overflow", "icon_button"}:
            continue
        name, block_id = str(each.element["action_id"]), str(each.block["block_id"])
        state = known.get(block_id, {}).get(name) or _initial(each.element)
        if name in left:
            state = {"type": each.element["type"], **_state(each.element, left.pop(name))}
        _check(each, state)
        values.setdefault(block_id, {})[name] = state
    if left:
        raise NotThere(f"no field for {', '.join(left)}")
    return values


class Unfilled(ValueError):
    """Slack does not let somebody submit this: a field is empty, too short or too long."""


def _check(shown: Shown, state: Json) -> None:
    if shown.block["type"] != "input":
        return
    key = _CHOSEN.get(shown.element["type"], "value")
    given = state.get(key)
    if not given:
        if not shown.block.get("optional", False):
            raise Unfilled(f"{shown.element['action_id']} is empty")
        return
    if isinstance(given, str):
        fewest = int(shown.element.get("min_length", 0))
        most = int(shown.element.get("max_length", 3000))
        if not fewest <= len(given) <= most:
            raise Unfilled(f"{shown.element['action_id']} takes {fewest} to {most} characters")


def _initial(element: Json) -> Json:
    key = _CHOSEN.get(element["type"], "value")
    empty: list[object] | None = [] if key.endswith("s") else None
    return {"type": element["type"], key: element.get(_INITIAL[key], empty)}
