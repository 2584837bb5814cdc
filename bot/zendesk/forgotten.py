"""What the bot wrote in a ticket and its books do not know of, because they are older: the database
was brought back to an earlier moment. Pure.

The ticket still tells. Every comment of ours carries the id of its turn, and that id follows from
the newest message that the turn was about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.models import OutcomeKind
from bot.zendesk.turns import Turn, Why, turn_id
from bot.zendesk.waiting import waiting_in
from connectors.zendesk.conversation import TicketChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.zendesk.turns import Past
    from connectors.zendesk.conversation import Conversation, Message

CONFIRMATION = "The customer says that Supportbot's answer helped."
"""What the note says that stands in a ticket which the customer's own word has solved."""


def forgotten_in(ticket: Conversation, past: Past, *, bot_id: int) -> Turn | None:
    """The first turn that the ticket tells of and the books do not; None where they know all.
    Of a private note nobody can tell whether it was a draft: with either, people have the
    ticket."""
    ours = [each for each in ticket.messages if each.author.id == bot_id and each.marker]
    if not ours:
        return None
    waiting = waiting_in(ticket, past, bot_id)
    for number, newest in enumerate(waiting, start=1):
        identity = turn_id(ticket.ticket_id, newest.id)
        said = [each for each in ours if each.marker.partition(":")[0] == str(identity)]
        if said:
            kind, why = _outcome(str(identity), said)
            return Turn(
                id=identity,
                ticket_id=ticket.ticket_id,
                message_ids=tuple(each.id for each in waiting[:number]),
                asked_at=newest.created_at,
                outcome=kind,
                why=why,
                changes=tuple(
                    TicketChange(marker=each.marker, html=each.html, public=each.public)
                    for each in said
                ),
            )
    return None


def _outcome(marker: str, said: Sequence[Message]) -> tuple[OutcomeKind, Why | None]:
    first = next((each for each in said if each.marker == marker), said[0])
    if first.marker == marker and first.public:
        return OutcomeKind.ANSWERED, None
    if CONFIRMATION in first.text:
        return OutcomeKind.IGNORED, Why.CONFIRMED
    return OutcomeKind.HANDED_OFF, None
