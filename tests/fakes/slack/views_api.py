"""Modals and home tabs as the app asks for them: views.*"""

from __future__ import annotations

from tests.fakes.slack.calls import TIER_4, Call, Method
from tests.fakes.slack.records import Json, View
from tests.fakes.slack.refusals import Refused, refused_arguments


def opened(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.open"""
    return _told(call, call.workspace.modals.open(call.text("trigger_id"), _view(call)))


def pushed(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.push"""
    return _told(call, call.workspace.modals.push(call.text("trigger_id"), _view(call)))


def updated(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.update"""
    modals = call.workspace.modals
    found = modals.find(view_id=call.text("view_id"), external_id=call.text("external_id"))
    return _told(call, modals.update(found, _view(call), known_hash=call.text("hash")))


def published(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.publish"""
    if not call.workspace.app.home_tab:
        raise Refused("not_enabled")
    person = call.workspace.people.get(call.text("user_id"))
    if person is None or person.deleted:
        raise refused_arguments("invalid `user_id`")
    modals = call.workspace.modals
    return _told(call, modals.publish(person, _view(call), known_hash=call.text("hash")))


def _view(call: Call) -> Json:
    found = call.json("view")
    if not isinstance(found, dict):
        raise refused_arguments("must provide an object [json-pointer:/view]")
    return found


def _told(call: Call, view: View) -> Json:
    return {"view": call.workspace.shown(view)}


METHODS = {
    "views.open": Method(answer=opened, needs=("view", "trigger_id"), per_minute=TIER_4),
    "views.push": Method(answer=pushed, needs=("view", "trigger_id"), per_minute=TIER_4),
    "views.update": Method(answer=updated, needs=("view",), per_minute=TIER_4),
    "views.publish": Method(answer=published, needs=("view", "user_id"), per_minute=TIER_4),
}
