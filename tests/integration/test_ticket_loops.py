"""Machines that answer mail end up among themselves: whatever answers the bot's replies, the bot
falls silent within its cap.

`pytest tests/integration/test_ticket_loops.py --loops 300 -s` tries more than CI does;
`--ticket-seed` repeats the loops of a run that failed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from bot.language import LanguageDetector
from bot.sending import SendingRisk
from bot.zendesk.guards import Limits
from bot.zendesk.policies import Mode, Policy
from tests.attending import Tickets
from tests.factories import document
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.zendesk.ticket_records import Ticket
    from tests.integration.conftest import Knowledge

LOOPS = 14
LIMITS = Limits()
MOST_ROUNDS = 3 * LIMITS.answers

QUESTIONS = (
    "How long can I return an item?",
    "Until when may I return an unworn item?",
    "How many days after delivery can I still return an item?",
)

THINGS = (
    *("tents", "boots", "stoves", "lamps", "jackets", "ropes", "bottles", "rucksacks", "maps"),
    *("gloves", "socks", "knives", "hammocks", "helmets", "whistles", "compasses", "towels"),
)

Machine = Callable[[Tickets, "Ticket", random.Random], "Ticket"]


def out_of_office(tickets: Tickets, ticket: Ticket, chance: random.Random) -> Ticket:
    """Says so in the flags of its mail."""
    return tickets.replies(ticket, _away(ticket, chance), flags=(4,))


def out_of_office_unmarked(tickets: Tickets, ticket: Ticket, chance: random.Random) -> Ticket:
    """Looks like a customer who quotes what the bot said."""
    return tickets.replies(ticket, _away(ticket, chance))


def another_bot(tickets: Tickets, ticket: Ticket, chance: random.Random) -> Ticket:
    """Answers every mail with a question of its own, never twice alike."""
    text = f"Thank you for your message {chance.randrange(10**6)}! {chance.choice(QUESTIONS)}"
    return tickets.replies(ticket, text, channel=chance.choice(("email", "email", "api")))


def forwarding(tickets: Tickets, ticket: Ticket, chance: random.Random) -> Ticket:
    """A mailbox of somebody else that sends everything back here."""
    other = tickets.ticketing.person("Mailbox", email=f"box{chance.randrange(99)}@other.example")
    return tickets.replies(ticket, f"FYI\n\n{chance.choice(QUESTIONS)}", author=other)


def asks_again(tickets: Tickets, ticket: Ticket, chance: random.Random) -> Ticket:
    """A program that is never content."""
    return tickets.replies(ticket, QUESTIONS[0])


def asks_on(tickets: Tickets, ticket: Ticket, chance: random.Random) -> Ticket:
    """One that always wants to know something else."""
    thing = THINGS[len(ticket.comments) % len(THINGS)]
    return tickets.replies(ticket, f"And how many years is the warranty on {thing}?")


def a_ticket_for_each_reply(tickets: Tickets, ticket: Ticket, chance: random.Random) -> Ticket:
    """A help desk on the other side: its mails come back without the thread."""
    return tickets.asks(
        f"Case {chance.randrange(10**6)}. {chance.choice(QUESTIONS)}", by=ticket.requester
    )


MACHINES: tuple[Machine, ...] = (
    out_of_office,
    out_of_office_unmarked,
    another_bot,
    forwarding,
    asks_again,
    asks_on,
    a_ticket_for_each_reply,
)


def _away(ticket: Ticket, chance: random.Random) -> str:
    until = f"I am out of office until {chance.randrange(1, 28)} May."
    return f"{until} {chance.choice(QUESTIONS)}\n\n> {ticket.comments[-1].text}"


@pytest.fixture
def tickets(pool: ConnectionPool[Connection[Any]], embedder: Embedder) -> Iterator[Tickets]:
    clock = FakeClock()
    language = LanguageDetector(default="en")
    with FakeZendesk(clock=clock) as zendesk:
        zendesk.limits.updates_per_ticket = 10**6
        made = Tickets(
            zendesk=zendesk, clock=clock, pool=pool, embedder=embedder, language=language
        )
        made.policies.set(Policy(mode=Mode.AUTO))
        # A draft ends a loop: here every answer goes out, however unsure.
        made.preferences.put(SendingRisk(until_known=0))
        with made.client:
            yield made


def test_no_machine_keeps_the_bot_talking(
    tickets: Tickets, knowledge: Knowledge, request: pytest.FixtureRequest
) -> None:
    asked = request.config.getoption("--loops")
    seed = request.config.getoption("--ticket-seed") or (random.randrange(10**6) if asked else 1)
    print(f"\nThese loops are repeated by --loops {asked or LOOPS} --ticket-seed {seed}")
    chance = random.Random(seed)
    knowledge.add(
        document(),
        *(
            document(
                id=thing,
                title=f"Warranty on {thing}",
                body=f"<p>The warranty on {thing} is {number} years.</p>",
                url=f"https://help.example.com/{thing}",
            )
            for number, thing in enumerate(THINGS, start=2)
        ),
    )
    spoken: Counter[tuple[str, bool]] = Counter()
    for number in range(asked or LOOPS):
        machine = MACHINES[number % len(MACHINES)]
        # First each with itself, fast and slowly; then whatever meets.
        other = machine if number < 2 * len(MACHINES) else chance.choice(MACHINES)
        machines = [machine, other]
        slowly = number // len(MACHINES) % 2 == 1  # so that what counts is the cap of a ticket
        case = f"loop {number}: {[each.__name__ for each in machines]}, slowly: {slowly}"
        sender = tickets.ticketing.person("Anna", email=f"anna{number}@customer.example")
        ticket = tickets.asks(chance.choice(QUESTIONS), by=sender)
        opened = {ticket.id: ticket}
        heard = rounds = 0
        while True:
            tickets.attend(ticket)
            said = sum(len(tickets.said(each, public=True)) for each in opened.values())
            if said == heard:
                break
            heard, rounds = said, rounds + 1
            assert rounds <= MOST_ROUNDS, case
            if slowly and a_ticket_for_each_reply not in machines:
                tickets.rows(
                    "UPDATE ticket_turns SET decided_at = decided_at - interval '2 hours' "
                    "WHERE ticket_id = %s RETURNING 1",
                    ticket.id,
                )
            ticket = chance.choice(machines)(tickets, ticket, chance)
            opened[ticket.id] = ticket
        cap = LIMITS.answers if slowly else LIMITS.answers_an_hour
        if a_ticket_for_each_reply in machines:
            cap = LIMITS.replies_to_requester_an_hour
        assert 1 <= heard <= cap + 1, case  # and once that a person takes over
        if other is machine:  # whoever meets others is heard as often as they are
            spoken[machine.__name__, slowly] = max(spoken[machine.__name__, slowly], heard)
    print(dict(spoken))
    # Were everybody taken for a machine, no loop would begin.
    assert spoken["asks_on", False] == LIMITS.answers_an_hour + 1
    assert spoken["asks_on", True] == LIMITS.answers + 1
    assert spoken["asks_again", True] == 2  # who is told the same again has not been answered
    assert spoken["a_ticket_for_each_reply", False] == LIMITS.replies_to_requester_an_hour
