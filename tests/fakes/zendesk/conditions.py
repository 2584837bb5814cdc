"""When a trigger is pulled: the conditions that this stand-in understands. Others are refused when
a trigger is made, so that none is passed over in silence.

https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.fakes.zendesk.ticket_records import Happening

_STATUSES = ("new", "open", "pending", "hold", "solved", "closed")


@dataclass(frozen=True, kw_only=True)
class Condition:
    field: str
    operator: str
    value: str


def is_known(condition: Condition) -> bool:
    return condition.operator in _OPERATORS.get(condition.field, ())


def holds(all_of: Iterable[Condition], any_of: Iterable[Condition], happening: Happening) -> bool:
    """Whether all of the one and any of the other (if there are any) are met."""
    alternatives = list(any_of)
    return all(_met(each, happening) for each in all_of) and (
        not alternatives or any(_met(each, happening) for each in alternatives)
    )


def _met(condition: Condition, happening: Happening) -> bool:
    ticket, audit = happening.ticket, happening.audit
    match condition.field:
        case "update_type":
            return (condition.value == "Create") == audit.created
        case "comment_is_public":
            return _comment(condition.value, happening)
        case "status":
            return _status(condition, happening)
        case "current_tags":
            has = not set(condition.value.split()).isdisjoint(ticket.tags)
            return has == (condition.operator == "includes")
    return _equal(condition, happening) == (condition.operator == "is")


def _equal(condition: Condition, happening: Happening) -> bool:
    ticket, audit, wanted = happening.ticket, happening.audit, condition.value
    match condition.field:
        case "role":
            role = audit.author.role.replace("-", "_")
            return role in ({"agent", "admin"} if wanted == "agent" else {wanted})
        case "via_id" | "current_via_id":
            return wanted in {audit.channel, _VIA.get(audit.channel)}
        case name:
            value = getattr(ticket, _ATTRIBUTES.get(name, name))
            return str("" if value is None else value) == wanted


def _comment(value: str, happening: Happening) -> bool:
    said = happening.audit.comment
    if said is None:
        return False
    return value == "not_relevant" or said.public == (
        value in {"true", "requester_can_see_comment"}
    )


def _status(condition: Condition, happening: Happening) -> bool:
    now, wanted = _rank(happening.ticket.status), _rank(condition.value)
    moved = [each for each in happening.audit.changes if each.field == "status"]
    tests: dict[str, Callable[[], bool]] = {
        "is": lambda: now == wanted,
        "is_not": lambda: now != wanted,
        "less_than": lambda: now < wanted,
        "greater_than": lambda: now > wanted,
        "changed": lambda: bool(moved),
        "not_changed": lambda: not moved,
        "value": lambda: any(each.after == condition.value for each in moved),
        "value_previous": lambda: any(each.before == condition.value for each in moved),
    }
    return tests[condition.operator]()


def _rank(status: str) -> int:
    return _STATUSES.index(status) if status in _STATUSES else len(_STATUSES)


_VIA = {"web": "0", "email": "4", "api": "5"}
_ATTRIBUTES = {"ticket_form_id": "form_id"}
_EQUAL = ("is", "is_not")
_OPERATORS: dict[str, tuple[str, ...]] = {
    "update_type": ("is",),
    "comment_is_public": ("is",),
    "role": _EQUAL,
    "current_tags": ("includes", "not_includes"),
    "status": (
        *_EQUAL,
        "less_than",
        "greater_than",
        "changed",
        "not_changed",
        "value",
        "value_previous",
    ),
    "via_id": _EQUAL,
    "current_via_id": _EQUAL,
    "brand_id": _EQUAL,
    "ticket_form_id": _EQUAL,
    "group_id": _EQUAL,
    "assignee_id": _EQUAL,
    "priority": _EQUAL,
}
