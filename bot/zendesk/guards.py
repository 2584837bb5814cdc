"""Whom the bot leaves alone, and when it lets people take over without looking anything up. Pure.

An answer of ours is mailed to whoever wrote, also where that is a machine that answers mail: what
Zendesk does against loops does not hold for comments of agents. So who is writing is decided
here, and answers of one ticket are capped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.models import HandoffReason
from bot.zendesk.policies import Mode, Policy
from bot.zendesk.turns import Past, Why

if TYPE_CHECKING:
    from connectors.zendesk.conversation import Conversation, Message

# Written by programs in somebody's name: other bots, integrations and business rules. A form on a
# website may use them too, so a policy that names the channel has its way.
_PROGRAMS = frozenset(
    {"api", "web_service", "rule", "trigger", "automation", "system", "ticket_sharing"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How often one ticket is answered at most, and how often one person is told anything in an
    hour, be it in a new ticket each time: beyond, people take over."""

    answers_an_hour: int = 3
    answers: int = 8
    replies_to_requester_an_hour: int = 10


def left_alone(
    ticket: Conversation, newest: Message, past: Past, *, bot_id: int, policy: Policy
) -> Why | None:
    """Why the newest of the customer's unanswered messages gets no reply; None when it may."""
    if ticket.status == "closed":
        return Why.TICKET_ENDED
    if newest.author.id == bot_id:
        return Why.OWN_MESSAGE
    if newest.author.is_staff or _person_spoke(ticket, newest, bot_id, policy.mode):
        return Why.PERSON_REPLIED
    if newest.by_machine:
        return Why.MACHINE_MAIL
    if newest.channel in _PROGRAMS and newest.channel != policy.channel:
        return Why.OTHER_BOT
    return Why.WITH_PEOPLE if past.handed_off else None


def looping(past: Past, limits: Limits) -> HandoffReason | None:
    """loop_guard when this ticket, or whoever wrote it, was answered as often as is sensible."""
    often = past.answers_lately >= limits.answers_an_hour or len(past.answered) >= limits.answers
    return HandoffReason.LOOP_GUARD if often or everywhere(past, limits) else None


def everywhere(past: Past, limits: Limits) -> bool:
    """Whether the requester was told so much lately that a word more might only make a machine
    open the next ticket."""
    return past.replies_to_requester >= limits.replies_to_requester_an_hour


def _person_spoke(ticket: Conversation, newest: Message, bot_id: int, mode: Mode) -> bool:
    """Whether a person answered after the message; or, where the bot would write to the customer
    by itself, ever: two who answer the same customer confuse everybody."""
    said = [
        each
        for each in ticket.messages
        if each.public and each.author.is_staff and each.author.id != bot_id
    ]
    if mode is Mode.AUTO:
        return bool(said)
    return any((each.created_at, each.id) > (newest.created_at, newest.id) for each in said)
