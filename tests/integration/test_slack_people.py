"""What people say of answers, and how questions come to people: in Slack and as tickets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from bot.feedback import Feedback
from bot.language import LanguageDetector
from bot.slack.handovers import Route
from bot.slack.tickets import Tickets
from bot.triage.models import Example, RoutingTag, Rule
from connectors.zendesk.account import DESK_SCOPES, ZendeskAccount
from connectors.zendesk.desk import TicketDesk
from connectors.zendesk.login import OAuthClient
from tests.asking import Asking, asking, shown
from tests.fakes.slack.limits import faults_of_message, faults_of_view
from tests.fakes.zendesk import FakeZendesk
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Message, Person
    from tests.fakes.slack.records import View

RETURNS = "How long do I have to return a jacket?"
UNKNOWN = "Do you sell children's bicycles?"


@pytest.fixture(scope="module")
def migrated_template(sample_template: str) -> str:
    """Each test's database has the sample help center in it."""
    return sample_template


@pytest.fixture
def slack(
    pool: ConnectionPool[Connection[Any]], embedder: Embedder, language: LanguageDetector
) -> Iterator[Asking]:
    with asking(pool, embedder, language) as made:
        yield made


@pytest.fixture
def anna(slack: Asking) -> Person:
    return slack.workspace.member("Anna", email="anna@acme.example")


@pytest.fixture
def bob(slack: Asking) -> Person:
    return slack.workspace.member("Bob")


@pytest.fixture
def support(slack: Asking, anna: Person, bob: Person) -> Channel:
    return slack.workspace.channel("support", [anna, bob])


def answered(slack: Asking, channel: Channel, text: str = RETURNS) -> Message:
    """The reply to a question that was asked in this channel."""
    question = slack.ask(channel, text)
    slack.settle()
    [reply] = slack.replies(question)
    return reply


def press(slack: Asking, person: Person, where: Message, action: str, chosen: Any = None) -> None:
    assert slack.workspace.ui.press(person, where, action, chosen).status == 200
    slack.work()


def dialog(slack: Asking, person: Person) -> View:
    view = slack.workspace.modals.of(person)
    assert view is not None
    assert faults_of_view(view.body) == []
    return view


def submit(slack: Asking, person: Person, **typed: Any) -> View:
    view = dialog(slack, person)
    assert slack.workspace.ui.submit(person, view, **typed).status == 200
    slack.work()
    return view


# --- Ratings


def test_a_thumb_is_noted_and_a_bad_one_asks_why(
    slack: Asking, anna: Person, bob: Person, support: Channel
) -> None:
    reply = answered(slack, support)
    press(slack, anna, reply, "feedback", "positive")
    press(slack, bob, reply, "feedback", "negative")
    submit(slack, bob, reasons=["incorrect", "outdated"], comment="It is 45 days now.")
    press(slack, anna, reply, "feedback", "negative")

    rows = slack.rows("SELECT person, helpful, reasons, comment FROM feedback ORDER BY person")
    assert rows == [
        (anna.id, False, [], ""),
        (bob.id, False, ["incorrect", "outdated"], "It is 45 days now."),
    ]
    assert [each.text for each in slack.workspace.ephemerals] == ["Thank you, that is noted."]


def test_a_rating_of_what_was_erased_harms_nobody(
    slack: Asking, anna: Person, support: Channel
) -> None:
    reply = answered(slack, support)
    slack.run("DELETE FROM questions")
    press(slack, anna, reply, "feedback", "negative")
    submit(slack, anna, reasons=["other"])

    assert slack.rows("SELECT count(*) FROM feedback") == [(0,)]


# --- Wrong or missing articles


def test_a_wrong_article_goes_on_the_list(slack: Asking, anna: Person, support: Channel) -> None:
    reply = answered(slack, support)
    question = slack.rows("SELECT id FROM questions")[0][0]
    press(slack, anna, reply, "more", f"report:{question}")
    assert "Returning an item" in str(dialog(slack, anna).body)
    submit(slack, anna, kind="wrong", ranks=["0"], comment="45 days since May")

    [report] = Feedback(pool=slack.pool).open_reports()
    assert (report.kind, report.person, report.comment) == ("wrong", anna.id, "45 days since May")
    assert slack.rows("SELECT title FROM documents WHERE id = ANY(%s)", list(report.documents)) == [
        ("Returning an item",)
    ]


def test_a_missing_article_goes_on_the_list(slack: Asking, anna: Person, support: Channel) -> None:
    reply = answered(slack, support, UNKNOWN)
    press(slack, anna, reply, "report")
    submit(slack, anna, kind="missing", comment="We do, since spring.")

    [report] = Feedback(pool=slack.pool).open_reports()
    assert (report.kind, report.question) == ("missing", UNKNOWN)


