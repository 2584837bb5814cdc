"""Drafts from the note in the ticket to the reply that a person approved, or did not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from bot.audit import Actor, Audit
from bot.errors import InputRejected, TicketUnsettled
from bot.language import LanguageDetector
from bot.zendesk.approving import CHANGED, ENDED, REPLIED, WROTE_AGAIN
from bot.zendesk.policies import Mode, Policy
from bot.zendesk.voices import BrandVoice, Voices
from tests.attending import Tickets
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.zendesk.ticket_records import Ticket

RETURNS = "How long do I have to return a jacket?"
ANNA, BERT = Actor(surface="slack", name="U1"), Actor(surface="cli", name="bert")
PUT = r"PUT .*/tickets/\d+"


@pytest.fixture(scope="module")
def migrated_template(sample_template: str) -> str:
    """Each test's database has the sample help center in it."""
    return sample_template


@pytest.fixture
def tickets(
    pool: ConnectionPool[Connection[Any]], embedder: Embedder, language: LanguageDetector
) -> Iterator[Tickets]:
    """Everything is drafted."""
    clock = FakeClock()
    with FakeZendesk(clock=clock) as zendesk:
        made = Tickets(
            zendesk=zendesk,
            clock=clock,
            pool=pool,
            embedder=embedder,
            language=language,
        )
        made.policies.set(Policy(mode=Mode.DRAFT))
        with made.client:
            yield made


def drafted(tickets: Tickets, text: str = RETURNS) -> tuple[Ticket, UUID]:
    ticket = tickets.asks(text)
    turn = tickets.attend(ticket)
    assert turn is not None
    return ticket, turn.id


def jobs(tickets: Tickets) -> list[tuple[str, str]]:
    return tickets.rows(
        "SELECT task_name, lock FROM procrastinate_jobs WHERE task_name = 'ticket.draft' "
        "ORDER BY id"
    )


def test_an_approved_draft_is_the_reply_once_and_says_that_a_person_checked_it(
    tickets: Tickets,
) -> None:
    ticket, draft = drafted(tickets)
    waiting = tickets.drafts.waiting()
    assert [(each.id, each.ticket_id, each.state, each.question) for each in waiting] == [
        (draft, ticket.id, "waiting", f"A question\n\n{RETURNS}")
    ]
    decision = tickets.drafts.approve(draft, actor=ANNA)
    assert (decision.counted, decision.draft.state, decision.draft.person) == (
        True, "approved", "U1",
    )  # fmt: skip
    assert jobs(tickets) == [("ticket.draft", f"ticket:{ticket.id}")]
    assert tickets.send(ticket, draft) == "sent"
    assert tickets.send(ticket, draft) == "sent"
    (reply,) = tickets.said(ticket, public=True)
    assert "60 days" in reply.html
    assert "a person of our team checked it" in reply.html
    assert (ticket.status, "supportbot_answered" in ticket.tags) == ("pending", True)
    assert "supportbot_drafted" not in ticket.tags
    assert tickets.drafts.waiting() == ()
    outcomes = [row[:2] for row in tickets.outcomes(ticket)]
    assert outcomes == [("drafted", "done"), ("answered", "done")]


def test_books_that_were_brought_back_send_no_draft_again(tickets: Tickets) -> None:
    ticket, draft = drafted(tickets)
    tickets.drafts.approve(draft, actor=ANNA)
    assert tickets.send(ticket, draft) == "sent"
    tickets.rows("UPDATE draft_decisions SET ended = NULL, ended_at = NULL RETURNING 1")
    tickets.rows("DELETE FROM ticket_turns WHERE id <> %s RETURNING 1", draft)

    assert tickets.drafts.get(draft).state == "approved"
    assert tickets.send(ticket, draft) == "sent"
    assert len(tickets.said(ticket, public=True)) == 1


def test_of_many_who_decide_at_once_one_counts(tickets: Tickets) -> None:
    _, draft = drafted(tickets)

    def decide(number: int) -> bool:
        actor = Actor(surface="slack", name=f"U{number}")
        if number % 2:
            return tickets.drafts.approve(draft, actor=actor).counted
        return tickets.drafts.reject(draft, actor=actor, reason="no").counted

    with ThreadPoolExecutor(4) as threads:
        counted = list(threads.map(decide, range(8)))
    assert counted.count(True) == 1
    winner = counted.index(True)
    found = tickets.drafts.get(draft)
    assert (found.person, found.state) == (f"U{winner}", "approved" if winner % 2 else "rejected")
    assert len(jobs(tickets)) == winner % 2
    late = tickets.drafts.approve(draft, actor=BERT)
    assert (late.counted, late.draft.person) == (False, f"U{winner}")
    (entry,) = [each for each in Audit(pool=tickets.pool).latest() if "draft" in each.action]
    assert (entry.actor.name, entry.target) == (f"U{winner}", str(found.ticket_id))


