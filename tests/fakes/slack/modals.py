"""Modals and home tabs: who has which one open, and what they may still be exchanged for.

https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.slack import limits
from tests.fakes.slack.records import Json, Numbers, Person, View
from tests.fakes.slack.refusals import Refused, refused_arguments

# An app has three seconds to open a modal, and may lay three on each other.
TRIGGER_LIFETIME = 3.0
DEEPEST_STACK = 3


@dataclass(kw_only=True)
class Trigger:
    """What somebody did that a modal may be opened for; `view` is where they did it."""

    person: Person
    issued_at: float
    view: View | None = None
    used: bool = False


class Modals:
    """One workspace's views. `homes` are the home tabs by person, `shown` every view by id."""

    def __init__(self, *, numbers: Numbers, clock: Callable[[], float]) -> None:
        self._numbers = numbers
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self.homes: dict[str, View] = {}
        self.shown: dict[str, View] = {}

    def trigger(self, person: Person, view: View | None = None) -> str:
        """A trigger id for something that this person just did."""
        made = f"{self._numbers.id('')}.{self._numbers.id('')}.{person.id.lower()}"
        self._triggers[made] = Trigger(person=person, issued_at=self._clock(), view=view)
        return made

    def of(self, person: Person) -> View | None:
        """The modal that this person sees now."""
        mine = [e for e in list(self.shown.values()) if e.user == person.id and e.type == "modal"]
        return next((each for each in reversed(mine) if not each.closed), None)

    # --- What the app does

    def open(self, trigger_id: str, body: Json) -> View:
        trigger = self._exchanged(trigger_id)
        return self._add(trigger.person, self._checked(body, "modal"), stack=[])

    def push(self, trigger_id: str, body: Json) -> View:
        trigger = self._exchanged(trigger_id)
        if trigger.view is None or trigger.view.closed or trigger.view.type != "modal":
            raise Refused("not_found")
        return self.lay_over(trigger.view, body)

    def lay_over(self, view: View, body: Json) -> View:
        """Another modal on top of this one."""
        stack = [each for each in view.stack if not each.closed]
        if len(stack) >= DEEPEST_STACK:
            raise Refused("push_limit_reached")
        return self._add_to(view.user, self._checked(body, "modal"), stack=view.stack)

    def update(self, view: View, body: Json, *, known_hash: str = "") -> View:
        """Another content in the same place; what was typed stays where fields stay."""
        if known_hash and known_hash != view.hash:
            raise Refused("hash_conflict")
        self._check_external_id(body, but=view)
        view.body = self._checked(body, view.type)
        view.hash = self._hash()
        return view

    def publish(self, person: Person, body: Json, *, known_hash: str = "") -> View:
        known = self.homes.get(person.id)
        if known is not None:
            return self.update(known, body, known_hash=known_hash)
        made = self._add(person, self._checked(body, "home"), stack=[])
        return self.homes.setdefault(person.id, made)

    def find(self, *, view_id: str, external_id: str) -> View:
        """An open view by one of its ids. Raises Refused where there is none."""
        for each in list(self.shown.values()):
            named = each.id == view_id or (external_id and _external_id(each) == external_id)
            if named and not each.closed:
                return each
        raise Refused("not_found")

    # --- What becomes of them

    def close(self, view: View, *, all_of_them: bool = False) -> None:
        for each in view.stack if all_of_them else [view]:
            each.closed = True

    def _exchanged(self, trigger_id: str) -> Trigger:
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._clock() - trigger.issued_at > TRIGGER_LIFETIME:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger

    def _add(self, person: Person, body: Json, *, stack: list[View]) -> View:
        return self._add_to(person.id, body, stack=stack)

    def _add_to(self, user: str, body: Json, *, stack: list[View]) -> View:
        self._check_external_id(body, but=None)
        made = View(
            id=self._numbers.id("V"),
            user=user,
            body=body,
            hash=self._hash(),
            opened_at=self._clock(),
            stack=stack,
        )
        stack.append(made)
        return self.shown.setdefault(made.id, made)

    def _check_external_id(self, body: Json, *, but: View | None) -> None:
        wanted = body.get("external_id")
        taken = (e for e in list(self.shown.values()) if e is not but and not e.closed)
        if wanted and any(_external_id(each) == wanted for each in taken):
            raise Refused("duplicate_external_id")

    def _checked(self, body: Json, kind: str) -> Json:
        """The view with ids for its blocks. Raises Refused for what Slack would not show."""
        faults = limits.faults_of_view(body)
        if "view_too_large" in faults:
            raise Refused("view_too_large")
        if faults:
            raise refused_arguments(*faults)
        if body["type"] != kind:
            raise refused_arguments(f"unsupported type: {body['type']} [json-pointer:/view/type]")
        blocks = [{"block_id": self._numbers.id("b"), **each} for each in body["blocks"]]
        return {**body, "blocks": blocks}

    def _hash(self) -> str:
        return f"{int(self._clock())}.{self._numbers.id('')}"


def _external_id(view: View) -> str:
    return str(view.body.get("external_id") or "")
