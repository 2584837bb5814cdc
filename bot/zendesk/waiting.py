"""Messages of a customer that wait for their outcome. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from bot.models import OutcomeKind, Question
from bot.zendesk.turns import Turn, Why
from indexing.models import Reader

if TYPE_CHECKING:
    from bot.models import Delivery, HandoffReason, Outcome
    from bot.zendesk.reading import Asked
    from bot.zendesk.turns import Past
    from connectors.zendesk.conversation import Conversation, Message, TicketChange


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Messages that wait for their outcome, the oldest first, and what they ask together."""

    ticket: Conversation
    messages: tuple[Message, ...]
    newest: Message
    asked: Asked
    past: Past
    id: UUID

    @property
    def text(self) -> str:
        """What is asked, or what little there is instead."""
        earlier = [each.text for each in self.asked.history if each.speaker == "customer"]
        return self.asked.text or (earlier[-1] if earlier else self.ticket.subject)

    def question(self, *, delivery: Delivery, evidence_to_send: float = 0.0) -> Question:
        """The question as anybody may ask it: whom it is answered for is added before that."""
        return Question(
            id=self.id,
            text=self.text,
            reader=Reader.customer(),
            surface="zendesk",
            locale=self.asked.locale,
            history=self.asked.history,
            delivery=delivery,
            evidence_to_send=evidence_to_send,
        )

    def ignored(self, why: Why) -> Turn:
        """The turn of messages that get no reply."""
        return self._turn(OutcomeKind.IGNORED, why=why)

    def ended(
        self, outcome: Outcome, *, changes: tuple[TicketChange, ...], routing_tag: str = ""
    ) -> Turn:
        """The turn with this outcome, of which `changes` tell Zendesk."""
        return self._turn(
            outcome.kind, reason=outcome.reason, changes=changes, routing_tag=routing_tag
        )

    def _turn(
        self,
        kind: OutcomeKind,
        *,
        reason: HandoffReason | None = None,
        why: Why | None = None,
        changes: tuple[TicketChange, ...] = (),
        routing_tag: str = "",
    ) -> Turn:
        return Turn(
            id=self.id,
            ticket_id=self.ticket.ticket_id,
            message_ids=tuple(each.id for each in self.messages),
            asked_at=self.newest.created_at,
            outcome=kind,
            reason=reason,
            why=why,
            changes=changes,
            routing_tag=routing_tag,
        )


def waiting_in(ticket: Conversation, past: Past, bot_id: int) -> tuple[Message, ...]:
    """Public words of people outside of the team that have no outcome yet."""
    return tuple(
        each
        for each in ticket.messages
        if each.public
        and not each.author.is_staff
        and each.author.id != bot_id
        and each.id not in past.handled
    )


def before_replies(ticket: Conversation, waiting: tuple[Message, ...], bot_id: int) -> Conversation:
    """Without what the bot said after these messages: a reply to earlier ones that was under way
    when they came does not answer them."""
    first = waiting[0]
    kept = tuple(
        each
        for each in ticket.messages
        if each.author.id != bot_id or (each.created_at, each.id) < (first.created_at, first.id)
    )
    return replace(ticket, messages=kept)