def test_a_person_s_own_words_are_sent_as_they_are_with_the_sources_they_kept(
    tickets: Tickets,
) -> None:
    tickets.preferences.put(
        Voices(default=BrandVoice(brand="Larkmoor", greeting={"en": "Hi {name}!"}))
    )
    ticket, draft = drafted(tickets)
    text = "Sixty days, as our returns page says [1].\n\nWrite <b>any time</b>. {{ticket.id}} [9]"
    tickets.drafts.approve(draft, actor=ANNA, text=text)
    assert tickets.send(ticket, draft) == "sent"
    (reply,) = tickets.said(ticket, public=True)
    assert "Hi Anna Schmidt!" in reply.html
    assert re.search(r'<p>Sixty days, as our returns page says <a href="[^"]+">\[1\]</a> \.</p>',
                     reply.html)  # fmt: skip
    assert "&lt;b&gt;any time&lt;/b&gt;" in reply.html
    assert "{{" not in reply.html
    assert re.search(r'<li value="1"><a href="[^"]+">Returning an item</a></li>', reply.html)


def test_own_words_without_sources_do_not_claim_any(tickets: Tickets) -> None:
    ticket, draft = drafted(tickets)
    tickets.drafts.approve(draft, actor=ANNA, text="Please call us.")
    assert tickets.send(ticket, draft) == "sent"
    (reply,) = tickets.said(ticket, public=True)
    assert "Please call us." in reply.html
    assert "Sources" not in reply.html
    assert "articles above" not in reply.html


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("customer", WROTE_AGAIN),
        ("agent", REPLIED),
        ("solved", "The ticket is solved."),
        ("closed", "The ticket is closed."),
        ("deleted", ENDED),
        ("article", CHANGED),
        ("restricted", CHANGED),
    ],
)
def test_what_happened_since_refuses_an_approval_and_says_why(
    tickets: Tickets, what: str, why: str
) -> None:
    ticket, draft = drafted(tickets)
    assert tickets.drafts.approve(draft, actor=ANNA).counted
    match what:
        case "customer":
            tickets.replies(ticket, "And a tent?")
        case "agent":
            tickets.agent_says(ticket, "Sixty days.", public=True)
        case "solved" | "closed":
            tickets.ticketing.change(ticket, status=what, by=tickets.carl)
        case "deleted":
            tickets.ticketing.delete(ticket, by=tickets.carl)
        case "article":
            tickets.rows("DELETE FROM documents WHERE title = 'Returning an item' RETURNING 1")
        case _:
            tickets.rows("UPDATE documents SET audience = '{agents}' RETURNING 1")
    assert tickets.send(ticket, draft) == f"refused: {why}"
    assert tickets.said(ticket, public=True) == []
    assert tickets.send(ticket, draft) == f"refused: {why}"


@pytest.mark.parametrize("what", ["customer", "agent", "solved"])
def test_a_draft_that_was_overtaken_no_longer_waits(tickets: Tickets, what: str) -> None:
    ticket, draft = drafted(tickets)
    match what:
        case "customer":
            tickets.replies(ticket, "And how long is the warranty on a tent?")
        case "agent":
            tickets.agent_says(ticket, "Sixty days.", public=True)
        case _:
            tickets.ticketing.change(ticket, status="solved", by=tickets.carl)
    tickets.attend(ticket)
    assert draft not in {each.id for each in tickets.drafts.waiting()}
    late = tickets.drafts.approve(draft, actor=ANNA)
    assert (late.counted, late.draft.state) == (False, "overtaken")
    assert jobs(tickets) == []


def test_an_internal_note_does_not_overtake_a_draft(tickets: Tickets) -> None:
    ticket, draft = drafted(tickets)
    tickets.agent_says(ticket, "Looks right to me.", public=False)
    tickets.attend(ticket)
    tickets.drafts.approve(draft, actor=ANNA)
    assert tickets.send(ticket, draft) == "sent"


@pytest.mark.parametrize("applied", [True, False])
def test_an_approval_that_timed_out_is_sent_once(tickets: Tickets, applied: bool) -> None:
    ticket, draft = drafted(tickets)
    tickets.drafts.approve(draft, actor=ANNA)
    tickets.zendesk.failures.plan("timeout", matching=PUT, applied=applied)
    with tickets.hurried(), pytest.raises(TicketUnsettled):
        tickets.attendant().send(ticket.id, draft)
    assert tickets.send(ticket, draft) == "sent"
    assert len(tickets.said(ticket, public=True)) == 1


def test_bad_decisions_say_what_to_do(tickets: Tickets) -> None:
    _, draft = drafted(tickets)
    for text in ("", "   ", "x" * 20_001):
        with pytest.raises(InputRejected, match="20000 characters"):
            tickets.drafts.approve(draft, actor=ANNA, text=text)
    with pytest.raises(InputRejected, match="There is no draft"):
        tickets.drafts.reject(uuid4(), actor=ANNA)
    assert [each.id for each in tickets.drafts.waiting()] == [draft]
