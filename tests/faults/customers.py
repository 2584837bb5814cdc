"""Customers and agents in Zendesk's tickets, and what must be true of tickets in the end: every
message has one outcome, nothing is said twice, and no private word is public."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from connectors.zendesk.desk_reading import MARKER

if TYPE_CHECKING:
    from tests.fakes.zendesk.ticket_records import Audit, Comment, Ticket
    from tests.faults.deployment import Deployment

ASKED = (
    "How long do I have to return a jacket?",
    "What does the return label cost?",
    "I paid with PayPal, when do I get my refund?",
    "How long is the warranty on a tent?",
    "Until when can I cancel my order?",
    "How long is the password reset link valid?",
    "Wie lange habe ich Zeit, eine Jacke zurückzugeben?",
    "Do you sell children's bicycles?",
    "What is the share price of Larkmoor?",
    "I want to talk to a person.",
)
SAID_ON = ("Yes, that solved it, thank you!", "No, that did not help.", "Thanks!")
AWAY = "I am out of office until Monday."
SECRET = "SECRET"


class Customers:
    """Whatever they do is drawn from the `chance` that they are given. `tickets` are all that
    there are, `happened` counts what was done."""

    def __init__(self, deployment: Deployment, *, asked: Sequence[str] = ASKED) -> None:
        self._deployment = deployment
        self._zendesk = deployment.zendesk
        self._ticketing = deployment.zendesk.account.ticketing
        self._asked = tuple(asked)
        self._said_on = (*self._asked[:6], *SAID_ON)
        self._agent = self._ticketing.person("Carl", role="agent")
        self._secrets = 0
        self.tickets: list[Ticket] = []
        self.happened: Counter[str] = Counter()

    def somebody_asks(self, chance: Random) -> None:
        with self._zendesk.lock:
            asker = self._ticketing.person(f"Customer {len(self.tickets)}")
            flags = (4,) if chance.random() < 0.05 else ()
            ticket = self._ticketing.ticket(
                asker, "A question", chance.choice(self._asked), says={"flags": flags}
            )
        self.tickets.append(ticket)
        self.happened["tickets"] += 1

    def something_happens(self, chance: Random, *, lately: int) -> None:
        """In one of the latest tickets, if there is any."""
        if not self.tickets:
            return
        ticket = chance.choice(self.tickets[-lately:])
        with self._zendesk.lock:
            if chance.random() < 0.35 and ticket.status not in {"closed", "deleted"}:
                self._agent_works(ticket, chance)
            elif ticket.status != "deleted":
                self._customer_writes(ticket, chance)

    def _agent_works(self, ticket: Ticket, chance: Random) -> None:
        ticketing, latest = self._ticketing, self.tickets[-1]
        match chance.randrange(7):
            case 0:
                ticketing.comment(ticket, self._agent, "I am on it.", channel="web")
            case 1:
                status = chance.choice(("solved", "closed"))
                ticketing.change(ticket, status=status, by=self._agent)
            case 2 if chance.random() < 0.3:
                ticketing.delete(ticket, self._agent)
            case 3 if latest.status not in {"closed", "deleted"}:
                if ticket is not latest:
                    ticketing.merge(ticket, latest, self._agent)
            case _:
                self._secrets += 1
                secret = f"{SECRET}-{self._secrets}: the margin is 70 %."
                ticketing.comment(ticket, self._agent, secret, public=False, channel="web")

    def _customer_writes(self, ticket: Ticket, chance: Random) -> None:
        match chance.randrange(8):
            case 0:
                self._reply(ticket, f"{AWAY} {ticket.comments[-1].text}", flags=(4,))
            case 1:
                self._reply(ticket, f"{AWAY} {ticket.comments[-1].text}")
            case 2 | 3:
                self._reply(ticket, chance.choice(self._said_on))
                self._reply(ticket, chance.choice(self._said_on))
            case _:
                self._reply(ticket, chance.choice(self._said_on))

    def _reply(self, ticket: Ticket, text: str, **more: Any) -> None:
        found = self._ticketing.reply(ticket, text, **more)
        if found is not ticket:
            self.tickets.append(found)
        self.happened["replies"] += 1

    # --- What the tickets and the books say

    def faults(self) -> list[str]:
        """What is not as it must be, one line each."""
        return [line for each in self.tickets for line in self._faults_of(each)]

    def _faults_of(self, ticket: Ticket) -> Iterator[str]:
        turns = dict(
            self._deployment.rows(
                "SELECT id::text, changes FROM ticket_turns WHERE ticket_id = %s", (ticket.id,)
            )
        )
        handled = {
            row[0]
            for row in self._deployment.rows(
                "SELECT message_id FROM ticket_messages WHERE ticket_id = %s", (ticket.id,)
            )
        }
        asked = {each.id for each in ticket.comments if each.author.role == "end-user"}
        if ticket.status != "deleted" and asked - handled:
            yield f"{ticket.id} ({ticket.status}): no outcome of {asked - handled}"
        if handled - asked:
            yield f"{ticket.id}: outcomes of what nobody wrote, {handled - asked}"
        written = Counter(filter(None, map(_marker, ticket.audits)))
        if doubled := [each for each, often in written.items() if often > 1]:
            yield f"{ticket.id}: written twice, {doubled}"
        announced = {each["marker"] for changes in turns.values() for each in changes}
        if set(written) - announced:
            yield f"{ticket.id}: not in the books, {set(written) - announced}"
        if ticket.status not in {"closed", "deleted"} and announced - set(written):
            yield f"{ticket.id}: not in the ticket, {announced - set(written)}"
        if sum(each.endswith(":told") for each in written) > 1:
            yield f"{ticket.id}: told twice that a person takes over"
        for said in self.public_words(ticket):
            if SECRET in said.text or not said.custom.get(MARKER):
                yield f"{ticket.id}: said in public, {said.text[:200]}"

    def public_words(self, ticket: Ticket) -> list[Comment]:
        """What the bot said to the customer."""
        bot = self._zendesk.account.bot.id
        return [each for each in ticket.comments if each.public and each.author.id == bot]


def _marker(audit: Audit) -> str:
    return str(audit.custom.get(MARKER) or "")