def test_nobody_is_offered_an_article_that_is_not_for_them(slack: Asking, anna: Person) -> None:
    channel = slack.workspace.channel("support", [anna])
    reply = answered(slack, channel, "How much goodwill may I give without asking my team lead?")
    guest = slack.workspace.guest("Gus")
    slack.workspace.join(guest, channel)
    press(slack, guest, reply, "more", reply.blocks[2]["elements"][-1]["options"][0]["value"])

    assert "goodwill" not in str(dialog(slack, guest).body).lower()


# --- People


def test_where_nobody_is_set_up_it_says_so(slack: Asking, anna: Person, support: Channel) -> None:
    press(slack, anna, answered(slack, support), "person")

    assert "Nobody is set up to be asked yet." in str(dialog(slack, anna).body)


def route(slack: Asking, **route: str) -> None:
    slack.parts.routes.put(slack.team, Route(**route))


def test_the_people_of_the_tag_are_asked_where_they_read(
    slack: Asking, anna: Person, bob: Person, support: Channel
) -> None:
    returns = slack.workspace.channel("returns-team", [bob])
    group = slack.workspace.group("returns", [bob])
    slack.taxonomy.save([RoutingTag(name="returns", description="Sending things back")])
    slack.taxonomy.add_rule(Rule(tag="returns", phrases=("return*",)))
    route(slack, tag="returns", channel=returns.id, group=group.id)
    route(slack, tag="", channel=support.id)
    reply = answered(slack, support)
    press(slack, anna, reply, "person")
    submit(slack, anna, kind="group", comment="The customer is <!channel> angry")

    [asked] = slack.workspace.from_bot(returns)
    told = slack.replies(slack.workspace.messages(support)[0])[-1]
    assert f"<!subteam^{group.id}> <@{anna.id}> asks for a person." in shown(asked)
    assert RETURNS in shown(asked)
    assert "&lt;!channel&gt; angry" in shown(asked)
    assert "Tag returns" in shown(asked)
    assert f"/archives/{support.id}/p" in shown(asked)
    assert f"/archives/{returns.id}/p" in shown(told)
    assert faults_of_message({"text": asked.text, "blocks": asked.blocks}) == []

    press(slack, bob, asked, "resolved")
    assert f"Resolved by <@{bob.id}>" in shown(asked)
    assert "Mark resolved" not in shown(asked)
    assert f"Resolved by <@{bob.id}>" in shown(told)


def test_without_a_route_of_its_own_the_people_for_everything_else_are_asked_in_the_thread(
    slack: Asking, anna: Person, bob: Person, support: Channel
) -> None:
    group = slack.workspace.group("helpers", [bob])
    route(slack, tag="", group=group.id)
    reply = answered(slack, support, UNKNOWN)
    press(slack, anna, reply, "person")
    submit(slack, anna, kind="group")

    asked = slack.replies(slack.workspace.messages(support)[0])[-1]
    assert f"<!subteam^{group.id}>" in shown(asked)
    assert asked.thread_ts == reply.thread_ts


def test_people_are_asked_once(slack: Asking, anna: Person, bob: Person, support: Channel) -> None:
    route(slack, tag="", group=slack.workspace.group("helpers", [bob]).id)
    reply = answered(slack, support)
    press(slack, anna, reply, "person")
    press(slack, bob, reply, "person")
    mine, other = dialog(slack, anna), dialog(slack, bob)
    slack.workspace.ui.submit(anna, mine, kind="group")
    slack.workspace.ui.submit(bob, other, kind="group")
    slack.work()

    assert other.errors == {
        "comment": "People were asked about this already. They answer in its thread."
    }
    assert len(slack.replies(slack.workspace.messages(support)[0])) == 2


def test_with_people_in_it_the_bot_waits_to_be_named(
    slack: Asking, anna: Person, bob: Person, support: Channel
) -> None:
    route(slack, tag="", group=slack.workspace.group("helpers", [bob]).id)
    press(slack, anna, answered(slack, support), "person")
    submit(slack, anna, kind="group")
    question = slack.workspace.messages(support)[0]
    slack.workspace.say(anna, support, "Any idea how long that takes?", thread=question)
    slack.settle()

    assert len(slack.replies(question)) == 2


