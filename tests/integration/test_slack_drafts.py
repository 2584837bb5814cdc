"""Replies that wait for a decision, from the ticket to the people of its tag and back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.audit import Actor
from bot.bootstrap.slack_zendesk import replying
from bot.language import LanguageDetector
from bot.slack.draft_notices import OthersRead
from bot.slack.draft_view import DraftReply, DraftSource, edit_dialog, message
from bot.slack.handovers import Route
from bot.slack.suggesting import Desk, Suggested
from bot.zendesk.policies import Mode, Policy
from tests.asking import Asking, asking, shown
from tests.attending import Tickets
from tests.fakes.clock import FakeClock
from tests.fakes.slack.limits import faults_of_message, faults_of_view
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.drafts import Draft
    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Message, Person
    from tests.fakes.slack.records import View
    from tests.fakes.zendesk.ticket_records import Ticket

RETURNS = "How long do I have to return a jacket?"
BERT = Actor(surface="cli", name="bert")


@pytest.fixture(scope="module")
def migrated_template(sample_template: str) -> str:
    """Each test's database has the sample help center in it."""
    return sample_template


@pytest.fixture
def slack(
    pool: ConnectionPool[Connection[Any]], embedder: Embedder, language: LanguageDetector
) -> Iterator[Asking]:
    with asking(pool, embedder, language) as made:
        made.replying = replying("acme")
        made.restart()
        yield made


@pytest.fixture
def tickets(slack: Asking, embedder: Embedder, language: LanguageDetector) -> Iterator[Tickets]:
    """Everything is drafted."""
    clock = FakeClock()
    with FakeZendesk(clock=clock) as zendesk:
        made = Tickets(
            zendesk=zendesk, clock=clock, pool=slack.pool, embedder=embedder, language=language
        )
        made.policies.set(Policy(mode=Mode.DRAFT))

        def suggest(ticket_id: int) -> Suggested:
            found = made.suggestions().suggest(ticket_id)
            return Suggested(draft=found.draft, why=found.why, reason=found.reason)

        def desk() -> Desk:
            return Desk(account="acme", suggest=suggest, is_agent=made.desk.is_agent)

        slack.suggestions = desk
        with made.client:
            yield made


@pytest.fixture
def anna(slack: Asking) -> Person:
    return slack.workspace.member("Anna")


@pytest.fixture
def bob(slack: Asking) -> Person:
    return slack.workspace.member("Bob")


@pytest.fixture
def team(slack: Asking, anna: Person, bob: Person) -> Channel:
    """Where the people of everything else read."""
    channel = slack.workspace.channel("support-team", [anna, bob])
    slack.parts.routes.put(slack.team, Route(tag="", channel=channel.id))
    return channel


def drafted(slack: Asking, tickets: Tickets, text: str = RETURNS) -> tuple[Ticket, UUID]:
    ticket = tickets.asks(text)
    turn = tickets.attend(ticket)
    assert turn is not None
    slack.work()
    return ticket, turn.id


def only(slack: Asking, channel: Channel) -> Message:
    [found] = slack.workspace.from_bot(channel)
    assert faults_of_message({"text": found.text, "blocks": found.blocks}) == []
    return found


def press(slack: Asking, person: Person, where: Message, action: str, **more: Any) -> None:
    assert slack.workspace.ui.press(person, where, action, **more).status == 200
    slack.work()


def dialog(slack: Asking, person: Person) -> View:
    view = slack.workspace.modals.of(person)
    assert view is not None
    assert faults_of_view(view.body) == []
    return view


def submit(slack: Asking, person: Person, view: View, **typed: Any) -> None:
    assert slack.workspace.ui.submit(person, view, **typed).status == 200
    slack.work()


def told(slack: Asking) -> list[str]:
    return [each.text for each in slack.workspace.ephemerals]


def test_a_draft_is_shown_to_the_people_of_its_tag_and_approved_there(
    slack: Asking, tickets: Tickets, anna: Person, team: Channel
) -> None:
    ticket, draft = drafted(slack, tickets)
    asked = only(slack, team)
    assert f"https://acme.zendesk.com/agent/tickets/{ticket.id}" in shown(asked)
    assert RETURNS in shown(asked)
    assert "You have 60 days from the day of delivery" in shown(asked)
    assert "[1] <https://help.larkmoor.example/" in shown(asked)
    assert "The chance that the articles answer this is put at" in shown(asked)

    press(slack, anna, asked, "draft.approve")
    assert f"<@{anna.id}> approved this. It is being sent." in shown(asked)
    assert "draft.approve" not in str(asked.blocks)
    assert tickets.send(ticket, draft) == "sent"
    slack.work()
    assert f"Sent to the customer. <@{anna.id}> approved this." in shown(asked)
    assert told(slack) == []
    assert len(slack.workspace.from_bot(team)) == 1


