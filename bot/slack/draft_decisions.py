"""What people decide about drafted replies: approve, edit, reject. Of several who decide at the
same moment one counts, and the others are told who was faster."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bot.audit import Actor
from bot.errors import InputRejected
from bot.recorded import recorded
from bot.slack.draft_view import (
    edit_dialog,
    field_name,
    joined,
    reject_dialog,
    same_words,
    what_became,
)
from bot.slack.gestures import question_in

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.drafts import Draft, Drafts
    from bot.slack.api import SlackApi
    from bot.slack.draft_notices import Replying
    from bot.slack.draft_view import DraftReply
    from bot.slack.facts import Facts
    from bot.slack.gestures import Pressed, Submitted
    from bot.slack.whispering import Whisperer

_MEMBERS_ONLY = "Only members of the team decide what customers are told."
_GONE = "This draft is not on record any more."
_TOO_LATE = "Too late. {became}"


class DraftDecisions:
    """Takes them."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        drafts: Drafts,
        replying: Replying,
        facts: Facts,
        whisperer: Whisperer,
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._drafts = drafts
        self._replying = replying
        self._facts = facts
        self._whisperer = whisperer
        self._api = api

    # --- What is pressed

    def approve(self, pressed: Pressed) -> None:
        """Lets it be sent as it is. Raises psycopg.Error without a database."""
        draft = self._waiting(pressed)
        if draft is not None and self._may_decide(pressed):
            self._drafts.approve(draft.id, actor=_actor(pressed))

    def tell(self, pressed: Pressed) -> None:
        """Tells who pressed it what they would not see otherwise. Raises SlackError."""
        draft = self._found(pressed)
        if draft is None:
            self._whisper(pressed, _GONE)
        elif not self._may_decide(pressed):
            self._whisper(pressed, _MEMBERS_ONLY)
        elif (draft.surface, draft.person) != ("slack", pressed.user):
            self._whisper(pressed, _TOO_LATE.replace("{became}", what_became(draft)))
        elif pressed.is_ephemeral:  # what only one person sees does not change by itself
            self._whisper(pressed, what_became(draft))

    def edit(self, pressed: Pressed) -> None:
        """Opens the reply for changes. Raises SlackError."""
        if draft := self._to_decide(pressed):
            view = edit_dialog(draft, self._reply(draft))
            self._api(pressed.team).open_view(pressed.trigger, view)

    def reject(self, pressed: Pressed) -> None:
        """Asks what is wrong with it. Raises SlackError."""
        if draft := self._to_decide(pressed):
            self._api(pressed.team).open_view(pressed.trigger, reject_dialog(draft))

    # --- What is filled in

    def edited(self, submitted: Submitted) -> Mapping[str, str]:
        """Lets it be sent in the person's own words; what is wrong is said beside the field."""
        text = joined({name: submitted.text(name) for name in submitted.values})
        return self._decided(
            submitted,
            field_name(1),
            lambda draft, actor: (
                self._drafts.approve(
                    draft.id,
                    actor=actor,
                    text=None if same_words(text, self._reply(draft).text) else text,
                ).counted
            ),
        )

    def rejected(self, submitted: Submitted) -> Mapping[str, str]:
        """Lets it not be sent, as above."""
        reason = ": ".join(filter(None, (submitted.text("reason"), submitted.text("comment"))))
        return self._decided(
            submitted,
            "comment",
            lambda draft, actor: self._drafts.reject(draft.id, actor=actor, reason=reason).counted,
        )

    # --- Who may

    def _decided(
        self, submitted: Submitted, field: str, decide: Callable[[Draft, Actor], bool]
    ) -> Mapping[str, str]:
        identity = question_in(str(submitted.private.get("draft", "")))
        draft = self._get(identity)
        if draft is None:
            return {field: _GONE}
        if not self._may_decide(submitted):
            return {field: _MEMBERS_ONLY}
        try:
            if decide(draft, _actor(submitted)):
                return {}
        except InputRejected as error:
            return {field: str(error)}
        became = _in_words(what_became(self._drafts.get(draft.id)))
        return {field: _TOO_LATE.replace("{became}", became)}

    def _to_decide(self, pressed: Pressed) -> Draft | None:
        """The draft, where this person may decide about it now; else the person is told why
        not."""
        draft = self._waiting(pressed)
        if draft is not None and self._may_decide(pressed):
            return draft
        self.tell(pressed)
        return None

    def _waiting(self, pressed: Pressed) -> Draft | None:
        draft = self._found(pressed)
        return draft if draft is not None and draft.state == "waiting" else None

    def _found(self, pressed: Pressed) -> Draft | None:
        return self._get(question_in(pressed.value))

    def _get(self, identity: UUID | None) -> Draft | None:
        try:
            return self._drafts.get(identity) if identity else None
        except InputRejected:
            return None

    def _may_decide(self, gesture: Pressed | Submitted) -> bool:
        person = self._facts.person(gesture.team, gesture.user)
        return person is not None and person.is_member(self._facts.home(gesture.team))

    def _reply(self, draft: Draft) -> DraftReply:
        found = recorded(self._pool, draft.id)
        if found is None:
            raise InputRejected(_GONE)
        return self._replying.reply_of(found.outcome, found.question.reader)

    def _whisper(self, pressed: Pressed, text: str) -> None:
        told = {"response_type": "ephemeral", "replace_original": False, "text": text}
        self._whisperer.respond(pressed.respond_to, told)


def _actor(gesture: Pressed | Submitted) -> Actor:
    return Actor(surface="slack", name=gesture.user)


def _in_words(mrkdwn: str) -> str:
    """Errors of dialogs are plain text, in which nobody's name is looked up."""
    return re.sub(r"<@[^>]*>", "somebody", re.sub(r"^:[a-z_]+: ", "", mrkdwn))
