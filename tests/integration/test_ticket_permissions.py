"""Nobody is answered from an article they may not read: generated askers, audiences, people in copy
and articles that are restricted and opened again, each case against a rule written down here.

`pytest tests/integration/test_ticket_permissions.py --permission-cases 10000 -s` tries more than CI
does; `--ticket-seed` repeats the cases of a run that failed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from bot.language import LanguageDetector
from bot.zendesk.policies import Mode, Policy
from indexing.models import Audience
from tests.attending import Tickets
from tests.factories import document
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.zendesk.account import Segment
    from tests.fakes.zendesk.ticket_records import Person, Ticket
    from tests.integration.conftest import Knowledge

CASES = 80
THINGS = (
    "kayak", "tent", "stove", "lantern", "anorak", "compass", "hammock", "sledge", "rucksack",
    "whistle",
)  # fmt: skip
UNTRUSTED = (0, 2, 3, 14)
"""Flags of mail that may not be from whom it says."""


@dataclass
class Shelf:
    """One article about one thing, its price, and who may read it: "public", "signed_in",
    "agents", or segments."""

    thing: str
    price: str
    audience: str | tuple[Segment, ...] = "public"

    def may_read(self, asker: Person, *, known: bool) -> bool:
        """The rule, as Zendesk documents it."""
        match self.audience:
            case "public":
                return True
            case "agents":
                return False
            case "signed_in":
                return known
            case segments:
                return known and any(_is_in(asker, each) for each in segments)  # type: ignore[arg-type]  # the other texts are above

    def labels(self) -> Audience:
        match self.audience:
            case "public":
                return Audience.public()
            case "agents":
                return Audience.agents()
            case "signed_in":
                return Audience.signed_in()
            case segments:
                return Audience.segments(*(each.id for each in segments))  # type: ignore[union-attr]  # as above


def _is_in(asker: Person, segment: Segment) -> bool:
    return set(segment.tags) <= set(asker.tags) and (
        not segment.organization_ids or asker.organization_id in segment.organization_ids
    )


class World:
    """Articles that change, and people who ask."""

    def __init__(self, tickets: Tickets, knowledge: Knowledge, chance: random.Random) -> None:
        self._tickets, self._knowledge, self._chance = tickets, knowledge, chance
        account = tickets.zendesk.account
        self._segments = (
            account.segment("Gold", tags=("gold",)),
            account.segment("Silver", tags=("silver",)),
            account.segment("Gold partners", tags=("gold",), organization_ids=(5,)),
            account.segment("Partners", organization_ids=(5, 6)),
        )
        self.shelves = [
            Shelf(thing=each, price=f"{7001 + n} euro") for n, each in enumerate(THINGS)
        ]
        for each in self.shelves:
            self._publish(each)
        self._other = tickets.ticketing.person("Otto")

    def editors_work(self) -> None:
        """Somebody restricts an article, or opens it again."""
        shelf = self._chance.choice(self.shelves)
        chosen = self._chance.sample(self._segments, self._chance.randrange(1, 3))
        choices: tuple[str | tuple[Segment, ...], ...] = ("public", "signed_in", "agents")
        shelf.audience = self._chance.choice((*choices, tuple(chosen), tuple(chosen)))
        self._publish(shelf)

    def somebody_asks(self) -> tuple[Shelf, Ticket, bool]:
        """What about, the ticket, and whether it is certain who reads the reply."""
        tags = tuple(each for each in ("gold", "silver") if self._chance.random() < 0.5)
        asker = self._tickets.ticketing.person(
            "Ada",
            tags=tags,
            organization_id=self._chance.choice((None, 5, 6)),
            suspended=self._chance.random() < 0.1,
        )
        in_copy = (self._other.id,) if self._chance.random() < 0.2 else ()
        flags = (self._chance.choice(UNTRUSTED),) if self._chance.random() < 0.15 else ()
        shelf = self._chance.choice(self.shelves)
        ticket = self._tickets.asks(
            f"What does the {shelf.thing} cost?", by=asker, cc_ids=in_copy, says={"flags": flags}
        )
        return shelf, ticket, not (in_copy or flags or asker.suspended)

    def _publish(self, shelf: Shelf) -> None:
        self._knowledge.add(
            document(
                shelf.thing,
                title=f"The {shelf.thing}",
                body=f"<p>The {shelf.thing} costs {shelf.price}.</p>",
                audience=shelf.labels(),
            )
        )


@pytest.fixture
def tickets(pool: ConnectionPool[Connection[Any]], embedder: Embedder) -> Iterator[Tickets]:
    clock = FakeClock()
    language = LanguageDetector(default="en")
    with FakeZendesk(clock=clock) as zendesk:
        made = Tickets(
            zendesk=zendesk, clock=clock, pool=pool, embedder=embedder, language=language
        )
        made.policies.set(Policy(mode=Mode.AUTO))
        with made.client:
            yield made


def test_nobody_is_answered_from_what_they_may_not_read(
    tickets: Tickets, knowledge: Knowledge, request: pytest.FixtureRequest
) -> None:
    asked = request.config.getoption("--permission-cases")
    seed = request.config.getoption("--ticket-seed") or (random.randrange(10**6) if asked else 1)
    print(f"\nThese cases are repeated by --permission-cases {asked or CASES} --ticket-seed {seed}")
    chance = random.Random(seed)
    world = World(tickets, knowledge, chance)
    seen: Counter[str] = Counter()
    for number in range(asked or CASES):
        if chance.random() < 0.5:
            world.editors_work()
        shelf, ticket, known = world.somebody_asks()
        turn = tickets.attend(ticket)
        assert turn is not None
        may = {each.thing for each in world.shelves if each.may_read(ticket.requester, known=known)}
        read = tickets.rows(
            "SELECT document_id FROM question_passages WHERE question_id = %s", turn.id
        )
        told = "".join(
            each.html for each in ticket.comments if each.author.id == tickets.desk.bot_id
        )
        case = f"case {number}: {shelf}, {ticket.requester}, known: {known}"
        assert {row[0] for row in read} <= may, case
        assert not [e for e in world.shelves if e.thing not in may and e.price in told], case
        # Were nobody told anything, nobody would be told too much.
        assert (shelf.thing in may) == (shelf.price in told), case
        seen["may read" if shelf.thing in may else "may not"] += 1
    print(dict(seen))
    assert min(seen["may read"], seen["may not"]) > (asked or CASES) // 5