def test_of_two_who_press_at_once_one_counts_and_the_other_is_told(
    slack: Asking, tickets: Tickets, anna: Person, bob: Person, team: Channel
) -> None:
    ticket, draft = drafted(slack, tickets)
    asked = only(slack, team)
    blocks = list(asked.blocks)

    def approves(person: Person) -> int:
        ui = slack.workspace.ui
        return ui.press(person, asked, "draft.approve", still_seen=blocks).status

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(approves, (anna, bob))) == [200, 200]
    slack.work()
    winner = tickets.drafts.get(draft).person
    late = f":hourglass_flowing_sand: <@{winner}> approved this. It is being sent."
    assert told(slack) == [f"Too late. {late}"]
    assert tickets.send(ticket, draft) == "sent"
    assert len(tickets.said(ticket, public=True)) == 1


def test_an_edited_reply_is_sent_in_the_person_s_words(
    slack: Asking, tickets: Tickets, anna: Person, team: Channel
) -> None:
    ticket, draft = drafted(slack, tickets)
    asked = only(slack, team)
    press(slack, anna, asked, "draft.edit")
    view = dialog(slack, anna)
    [field] = [each["element"] for each in view.body["blocks"]]
    assert "60 days" in field["initial_value"]
    submit(slack, anna, view, reply1="Sixty days, <!channel> [1].")

    assert f"<@{anna.id}> approved this after editing it" in shown(asked)
    assert "Sixty days, <!channel> [1]." in shown(asked)
    assert tickets.send(ticket, draft) == "sent"
    [reply] = tickets.said(ticket, public=True)
    assert "Sixty days" in reply.text
    assert tickets.drafts.get(draft).text == "Sixty days, <!channel> [1]."


def test_an_edit_that_changes_nothing_is_an_approval(
    slack: Asking, tickets: Tickets, anna: Person, team: Channel
) -> None:
    _, draft = drafted(slack, tickets)
    press(slack, anna, only(slack, team), "draft.edit")
    submit(slack, anna, dialog(slack, anna))

    found = tickets.drafts.get(draft)
    assert (found.state, found.text) == ("approved", None)


def test_a_rejection_says_why_and_comes_before_a_later_approval(
    slack: Asking, tickets: Tickets, anna: Person, bob: Person, team: Channel
) -> None:
    ticket, draft = drafted(slack, tickets)
    asked = only(slack, team)
    blocks = list(asked.blocks)
    press(slack, bob, asked, "draft.edit")
    press(slack, anna, asked, "draft.reject")
    submit(slack, anna, dialog(slack, anna), reason="outdated", comment="45 days <since> May")

    assert f"<@{anna.id}> rejected this: It is out of date. 45 days &lt;since&gt; May." in shown(
        asked
    )
    assert tickets.drafts.get(draft).reason == "outdated: 45 days <since> May"
    press(slack, bob, asked, "draft.approve", still_seen=blocks)
    assert "Too late." in told(slack)[-1]
    late = dialog(slack, bob)
    slack.workspace.ui.submit(bob, late, reply1="Sixty days.")
    assert late.errors["reply1"].startswith("Too late. somebody rejected this: It is out of date.")
    assert tickets.said(ticket, public=True) == []
    assert slack.rows("SELECT decision FROM draft_decisions") == [("rejected",)]