@pytest.mark.parametrize(("fault", "applied"), [("reset", True), ("reset", False)])
def test_whatever_becomes_of_the_post_people_are_asked_once(
    slack: Asking, anna: Person, bob: Person, support: Channel, fault: Any, applied: bool
) -> None:
    route(slack, tag="", group=slack.workspace.group("helpers", [bob]).id)
    press(slack, anna, answered(slack, support), "person")
    slack.slack.failures.plan(fault, method="chat.postMessage", applied=applied)
    slack.workspace.ui.submit(anna, dialog(slack, anna), kind="group")
    with pytest.raises(Exception, match="Nobody knows"):
        slack.work()
    question = slack.rows("SELECT question_id FROM slack_handoffs")[0][0]
    slack.process().handing_over.carry_out(question)
    slack.process().handing_over.carry_out(question)

    assert len(slack.replies(slack.workspace.messages(support)[0])) == 2


def test_what_only_the_asker_saw_can_be_handed_over(
    slack: Asking, anna: Person, bob: Person, support: Channel
) -> None:
    team = slack.workspace.channel("team", [bob])
    route(slack, tag="", channel=team.id)
    slack.workspace.ui.command(anna, support, "/ask", UNKNOWN)
    slack.work()
    slack.workspace.ui.press(anna, slack.workspace.ephemerals[-1], "person")
    submit(slack, anna, kind="group")

    [asked] = slack.workspace.from_bot(team)
    assert UNKNOWN in shown(asked)
    assert f"Asked in <#{support.id}>" in shown(asked)


# --- Tickets


@pytest.fixture
def zendesk(slack: Asking) -> Iterator[FakeZendesk]:
    """Zendesk is connected."""
    with FakeZendesk(clock=slack.clock) as running:
        account = ZendeskAccount(
            subdomain="acme",
            credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
            base_url=running.base_url,
            scopes=DESK_SCOPES,
            timeout=PATIENCE,
            clock=slack.clock,
            sleep=slack.clock.sleep,
        )
        with account.client() as client:
            desk = TicketDesk(client=client, sleep=slack.clock.sleep)
            tags = slack.taxonomy
            slack.tickets = lambda: Tickets(
                desk=desk,
                tag=lambda name: next((e for e in tags.read().tags if e.name == name), None),
            )
            slack.restart()
            yield running


def test_a_ticket_says_what_is_asked_and_leads_back(
    slack: Asking, anna: Person, bob: Person, support: Channel, zendesk: FakeZendesk
) -> None:
    group = zendesk.account.ticketing.group("Billing")
    slack.taxonomy.save(
        [RoutingTag(name="bikes", description="Bicycles", group_id=group.id, priority="high")],
        [Example(text=UNKNOWN, tag="bikes")],
    )
    slack.taxonomy.add_rule(Rule(tag="bikes", phrases=("bicycle*",)))
    reply = answered(slack, support, UNKNOWN)
    press(slack, anna, reply, "person")
    submit(slack, anna, kind="ticket", comment="Order 4711")

    [ticket] = zendesk.account.ticketing.tickets.values()
    [note] = ticket.comments
    assert (ticket.subject, ticket.requester.email) == (UNKNOWN, "anna@acme.example")
    assert (ticket.group_id, ticket.priority) == (group.id, "high")
    assert set(ticket.tags) == {"bikes", "supportbot_handoff"}
    assert not note.public
    assert "Order 4711" in note.text
    assert f"/archives/{support.id}/p" in note.text
    told = slack.replies(slack.workspace.messages(support)[0])[-1]
    assert f"https://acme.zendesk.com/agent/tickets/{ticket.id}" in shown(told)

    press(slack, bob, told, "resolved")
    assert f"Resolved by <@{bob.id}>" in shown(told)
    assert ticket.status == "solved"
    assert "resolved in Slack" in ticket.comments[-1].text


@pytest.mark.parametrize(("fault", "applied"), [("reset", True), ("reset", False), (500, True)])
def test_whatever_becomes_of_the_request_there_is_one_ticket(
    slack: Asking,
    anna: Person,
    support: Channel,
    zendesk: FakeZendesk,
    fault: Any,
    applied: bool,
) -> None:
    press(slack, anna, answered(slack, support, UNKNOWN), "person")
    zendesk.failures.plan(fault, matching=r"POST .*/tickets", applied=applied)
    slack.workspace.ui.submit(anna, dialog(slack, anna), kind="ticket")
    with pytest.raises(Exception, match="not known"):
        slack.work()
    question = slack.rows("SELECT question_id FROM slack_handoffs")[0][0]
    for _ in range(2):
        slack.process().handing_over.carry_out(question)

    assert len(zendesk.account.ticketing.tickets) == 1
    assert len(slack.replies(slack.workspace.messages(support)[0])) == 2
