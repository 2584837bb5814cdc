"""What becomes of a draft that a person approved: the reply, or a refusal with why.

Between drafting and approving anything may have happened. The ticket is read again, and so is
the index: words that are no longer there, or that this customer may no longer read, are not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from bot.models import OutcomeKind
from bot.zendesk.replies import edited_reply, public_reply
from bot.zendesk.turns import Turn
from connectors.zendesk.conversation import TicketChange

if TYPE_CHECKING:
    from bot.drafts import Draft, Drafts
    from bot.recorded import Recorded
    from bot.zendesk.feedback import Links
    from bot.zendesk.replies import FeedbackLinks, Voice
    from bot.zendesk.turns import Past
    from connectors.zendesk.conversation import Conversation
    from indexing.models import Reader

ANSWERED = "supportbot_answered"
DRAFTED = "supportbot_drafted"

CHANGED = "What it cites has changed since, or the customer may no longer read it."
ENDED = "The ticket is closed or deleted."
WROTE_AGAIN = "The customer has written again."
REPLIED = "A person has replied."


def sent_as(draft_id: UUID) -> UUID:
    """The id of the turn that sends a draft: the same however often it is tried."""
    return uuid5(draft_id, "sent")


class Approvals:
    """Turns approvals into replies. `recorded` reads a question, `held` says which of some
    passages are still in the index for a reader, `voice_of` how a brand speaks."""

    def __init__(
        self,
        *,
        drafts: Drafts,
        recorded: Callable[[UUID], Recorded | None],
        held: Callable[[Collection[str], Reader], frozenset[str]],
        voice_of: Callable[[int | None], Voice],
        links: Links | None,
    ) -> None:
        self._drafts = drafts
        self._recorded = recorded
        self._held = held
        self._voice_of = voice_of
        self._links = links

    def turn(self, draft_id: UUID, ticket: Conversation, past: Past, *, bot_id: int) -> Turn | None:
        """The turn that sends the draft; None where there is nothing to send: it is sent already,
        or it is refused, which is then noted."""
        if sent_as(draft_id) in past.turns:
            self.ended(draft_id, sent=sent_as(draft_id) in past.answered)
            return None
        marker = str(sent_as(draft_id))
        if any(each.marker == marker and each.author.id == bot_id for each in ticket.messages):
            self.ended(draft_id, sent=True)  # the books are older than the ticket
            return None
        draft, recorded = self._drafts.get(draft_id), self._recorded(draft_id)
        why = _overtaken(ticket, draft, bot_id=bot_id)
        html = "" if why or recorded is None else self._html(draft, recorded, ticket)
        if why or not html:
            self._drafts.refused(draft_id, why or CHANGED)
            return None
        return self._sent(draft, html)

    def ended(self, draft_id: UUID, *, sent: bool) -> None:
        """Notes what came of the turn, unless that is known: it was sent, or the ticket ended
        before it could be."""
        if sent:
            self._drafts.sent(draft_id)
        else:
            self._drafts.refused(draft_id, ENDED)

    def _html(self, draft: Draft, recorded: Recorded, ticket: Conversation) -> str:
        """ "" where the index no longer carries it for this reader."""
        outcome, reader = recorded.outcome, recorded.question.reader
        cited = {each.chunk_id for one in outcome.statements for each in one.citations}
        if cited - self._held(cited, reader):
            return ""
        locale, voice = draft.locale, self._voice_of(ticket.brand_id)
        write = (
            partial(public_reply, checked=True)
            if draft.text is None
            else partial(edited_reply, draft.text)
        )
        return write(
            outcome,
            reader=reader,
            locale=locale,
            voice=voice,
            name=ticket.requester.name,
            feedback=self._feedback(draft),
        )

    def _feedback(self, draft: Draft) -> FeedbackLinks | None:
        if self._links is None:
            return None
        return self._links.both(
            ticket_id=draft.ticket_id, turn_id=sent_as(draft.id), locale=draft.locale
        )

    def _sent(self, draft: Draft, html: str) -> Turn:
        identity = sent_as(draft.id)
        return Turn(
            id=identity,
            ticket_id=draft.ticket_id,
            message_ids=(),
            asked_at=draft.asked_at,
            outcome=OutcomeKind.ANSWERED,
            changes=(
                TicketChange(
                    marker=str(identity),
                    html=html,
                    public=True,
                    add_tags=frozenset({ANSWERED}),
                    remove_tags=frozenset({DRAFTED}),
                    status="pending",
                ),
            ),
            routing_tag=draft.routing_tag,
        )


def _overtaken(ticket: Conversation, draft: Draft, *, bot_id: int) -> str:
    """Why the draft comes too late; "" where it does not."""
    if ticket.status in {"solved", "closed"}:
        return f"The ticket is {ticket.status}."
    since = [
        each
        for each in ticket.messages
        if each.public
        and each.author.id != bot_id
        and not each.by_machine
        and each.created_at > draft.asked_at
    ]
    if any(not each.author.is_staff for each in since):
        return WROTE_AGAIN
    return REPLIED if since else ""
