"""Drafts a reply to a ticket because somebody asks what the bot would answer.

Nothing is written to the ticket: the draft is a turn of its own in the books, which a person may
approve, and of which there is one for what the customer wrote last however often it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid5

from bot.models import HandoffReason, OutcomeKind, Question
from bot.zendesk.reading import asked_in
from bot.zendesk.turns import Turn, turn_id
from indexing.models import Reader

if TYPE_CHECKING:
    from bot.drafts import Drafts
    from bot.language import LanguageDetector
    from bot.support import SupportDesk
    from bot.zendesk.attending import Attendant
    from bot.zendesk.audience import Audiences
    from bot.zendesk.routing import Routes
    from bot.zendesk.turns import Past
    from connectors.zendesk.conversation import Conversation, Message

Why = Literal["", "gone", "nothing asked", "no words", "answered"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """What came of it: a draft, which may have been decided about before; or `why` there is none,
    or the `reason` for which people should answer."""

    draft: UUID | None = None
    why: Why = ""
    reason: HandoffReason | None = None


class Suggestions:
    """Drafts them, for the calling thread."""

    def __init__(
        self,
        *,
        attendant: Attendant,
        drafts: Drafts,
        support: SupportDesk,
        audiences: Audiences,
        routes: Routes,
        language: LanguageDetector,
    ) -> None:
        self._attendant = attendant
        self._drafts = drafts
        self._support = support
        self._audiences = audiences
        self._routes = routes
        self._language = language

    def suggest(self, ticket_id: int) -> Suggestion:
        """What the bot would answer to what the customer wrote last. Raises TicketUnsettled,
        ConnectorError, and what retrieval and records raise."""
        found = Suggestion(why="gone")

        def decide(ticket: Conversation, past: Past, *, bot_id: int) -> Turn | None:
            nonlocal found
            found, turn = self._suggested(ticket, past, bot_id)
            return turn

        self._attendant.look(ticket_id, decide)
        return found

    def _suggested(
        self, ticket: Conversation, past: Past, bot_id: int
    ) -> tuple[Suggestion, Turn | None]:
        position = _newest(ticket)
        if position is None:
            return Suggestion(why="nothing asked"), None
        newest = ticket.messages[position]
        if known := self._drafts.latest(ticket.ticket_id, asked_at=newest.created_at):
            return Suggestion(draft=known.id), None
        if any(each.public and each.author.id == bot_id for each in ticket.messages[position:]):
            return Suggestion(why="answered"), None
        until = replace(ticket, messages=ticket.messages[: position + 1])
        asked = asked_in(until, bot_id=bot_id, language=self._language)
        if asked.content != "words":
            return Suggestion(why="no words"), None
        question = Question(
            id=uuid5(turn_id(ticket.ticket_id, newest.id), "suggested"),
            text=asked.text,
            reader=Reader.customer(),
            surface="zendesk",
            locale=asked.locale,
            history=asked.history,
            delivery="drafted",
        )
        return self._answered(until, newest, question)

    def _answered(
        self, ticket: Conversation, newest: Message, question: Question
    ) -> tuple[Suggestion, Turn | None]:
        reader = self._audiences.reader(
            ticket, found=lambda each: self._support.found(replace(question, reader=each))
        )
        outcome = self._support.respond(replace(question, reader=reader))
        if outcome.kind is not OutcomeKind.DRAFTED:
            return Suggestion(reason=outcome.reason or HandoffReason.UNVERIFIED_ANSWER), None
        route = self._routes.of(question.text, ticket, locale=question.locale or "en")
        turn = Turn(
            id=question.id,
            ticket_id=ticket.ticket_id,
            message_ids=(),
            asked_at=newest.created_at,
            outcome=OutcomeKind.DRAFTED,
            routing_tag=route.tag,
        )
        return Suggestion(draft=question.id), turn


def _newest(ticket: Conversation) -> int | None:
    """Where the customer's last message stands."""
    places = [
        number
        for number, each in enumerate(ticket.messages)
        if each.public and not each.author.is_staff and not each.by_machine
    ]
    return places[-1] if places else None