@pytest.mark.parametrize("what", ["approved", "rejected", "overtaken", "refused"])
def test_what_happens_elsewhere_is_shown(
    slack: Asking, tickets: Tickets, team: Channel, what: str
) -> None:
    ticket, draft = drafted(slack, tickets)
    asked = only(slack, team)
    match what:
        case "approved":
            tickets.drafts.approve(draft, actor=BERT)
            words = "bert (the command line) approved this"
        case "rejected":
            tickets.drafts.reject(draft, actor=BERT, reason="No.")
            words = "bert (the command line) rejected this: No."
        case "refused":
            tickets.drafts.approve(draft, actor=BERT)
            tickets.replies(ticket, "And a tent?")
            assert tickets.send(ticket, draft).startswith("refused")
            words = "Not sent: The customer has written again. bert (the command line) had approved"
        case _:
            tickets.agent_says(ticket, "Sixty days.", public=True)
            tickets.attend(ticket)
            [due] = slack.parts.draft_notices.due()
            slack.parts.draft_notices.show(due)
            words = "The ticket has moved on"
    slack.work()
    assert words in shown(asked)
    assert "draft.approve" not in str(asked.blocks)
    assert slack.parts.draft_notices.due() == ()


def test_the_tag_s_own_channel_comes_first_and_without_any_nothing_is_posted(
    slack: Asking, tickets: Tickets, anna: Person
) -> None:
    _, draft = drafted(slack, tickets)
    assert slack.rows("SELECT count(*) FROM slack_notices") == [(0,)]
    assert slack.parts.draft_notices.due() == ()

    mine, others = (slack.workspace.channel(each, [anna]) for each in ("returns", "all"))
    slack.run(f"UPDATE ticket_turns SET routing_tag = 'returns' WHERE id = '{draft}'")
    for tag, channel in (("returns", mine), ("", others)):
        slack.parts.routes.put(slack.team, Route(tag=tag, channel=channel.id))
    assert slack.parts.draft_notices.due() == (draft,)
    for _ in range(2):
        slack.parts.draft_notices.show(draft)
    assert "tag `returns`" in shown(only(slack, mine))
    assert slack.workspace.from_bot(others) == []


def test_nobody_from_outside_sees_or_decides(
    slack: Asking, tickets: Tickets, team: Channel
) -> None:
    guest = slack.workspace.guest("Gus")
    slack.workspace.join(guest, team)
    ticket = tickets.asks(RETURNS)
    turn = tickets.attend(ticket)
    assert turn is not None
    with pytest.raises(OthersRead, match="others can read along"):
        slack.work()
    assert slack.workspace.from_bot(team) == []

    slack.workspace.leave(guest, team)
    slack.run("DELETE FROM slack_rooms")
    slack.parts.draft_notices.show(turn.id)
    asked = only(slack, team)
    slack.workspace.join(guest, team)
    for action in ("draft.approve", "draft.edit", "draft.reject"):
        press(slack, guest, asked, action)
    assert told(slack) == ["Only members of the team decide what customers are told."] * 3
    assert slack.workspace.modals.of(guest) is None
    assert tickets.drafts.get(turn.id).state == "waiting"


@pytest.mark.parametrize("applied", [True, False])
def test_whatever_becomes_of_the_post_a_draft_is_shown_once(
    slack: Asking, tickets: Tickets, team: Channel, applied: bool
) -> None:
    slack.slack.failures.plan("reset", method="chat.postMessage", applied=applied)
    ticket = tickets.asks(RETURNS)
    turn = tickets.attend(ticket)
    assert turn is not None
    with pytest.raises(Exception, match="Nobody knows"):
        slack.work()
    for _ in range(2):
        slack.process().draft_notices.show(turn.id)
    only(slack, team)


# --- "What would you answer?"


@pytest.fixture
def carl(slack: Asking) -> Person:
    """An agent of the Zendesk account."""
    return slack.workspace.member("Carl", email="carl@acme.example")


def link(ticket: Ticket) -> str:
    return f"<https://acme.zendesk.com/agent/tickets/{ticket.id}>"


def asked_about(slack: Asking, channel: Channel, text: str, **more: Any) -> Message:
    question = slack.ask(channel, text, **more)
    slack.settle()
    [reply] = slack.replies(question)
    assert faults_of_message({"text": reply.text, "blocks": reply.blocks}) == []
    return reply


