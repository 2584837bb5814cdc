"""Macros of a Zendesk account as documents, against the stand-in over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from connectors.base import Checkpoint, Delete, Failed, Upsert
from connectors.errors import SourceUnavailable
from connectors.registry import KINDS, Accounts
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.login import OAuthClient
from connectors.zendesk.macros import MacrosConnector
from indexing.models import Audience, Document
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk
from tests.waiting import PATIENCE


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk(clock=FakeClock()) as running:
        yield running


def connector(zendesk: FakeZendesk, **settings: str) -> MacrosConnector:
    account = ZendeskAccount(
        subdomain="acme",
        credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
        base_url=zendesk.base_url,
        timeout=PATIENCE,
        clock=zendesk.clock,
        sleep=zendesk.clock.sleep,  # type: ignore[attr-defined]  # the fixture's clock is a fake
    )
    built = KINDS["zendesk-macros"].build(
        settings, source="macros", accounts=Accounts(zendesk=lambda: account)
    )
    assert isinstance(built, MacrosConnector)
    return built


def documents(zendesk: FakeZendesk, **settings: str) -> dict[str, Document]:
    changes = connector(zendesk, **settings).changes("")
    found = [each.document for each in changes if isinstance(each, Upsert)]
    return {each.title: each for each in found}


def test_a_macro_arrives_whole(zendesk: FakeZendesk) -> None:
    macro = zendesk.account.ticketing.macro(
        "Returns::Abroad::Refund <denied>",
        "Hello {{ticket.requester.first_name}},\r\nwe are sorry.\n\nIf 3 < 4 write to us.",
        description="Only after the second mail.",
    )

    found = documents(zendesk, locale="en_GB")["Refund <denied>"]

    assert found.id == f"macro:{macro.id}"
    assert (found.kind, found.source, found.locale) == ("macro", "macros", "en-gb")
    assert found.audience == Audience.agents()
    assert found.heading_path == ("Returns", "Abroad")
    assert found.url == (
        f"https://acme.zendesk.com/admin/workspaces/agent-workspace/macros/{macro.id}"
    )
    assert found.body == (
        "<p>Only after the second mail.</p>\n"
        "<p>Hello [ticket.requester.first_name],<br>we are sorry.</p>\n"
        "<p>If 3 &lt; 4 write to us.</p>\n"
    )
    assert found.edited_at is not None
    assert int(found.edited_at.timestamp()) == int(macro.updated_at)


def test_the_rich_text_counts_and_a_channel_is_no_part_of_it(zendesk: FakeZendesk) -> None:
    ticketing = zendesk.account.ticketing
    ticketing.macro("Rich", "poor", html="<ol><li>Open</li></ol>")
    ticketing.macro("Chat", ["channel:chat", "Hi there"])

    found = documents(zendesk)

    assert found["Rich"].body == "<ol><li>Open</li></ol>"
    assert found["Chat"].body == "<p>Hi there</p>\n"


@pytest.mark.parametrize(
    "html",
    [
        "<p>{{ticket.id}}</p>",
        "<p>{{ ticket.id | default: 'x' }}</p>",
        "<p>&#123;&#x7b;ticket.id}}</p>",
        "<p>&lcub;&lcub;ticket.id&rcub;&rcub;</p>",
        "<p>{<b>{ticket.id}</b>}</p>",
        "<p>{{{{ticket.id}}}}</p>",
        "<p>{% if ticket.id %}you{% endif %}</p>",
        '<p><a href="https://x.example/{{ticket.id}}">ticket.id</a></p>',
    ],
)
def test_no_placeholder_is_left_to_be_carried_out(zendesk: FakeZendesk, html: str) -> None:
    from bs4 import BeautifulSoup

    zendesk.account.ticketing.macro("M {{dc.title}}", html=html)

    (found,) = documents(zendesk).values()
    text = BeautifulSoup(found.body, "html.parser").get_text()

    assert found.title == "M [dc.title]"
    assert "ticket.id" in text
    for each in (found.body, text):
        assert "{{" not in each
        assert "{%" not in each


def test_only_open_public_replies_are_ever_shown_to_customers(zendesk: FakeZendesk) -> None:
    ticketing = zendesk.account.ticketing
    ticketing.macro("Reply", "To you.", mode="true", description="A word among agents.")
    ticketing.macro("Unsaid", "To you too.")
    ticketing.macro("Note", "About you.", mode="false")
    ticketing.macro("Group", "For the group.", restriction={"type": "Group", "ids": [1]})
    ticketing.macro("Own", "My own.", restriction={"type": "User", "id": 5})

    kept = documents(zendesk)
    shown = documents(zendesk, audience="public")

    assert {each.audience for each in kept.values()} == {Audience.agents()}
    public = {name for name, each in shown.items() if each.audience == Audience.public()}
    assert public == {"Reply", "Unsaid"}
    assert {shown[each].audience for each in ("Note", "Group", "Own")} == {Audience.agents()}
    assert "among agents" in kept["Reply"].body
    assert "among agents" not in shown["Reply"].body
    assert shown["Reply"].url == ""


def test_what_says_nothing_is_no_document(zendesk: FakeZendesk) -> None:
    ticketing = zendesk.account.ticketing
    silent = ticketing.macro("Silent", html="<p> </p>")
    off = ticketing.macro("Off", "Words.", active=False)
    macros = connector(zendesk)

    first = list(macros.changes(""))
    assert isinstance(first[0], Checkpoint)
    later = list(macros.changes(first[0].cursor))

    assert later[:-1] == [Delete(document_id=f"macro:{silent.id}")]
    assert list(macros.live_ids()) == []
    off.active = True
    assert list(macros.live_ids()) == [f"macro:{off.id}"]


def test_all_pages_are_read_and_half_a_list_is_an_error(zendesk: FakeZendesk) -> None:
    ids = [f"macro:{zendesk.account.ticketing.macro(f'M {n}', 'Hi').id}" for n in range(130)]
    macros = connector(zendesk)

    assert list(macros.live_ids()) == ids
    assert len(zendesk.calls("/macros")) == 2
    changes = macros.changes("")
    assert len(list(islice(changes, 100))) == 100
    zendesk.failures.plan(503, times=99, matching="/macros")
    with pytest.raises(SourceUnavailable):
        list(changes)
    with pytest.raises(SourceUnavailable):
        macros.live_ids()


def test_one_that_cannot_be_read_is_told_of_and_keeps_its_place(zendesk: FakeZendesk) -> None:
    ticketing = zendesk.account.ticketing
    broken = ticketing.macro("Broken", "Hi")
    broken.restriction = "everybody"  # type: ignore[assignment]  # what the API must not say
    ticketing.macro("Good", "Hi")
    macros = connector(zendesk)

    failed = [each for each in macros.changes("") if isinstance(each, Failed)]

    assert [each.document_id for each in failed] == [f"macro:{broken.id}"]
    assert "restriction" in failed[0].reason
    assert f"macro:{broken.id}" in set(macros.live_ids())
