"""The ticket desk over real HTTP: reading conversations, one safe write, and who did what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.errors import (
    PermissionMissing,
    RateLimited,
    RequestRejected,
    SourceUnavailable,
    WriteUncertain,
)
from connectors.zendesk.account import DESK_SCOPES, ZendeskAccount
from connectors.zendesk.conversation import NotWritten, TicketChange, Written
from connectors.zendesk.desk import TicketDesk
from connectors.zendesk.directory import Directory
from connectors.zendesk.hooks import BY_TRIGGERS, Condition, Hooks, Trigger, Webhook
from connectors.zendesk.login import ApiToken, OAuthClient
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk
from tests.fakes.zendesk.receiver import Receiver
from tests.fakes.zendesk.ticketing import Person, Ticket

ANSWER = TicketChange(marker="m-1", html="<p>Within 45 days.</p>", public=True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def zendesk(clock: FakeClock) -> Iterator[FakeZendesk]:
    with FakeZendesk(clock=clock) as running:
        yield running


def account(zendesk: FakeZendesk, **changes: Any) -> ZendeskAccount:
    settings: dict[str, Any] = {
        "subdomain": "acme",
        "credentials": OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
        "base_url": zendesk.base_url,
        "scopes": DESK_SCOPES,
        "timeout": 5.0,
        "clock": zendesk.clock,
        "sleep": zendesk.clock.sleep,  # type: ignore[attr-defined]  # the fixture's clock is a fake
    }
    return ZendeskAccount(**{**settings, **changes})


@pytest.fixture
def desk(zendesk: FakeZendesk, clock: FakeClock) -> Iterator[TicketDesk]:
    with account(zendesk).client() as client:
        yield TicketDesk(client=client, sleep=clock.sleep)


@pytest.fixture
def anna(zendesk: FakeZendesk) -> Person:
    return zendesk.account.ticketing.person(
        "Anna Schmidt", locale="de", organization_id=5, tags=("vip",)
    )


@pytest.fixture
def ticket(zendesk: FakeZendesk, anna: Person) -> Ticket:
    found = zendesk.account.ticketing.ticket(anna, "Tents", "How long?", tags=("tent", "new"))
    zendesk.clock.advance(60)  # type: ignore[attr-defined]  # the fixture's clock is a fake
    return found


def written(desk: TicketDesk, ticket: Ticket, change: TicketChange) -> Written | NotWritten:
    conversation = desk.conversation(ticket.id)
    assert conversation is not None
    return desk.write(conversation, change)


# --- Reading


def test_a_conversation_says_who_said_what_in_two_requests(
    zendesk: FakeZendesk, desk: TicketDesk, anna: Person, clock: FakeClock
) -> None:
    ticketing = zendesk.account.ticketing
    carl = ticketing.person("Carl", role="agent")
    group, form = ticketing.group("Returns"), ticketing.form("Order")
    fields: dict[str, Any] = {
        "group_id": group.id,
        "form_id": form.id,
        "brand_id": zendesk.account.main.id,
        "assignee_id": carl.id,
        "priority": "high",
        "custom_fields": {9: "4711"},
    }
    says = {"flags": (4, 11), "attachments": 2, "channel": "web"}
    ticket = ticketing.ticket(anna, "Tents", "How long?", says=says, tags=("tent",), **fields)
    clock.advance(60)
    ticketing.comment(ticket, carl, "Ask Bob", public=False, channel="web")
    ticketing.rate(ticket, "good")

    found = desk.conversation(ticket.id)

    assert found is not None
    assert len(zendesk.journal) == 3  # with the one for a token
    assert (found.subject, found.status, found.priority) == ("Tents", "open", "high")
    assert (found.group_id, found.form_id, found.assignee_id) == (group.id, form.id, carl.id)
    assert (found.brand_id, found.score) == (zendesk.account.main.id, "good")
    assert (found.tags, found.custom_fields) == (frozenset({"tent"}), {9: "4711"})
    asker = found.requester
    assert (asker.id, asker.locale, asker.is_staff) == (anna.id, "de", False)
    assert (asker.organization_id, asker.tags) == (5, frozenset({"vip"}))
    first, second = found.messages
    assert (first.author, first.text, first.public) == (asker, "How long?", True)
    assert (first.channel, first.flags, first.attachments) == ("web", frozenset({4, 11}), 2)
    assert (second.author.is_staff, second.public, second.text) == (True, False, "Ask Bob")
    assert (found.whole, found.comment_count, found.merged) == (True, 2, False)


def test_of_a_long_ticket_the_newest_comments_are_read(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket, anna: Person, clock: FakeClock
) -> None:
    for number in range(1, 250):
        clock.advance(1)
        zendesk.account.ticketing.comment(ticket, anna, f"Word {number}")

    newest, more, everything = (desk.conversation(ticket.id, pages=n) for n in (1, 2, 9))

    assert newest is not None
    assert more is not None
    assert everything is not None
    assert [each.text for each in newest.messages] == [f"Word {n}" for n in range(150, 250)]
    assert (newest.whole, newest.comment_count, newest.requester.id) == (False, 250, anna.id)
    assert (len(more.messages), more.whole) == (200, False)
    assert (everything.messages[0].text, everything.whole) == ("How long?", True)
    assert len(zendesk.calls("/comments")) == 1 + 2 + 3


def test_what_is_gone_or_merged_is_told(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket, anna: Person
) -> None:
    ticketing = zendesk.account.ticketing
    carl = ticketing.person("Carl", role="agent")
    other = ticketing.ticket(anna, "Stoves", "How hot?")
    ticketing.merge(other, ticket, carl)
    merged = desk.conversation(other.id)
    ticketing.delete(ticket, carl)

    assert merged is not None
    assert (merged.status, merged.merged) == ("closed", True)
    assert desk.conversation(ticket.id) is None
    assert desk.state(ticket.id) is None
    assert desk.find_marker(ticket.id, "m-1") is None


def test_somebody_whom_zendesk_does_not_describe_is_no_customer(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket
) -> None:
    system = Person(id=-1, name="", email="", role="system")
    zendesk.account.ticketing.comment(ticket, system, "Automatic")

    found = desk.conversation(ticket.id)

    assert found is not None
    assert [each.author.is_staff for each in found.messages] == [False, True]


def test_one_look_tells_whether_anything_changed(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket, anna: Person, clock: FakeClock
) -> None:
    before = desk.conversation(ticket.id)
    same = desk.state(ticket.id)
    assert before is not None
    assert same is not None
    assert not same.follows(before)

    zendesk.account.ticketing.comment(ticket, anna, "One more thing")
    ticket.updated_at = ticket.created_at  # as within the same second
    commented = desk.state(ticket.id)
    clock.advance(5)
    zendesk.account.ticketing.change(ticket, status="pending")
    changed = desk.state(ticket.id)

    assert commented is not None
    assert changed is not None
    assert commented.stamp == before.stamp
    assert commented.follows(before)
    assert (changed.status, changed.tags) == ("pending", frozenset({"tent", "new"}))
    assert changed.follows(before)


# --- Writing


def test_one_request_writes_everything(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket
) -> None:
    group = zendesk.account.ticketing.group("Returns")
    change = TicketChange(
        marker="m-1",
        html="<p>Within <b>45</b> days.</p>",
        public=True,
        add_tags=frozenset({"bot_answered"}),
        remove_tags=frozenset({"new"}),
        status="pending",
        priority="low",
        group_id=group.id,
        assignee_id=desk.bot_id,
        custom_fields={9: "yes"},
    )

    outcome = written(desk, ticket, change)

    said = ticket.comments[-1]
    assert outcome == Written(comment_id=said.id, stamp="2026-11-01T00:01:00Z")
    assert (said.text, said.public, said.author.id) == ("Within 45 days.", True, desk.bot_id)
    assert "<b>45</b>" in said.html
    assert ticket.tags == ("bot_answered", "tent")
    assert (ticket.status, ticket.priority, ticket.group_id) == ("pending", "low", group.id)
    assert (ticket.assignee_id, ticket.custom_fields) == (desk.bot_id, {9: "yes"})
    assert [each.method for each in zendesk.journal].count("PUT") == 1
    reread = desk.conversation(ticket.id)
    assert reread is not None
    assert reread.messages[-1].marker == "m-1"


def test_a_note_is_never_left_to_the_tickets_default(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket
) -> None:
    written(desk, ticket, TicketChange(marker="m-1", html="<p>For agents.</p>"))

    (put,) = [each for each in zendesk.journal if each.method == "PUT"]
    assert json.loads(put.body)["ticket"]["comment"]["public"] is False
    assert [each.public for each in ticket.comments] == [True, False]
    assert "tags" not in json.loads(put.body)["ticket"]


def test_what_somebody_else_changed_is_not_overwritten(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket, anna: Person
) -> None:
    before = desk.conversation(ticket.id)
    assert before is not None
    zendesk.account.ticketing.reply(ticket, "Never mind.")

    assert desk.write(before, ANSWER) == NotWritten(why="changed")
    assert [each.author.id for each in ticket.comments] == [anna.id, anna.id]


@pytest.mark.parametrize(("status", "why"), [("closed", "closed"), ("deleted", "gone")])
def test_what_can_no_longer_be_written_to(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket, status: str, why: Any
) -> None:
    before = desk.conversation(ticket.id)
    assert before is not None
    zendesk.account.ticketing.change(ticket, status=status)

    assert desk.write(before, ANSWER) == NotWritten(why=why)


def test_a_change_that_breaks_zendesks_rules_is_named(desk: TicketDesk, ticket: Ticket) -> None:
    with pytest.raises(RequestRejected, match=r"Group: is invalid.*still exist"):
        written(desk, ticket, TicketChange(marker="m-1", html="<p>x</p>", group_id=5))
    assert len(ticket.comments) == 1


@pytest.mark.parametrize("shows_custom", [True, False])
@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("fault", ["timeout", "reset", 500, 503])
def test_an_uncertain_write_is_sent_once_and_found_again(
    zendesk: FakeZendesk, ticket: Ticket, fault: Any, applied: bool, shows_custom: bool
) -> None:
    zendesk.account.ticketing.comments_show_custom = shows_custom
    zendesk.failures.plan(fault, matching="PUT", times=9, applied=applied)
    with account(zendesk, timeout=0.3).client() as client:
        desk = TicketDesk(client=client)
        with pytest.raises(WriteUncertain, match="not known"):
            written(desk, ticket, ANSWER)

        assert [each.method for each in zendesk.journal].count("PUT") == 1
        found = desk.find_marker(ticket.id, "m-1")
        assert found == (Written(comment_id=ticket.comments[-1].id) if applied else None)
        assert desk.find_marker(ticket.id, "m-2") is None


def test_an_update_without_a_comment_is_found_among_many_audits(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket, anna: Person
) -> None:
    for number in range(199):
        zendesk.account.ticketing.comment(ticket, anna, f"Word {number}")
    zendesk.failures.plan(500, matching="PUT", applied=True)
    with pytest.raises(WriteUncertain):
        written(desk, ticket, TicketChange(marker="m-1", add_tags=frozenset({"bot"})))

    assert len(ticket.audits) == 201
    assert desk.find_marker(ticket.id, "m-1") == Written(comment_id=None)


def test_what_never_left_is_not_uncertain(zendesk: FakeZendesk, ticket: Ticket) -> None:
    with account(zendesk).client() as client:
        before = TicketDesk(client=client).conversation(ticket.id)
    assert before is not None
    token = ApiToken(email="bot@acme.example", token="the-api-token")
    away = account(zendesk, base_url="http://127.0.0.1:9", credentials=token)
    with away.client() as client, pytest.raises(SourceUnavailable) as caught:
        TicketDesk(client=client).write(before, ANSWER)
    assert not isinstance(caught.value, WriteUncertain)


@pytest.mark.parametrize("applied", [True, False])
def test_a_write_that_was_refused_for_its_rate_is_left_to_the_caller(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket, clock: FakeClock, applied: bool
) -> None:
    zendesk.failures.plan(429, matching="PUT", retry_after="37", applied=applied)

    with pytest.raises(RateLimited) as caught:
        written(desk, ticket, ANSWER)

    assert (caught.value.retry_after, clock.slept) == (37, [])
    assert len(ticket.comments) == (2 if applied else 1)


def test_the_limit_of_one_ticket_does_not_hold_up_others(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket, anna: Person, clock: FakeClock
) -> None:
    zendesk.limits.updates_per_ticket = 1
    other = zendesk.account.ticketing.ticket(anna, "Stoves", "How hot?")
    assert isinstance(written(desk, ticket, ANSWER), Written)
    clock.advance(1)

    with pytest.raises(RateLimited) as caught:
        written(desk, ticket, TicketChange(marker="m-2", html="<p>Again.</p>"))

    assert caught.value.retry_after > 60
    assert isinstance(written(desk, other, ANSWER), Written)
    assert clock.slept == []


def test_a_missing_permission_says_what_to_do(zendesk: FakeZendesk, ticket: Ticket) -> None:
    def refused(scopes: tuple[str, ...]) -> str:
        with (
            account(zendesk, scopes=scopes).client() as client,
            pytest.raises(PermissionMissing) as caught,
        ):
            written(TicketDesk(client=client), ticket, ANSWER)
        return str(caught.value)

    assert "scopes: write). Allow that scope" in refused(("read",))
    zendesk.failures.plan(403, matching="PUT")
    assert "may not work on this ticket" in refused(DESK_SCOPES)


# --- What changed, and who may read what


def test_what_changed_comes_in_pages_at_the_exports_own_pace(
    zendesk: FakeZendesk, desk: TicketDesk, anna: Person, clock: FakeClock
) -> None:
    ticketing = zendesk.account.ticketing
    made = [ticketing.ticket(anna, f"Ticket {n}", "How?").id for n in range(2100)]
    ticketing.delete(ticketing.tickets[made[0]], ticketing.person("Carl", role="agent"))
    clock.advance(600)

    pages = list(desk.changed_since(start=0))
    assert [each.last for each in pages] == [False, False, True]
    assert {each.ticket_id for page in pages for each in page.tickets} == set(made[1:])
    assert clock.slept == [6, 6]

    ticketing.change(ticketing.tickets[made[7]], status="solved")
    (later,) = desk.changed_since(cursor=pages[-1].cursor)
    (found,) = later.tickets
    assert (found.ticket_id, found.status, later.last) == (made[7], "solved", True)
    assert next(desk.changed_since(cursor=later.cursor)).tickets == ()
    with pytest.raises(RequestRejected):
        next(desk.changed_since(cursor="!"))


def test_an_export_that_is_refused_holds_nobody_else_up(
    zendesk: FakeZendesk, desk: TicketDesk, ticket: Ticket, clock: FakeClock
) -> None:
    zendesk.limits.exports_per_minute = 1
    next(desk.changed_since(start=0))
    with account(zendesk).client(longest_wait=5) as client, pytest.raises(RateLimited):
        next(TicketDesk(client=client).changed_since(start=0))
    assert desk.state(ticket.id) is not None
    assert clock.slept == []


def test_segments_of_a_requester(zendesk: FakeZendesk, desk: TicketDesk, anna: Person) -> None:
    known = zendesk.account.segment("Signed in")
    vip = zendesk.account.segment("VIP", tags=("vip",), organization_ids=(5,))
    zendesk.account.segment("Elsewhere", organization_ids=(6,))
    zendesk.account.segment("Staff", user_type="staff")

    assert desk.segments_of(anna.id) == {str(known.id), str(vip.id)}
    assert desk.segments_of(999) == frozenset()
    zendesk.account.main.help_center = "disabled"
    assert desk.segments_of(anna.id) == frozenset()
    zendesk.account.main.help_center = "enabled"
    zendesk.behaviour.segments_readable = False
    with pytest.raises(PermissionMissing, match="Help Center manager"):
        desk.segments_of(anna.id)


def test_the_directory_names_what_there_is(zendesk: FakeZendesk, anna: Person) -> None:
    ticketing = zendesk.account.ticketing
    with account(zendesk).client() as client:
        directory = Directory(client=client)
        assert directory.ticket_forms() == ()  # a plan without forms
        ticketing.group("Returns")
        ticketing.form("Order")
        ticketing.ticket(anna, "T", "How?", tags=("rare", "often"))
        ticketing.ticket(anna, "T", "How?", tags=("often",))

        assert [each.name for each in directory.groups()] == ["Returns"]
        assert [each.name for each in directory.ticket_forms()] == ["Order"]
        assert [each.name for each in directory.brands()] == ["Acme"]
        assert directory.tags() == ("often", "rare")
        assert directory.tags(most=1) == ("often",)


# --- Webhooks and triggers


def test_webhooks_and_triggers_are_made_changed_and_tested(
    zendesk: FakeZendesk, ticket: Ticket
) -> None:
    with account(zendesk).client() as client, Receiver() as receiver:
        hooks = Hooks(client=client)
        events = frozenset({"zen:event-type:ticket.created"})
        made = hooks.create_webhook(
            Webhook(name="Supportbot", endpoint="http://127.0.0.1:9/", subscriptions=events)
        )
        called = hooks.create_webhook(
            Webhook(
                name="Rules",
                endpoint="http://127.0.0.1:9/",
                subscriptions=frozenset({BY_TRIGGERS}),
            )
        )
        assert set(hooks.webhooks()) == {made, called}
        assert (made.is_called_by_triggers, called.is_called_by_triggers) == (False, True)
        assert hooks.signing_secret(made.id) == zendesk.deliveries.webhooks[made.id].secret
        assert hooks.test_webhook(made.id) == 0  # nobody is there
        hooks.update_webhook(
            Webhook(
                id=made.id,
                name="Supportbot",
                endpoint=receiver.url,
                subscriptions=events,
                active=False,
            )
        )
        receiver.answers = [(401, "")]
        assert hooks.test_webhook(made.id, '{"type": "test"}') == 401
        assert receiver.came[0][1] == b'{"type": "test"}'
        assert not zendesk.deliveries.webhooks[made.id].active

        wanted = Trigger(
            title="Tell Supportbot",
            all=(Condition(field="role", operator="is", value="end_user"),),
            webhook_id=called.id,
            body='{"ticket_id": "{{ticket.id}}"}',
        )
        rule = hooks.create_trigger(wanted)
        assert hooks.triggers() == (rule,)
        assert (rule.body, rule.all, rule.webhook_id) == (wanted.body, wanted.all, called.id)
        hooks.update_trigger(
            Trigger(
                id=rule.id,
                title="Tell",
                all=rule.all,
                webhook_id=called.id,
                body="{}",
                active=False,
            )
        )
        (changed,) = hooks.triggers()
        assert (changed.title, changed.body, changed.active) == ("Tell", "{}", False)
        with pytest.raises(RequestRejected, match="cannot be used by triggers"):
            hooks.create_trigger(Trigger(title="T", all=rule.all, webhook_id=made.id, body="{}"))
        with pytest.raises(RequestRejected, match="cannot be changed"):
            hooks.update_webhook(
                Webhook(id=made.id, name="S", endpoint="x", subscriptions=frozenset({BY_TRIGGERS}))
            )


def test_webhooks_are_for_administrators(zendesk: FakeZendesk) -> None:
    zendesk.account.bot.role = "agent"
    with account(zendesk).client() as client, pytest.raises(PermissionMissing, match="administr"):
        Hooks(client=client).webhooks()