def test_who_pastes_a_ticket_gets_a_draft_to_decide_about(
    slack: Asking, tickets: Tickets, carl: Person, team: Channel
) -> None:
    tickets.policies.set(Policy(mode=Mode.OFF))
    ticket = tickets.asks(RETURNS)
    tickets.attend(ticket)
    direct = slack.workspace.direct_message(carl)
    reply = asked_about(slack, direct, f"What would you answer? {link(ticket)}")
    assert RETURNS in shown(reply)
    assert "You have 60 days" in shown(reply)
    again = asked_about(slack, direct, f"{link(ticket)} draft a reply please")
    [(draft,)] = slack.rows("SELECT id FROM drafts")

    assert slack.parts.draft_notices.due() == ()
    press(slack, carl, reply, "draft.approve")
    for each in (reply, again):
        assert f"<@{carl.id}> approved this" in shown(each)
    assert slack.workspace.from_bot(team) == []
    assert tickets.send(ticket, draft) == "sent"
    slack.work()
    for each in (reply, again):
        assert "Sent to the customer" in shown(each)
    assert "60 days" in tickets.said(ticket, public=True)[0].text
    third = asked_about(slack, direct, link(ticket))
    assert "Sent to the customer" in shown(third)
    assert tickets.said(ticket, public=False) == []


def test_a_draft_that_waits_already_is_the_one_that_is_shown(
    slack: Asking, tickets: Tickets, carl: Person, team: Channel
) -> None:
    slack.workspace.join(carl, team)
    ticket, _ = drafted(slack, tickets)
    reply = asked_about(slack, team, f"how would you reply to {link(ticket)}", by=carl)
    press(slack, carl, only_first(slack, team), "draft.approve")
    assert f"<@{carl.id}> approved this" in shown(reply)
    assert slack.rows("SELECT count(*) FROM drafts") == [(1,)]


def only_first(slack: Asking, channel: Channel) -> Message:
    return slack.workspace.from_bot(channel)[0]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("no agent", "Only agents of the Zendesk account may ask about tickets."),
        ("guest there", "Others can read along here"),
        ("deleted", "There is no ticket #"),
        ("unknown", "I found no article that answers this."),
        ("answered", "I have answered ticket #"),
    ],
)
def test_where_no_draft_may_or_can_be_shown_it_says_why(
    slack: Asking, tickets: Tickets, anna: Person, carl: Person, case: str, words: str
) -> None:
    ticket = tickets.asks("Do you sell children's bicycles?" if case == "unknown" else RETURNS)
    channel, asker = slack.workspace.channel("team", [anna, carl]), carl
    if case == "no agent":
        asker = anna
    elif case == "guest there":
        slack.workspace.join(slack.workspace.guest("Gus"), channel)
    elif case == "deleted":
        tickets.ticketing.delete(ticket, by=tickets.carl)
    elif case == "answered":
        tickets.policies.set(Policy(mode=Mode.AUTO))
        tickets.attend(ticket)
        assert len(tickets.said(ticket, public=True)) == 1
    reply = asked_about(slack, channel, f"What would you answer? {link(ticket)}", by=asker)
    assert words in shown(reply)
    assert RETURNS not in shown(reply)
    assert "draft.approve" not in str(reply.blocks)


@pytest.mark.parametrize(
    "link",
    ["https://acme.zendesk.com/agent/tickets/{}", "https://other.zendesk.com/agent/tickets/{}"],
)
def test_a_question_beside_a_link_is_answered_as_a_question(
    slack: Asking, tickets: Tickets, carl: Person, link: str
) -> None:
    ticket = tickets.asks("Is anybody there?")
    text = f"{RETURNS} <{link.format(ticket.id)}>"
    reply = asked_about(slack, slack.workspace.direct_message(carl), text)
    assert "You have 60 days" in shown(reply)
    assert "Is anybody there?" not in shown(reply)


def test_the_longest_draft_fits(draft: Draft) -> None:
    text = "\n\n".join(f"{'Wörter & <mehr> ' * 300} [{number}]" for number in range(1, 21))
    sources = tuple(
        DraftSource(number=n, rank=n, title="<T>" * 90, url="https://a.example/", quote="q & " * 90)
        for n in range(1, 21)
    )
    reply = DraftReply(text=text, sources=sources)
    assert faults_of_message(message(draft, reply, ticket_url="https://a.example/1")) == []
    view = edit_dialog(draft, reply)
    assert faults_of_view(view) == []
    fields = [each["element"]["initial_value"] for each in view["blocks"]]
    assert " ".join(fields).split() == text.split()


@pytest.fixture
def draft(slack: Asking, tickets: Tickets) -> Draft:
    found = tickets.drafts.get(drafted(slack, tickets)[1])
    return replace(found, question="<@U1> & " * 900, text=None, reason="x" * 900)
