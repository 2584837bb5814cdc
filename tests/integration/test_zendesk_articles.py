"""Articles of a Zendesk account as a stream of changes, against the stand-in over real HTTP.

The index is a dict here, kept exactly as the stream says; what it must hold in the end is told
by the stand-in's own state, not by the connector.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pytest

from connectors.base import Change, Checkpoint, Delete, Failed, Upsert
from connectors.errors import (
    HelpCenterNotEnabled,
    PermissionMissing,
    SourceMisconfigured,
    SourceUnavailable,
)
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.articles import ArticlesConnector
from connectors.zendesk.login import OAuthClient
from connectors.zendesk.scope import Scope, choice, locale_choice
from indexing.models import Audience, Document
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import Article, FakeZendesk, Section
from tests.waiting import PATIENCE

KINDS_OF_USER = ("staff", "signed_in_users")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def zendesk(clock: FakeClock) -> Iterator[FakeZendesk]:
    with FakeZendesk(clock=clock) as running:
        running.account.main.locales = ("en-us", "de")
        yield running


@pytest.fixture
def section(zendesk: FakeZendesk) -> Section:
    category = zendesk.account.category(en_us="Orders", de="Bestellungen")
    return zendesk.account.section(category, en_us="Returns", de="Rückgaben")


def connector(zendesk: FakeZendesk, **changes: Any) -> ArticlesConnector:
    account = ZendeskAccount(
        subdomain="acme",
        credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
        base_url=zendesk.base_url,
        timeout=PATIENCE,
        clock=zendesk.clock,
        sleep=zendesk.clock.sleep,  # type: ignore[attr-defined]  # the fixture's clock is a fake
    )
    return ArticlesConnector(account=account, source="help", **changes)


@dataclass
class Mirror:
    """An index that does what the stream says, in its order."""

    documents: dict[str, Document] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    cursor: str = ""
    upserts: int = 0

    def apply(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if isinstance(change, Upsert):
                self.documents[change.document.id] = change.document
                self.upserts += 1
            elif isinstance(change, Delete):
                self.documents.pop(change.document_id, None)
            elif isinstance(change, Failed):
                self.failed[change.document_id] = change.reason
            elif isinstance(change, Checkpoint):
                self.cursor = change.cursor

    def sync(self, connector: ArticlesConnector) -> int:
        """A later run; returns how many documents it delivered."""
        self.upserts, self.failed = 0, {}
        self.apply(connector.changes(self.cursor))
        return self.upserts

    def sweep(self, connector: ArticlesConnector) -> None:
        live = frozenset(connector.live_ids())
        self.documents = {key: each for key, each in self.documents.items() if key in live}

    @property
    def texts(self) -> dict[str, tuple[str, frozenset[str]]]:
        return {key: (each.body, each.audience.labels) for key, each in self.documents.items()}


def truth(zendesk: FakeZendesk) -> dict[str, tuple[str, frozenset[str]]]:
    """Every document that people may be shown now, with its text and who they are."""
    labels = {
        each.id: "agents" if each.user_type == "staff" or not each.readable else "signed_in"
        for each in zendesk.account.segments.values()
    }
    return {
        f"article:{article.id}:{text.locale}": (
            text.body,
            frozenset(labels[each] for each in article.segment_ids) or frozenset({"public"}),
        )
        for article in zendesk.account.articles.values()
        if not article.archived
        for text in article.translations.values()
        if not text.draft
    }


def test_an_article_arrives_whole(zendesk: FakeZendesk, section: Section) -> None:
    account = zendesk.account
    nested = account.section(
        account.categories[section.category_id], parent=section, en_us="Abroad", de="Ausland"
    )
    article = account.publish(nested, "Sending back", "<p>Pack it.</p>", labels=["post", "return"])
    article.promoted = True
    account.translate(article, "de", "Zurückschicken", "<p>Einpacken.</p>")
    mirror = Mirror()

    mirror.sync(connector(zendesk))

    english = mirror.documents[f"article:{article.id}:en-us"]
    german = mirror.documents[f"article:{article.id}:de"]
    assert (english.title, english.body) == ("Sending back", "<p>Pack it.</p>")
    assert english.heading_path == ("Orders", "Returns", "Abroad")
    assert german.heading_path == ("Bestellungen", "Rückgaben", "Ausland")
    assert (english.locale, german.locale) == ("en-us", "de")
    assert english.url == f"https://acme.zendesk.com/hc/en-us/articles/{article.id}"
    assert german.url == f"https://acme.zendesk.com/hc/de/articles/{article.id}"
    assert english.translation_group == german.translation_group == f"article:{article.id}"
    assert english.labels == ("post", "return")
    assert english.promoted
    assert english.edited_at is not None
    assert english.edited_at.timestamp() == zendesk.clock()
    assert english.source == "help"
    assert english.audience == Audience.public()


def test_names_and_texts_are_asked_for_where_they_do_not_come_along(
    zendesk: FakeZendesk, section: Section
) -> None:
    zendesk.behaviour.branch_sideloads = False
    zendesk.behaviour.export_sideloads = False
    article = zendesk.account.publish(section, "Sending back")
    zendesk.account.translate(article, "de", "Zurückschicken", "<p>Einpacken.</p>")
    mirror = Mirror()
    mirror.sync(connector(zendesk))
    zendesk.clock.advance(100)  # type: ignore[attr-defined]  # a fake
    zendesk.account.edit(article, "<p>Neu.</p>", locale="de")

    mirror.sync(connector(zendesk))

    german = mirror.documents[f"article:{article.id}:de"]
    assert (german.heading_path, german.body) == (("Bestellungen", "Rückgaben"), "<p>Neu.</p>")


def test_a_later_run_asks_for_what_changed_only(
    zendesk: FakeZendesk, section: Section, clock: FakeClock
) -> None:
    many = [zendesk.account.publish(section, f"Article {n}") for n in range(230)]
    clock.advance(3600)
    mirror = Mirror()
    assert mirror.sync(connector(zendesk)) == 230
    clock.advance(3600)
    for each in many[:20]:
        zendesk.account.edit(each, "<p>Other words.</p>")
        clock.advance(5)
    zendesk.journal.clear()

    assert mirror.sync(connector(zendesk)) == 20

    assert len(zendesk.journal) <= 10
    assert mirror.texts == truth(zendesk)
    clock.advance(3600)
    assert mirror.sync(connector(zendesk)) == 1  # the boundary is inclusive: its last one again


@pytest.mark.parametrize("ends", ["null", "repeats"])
def test_the_export_is_followed_to_its_end_and_not_beyond(
    zendesk: FakeZendesk, section: Section, clock: FakeClock, ends: str
) -> None:
    zendesk.behaviour.export_page, zendesk.behaviour.export_ends = 3, ends
    many = [zendesk.account.publish(section, f"Article {n}") for n in range(8)]
    mirror = Mirror()
    mirror.sync(connector(zendesk))
    clock.advance(3600)
    for each in many:
        clock.advance(10)
        zendesk.account.edit(each, f"<p>Edit of {each.id}.</p>")

    assert mirror.sync(connector(zendesk)) == 8
    assert mirror.texts == truth(zendesk)
    assert len(zendesk.calls("incremental")) < 10
    assert mirror.sync(connector(zendesk)) == 1


def test_more_changes_in_one_second_than_a_page_holds_are_not_lost(
    zendesk: FakeZendesk, section: Section, clock: FakeClock
) -> None:
    zendesk.behaviour.export_page = 3
    many = [zendesk.account.publish(section, f"Article {n}") for n in range(8)]
    mirror = Mirror()
    mirror.sync(connector(zendesk))
    clock.advance(3600)
    for each in many:
        zendesk.account.edit(each, "<p>At once.</p>")

    mirror.sync(connector(zendesk, export_page=3))

    assert mirror.texts == truth(zendesk)


def test_a_first_run_that_is_killed_goes_on_where_it_was(
    zendesk: FakeZendesk, section: Section
) -> None:
    outlet = zendesk.account.brand("acme-outlet")
    other = zendesk.account.section(zendesk.account.category(brand=outlet, en_us="C"), en_us="S")
    for n in range(250):
        zendesk.account.publish(section, f"Article {n}")
    zendesk.account.publish(other, "Outlet hours")
    mirror = Mirror()
    mirror.apply(islice(connector(zendesk).changes(""), 230))  # two checkpoints, and 28 more
    zendesk.journal.clear()

    assert mirror.sync(connector(zendesk)) == 51
    assert mirror.texts == truth(zendesk)
    assert len(zendesk.calls("help_center/articles")) == 2


def test_a_cursor_that_zendesk_has_forgotten_starts_the_brand_again(
    zendesk: FakeZendesk, section: Section
) -> None:
    for n in range(150):
        zendesk.account.publish(section, f"Article {n}")
    mirror = Mirror()
    mirror.apply(islice(connector(zendesk).changes(""), 101))
    zendesk.failures.plan(400, matching="help_center/articles")

    assert mirror.sync(connector(zendesk)) == 150
    assert mirror.texts == truth(zendesk)


def test_memory_of_a_long_listing_is_one_page(zendesk: FakeZendesk, section: Section) -> None:
    for n in range(201):
        zendesk.account.publish(section, f"Article {n}")

    next(iter(connector(zendesk).changes("")))

    assert len(zendesk.calls("help_center/articles")) == 1


def test_drafts_are_never_shown(zendesk: FakeZendesk, section: Section, clock: FakeClock) -> None:
    account = zendesk.account
    hidden = account.publish(section, "Soon", draft=True)
    account.translate(hidden, "de", "Bald", "<p>Schon da.</p>")
    shown = account.publish(section, "Here")
    mirror = Mirror()
    mirror.sync(connector(zendesk))
    assert mirror.texts.keys() == {f"article:{hidden.id}:de", f"article:{shown.id}:en-us"}

    clock.advance(100)
    account.set_draft(shown, True)
    mirror.sync(connector(zendesk))
    assert mirror.texts.keys() == {f"article:{hidden.id}:de"}


def test_restrictions_are_followed_and_never_widened(
    zendesk: FakeZendesk, section: Section, clock: FakeClock
) -> None:
    account = zendesk.account
    signed_in = account.segment("Signed-in users", built_in=True)
    staff = account.segment("Agents and managers", user_type="staff", built_in=True)
    vip = account.segment("VIP", tags=("vip",))
    article = account.publish(section, "Prices")
    mirror, name = Mirror(), f"article:{article.id}:en-us"

    def labels_with(*segments: Any) -> frozenset[str]:
        clock.advance(100)
        account.restrict(article, *segments)
        mirror.sync(connector(zendesk))
        return mirror.documents[name].audience.labels

    assert labels_with() == {"public"}
    assert labels_with(signed_in) == {"signed_in"}
    assert labels_with(staff) == {"agents"}
    assert labels_with(vip) == {f"segment:{vip.id}"}
    assert labels_with(vip, staff) == {f"segment:{vip.id}", "agents"}


def test_a_segment_that_lets_fewer_people_in_is_noticed_without_any_article_changing(
    zendesk: FakeZendesk, section: Section, clock: FakeClock
) -> None:
    segment = zendesk.account.segment("Partners")
    article = zendesk.account.publish(section, "Terms", segments=[segment])
    mirror, name = Mirror(), f"article:{article.id}:en-us"
    mirror.sync(connector(zendesk))
    assert mirror.documents[name].audience == Audience.signed_in()

    clock.advance(3600)
    segment.user_type = "staff"
    mirror.sync(connector(zendesk))

    assert mirror.documents[name].audience == Audience.agents()


@pytest.mark.parametrize("all_of_them", [True, False])
def test_a_segment_that_cannot_be_read_is_for_agents_and_told_until_it_can(
    zendesk: FakeZendesk, section: Section, clock: FakeClock, all_of_them: bool
) -> None:
    segment = zendesk.account.segment("Secret", readable=all_of_them)
    zendesk.behaviour.segments_readable = not all_of_them
    article = zendesk.account.publish(section, "Terms", segments=[segment])
    mirror, name = Mirror(), f"article:{article.id}:en-us"
    for _ in range(2):
        mirror.sync(connector(zendesk))
        assert mirror.documents[name].audience == Audience.agents()
        assert "Help Center manager" in mirror.failed[f"user_segment:{segment.id}"]
        clock.advance(3600)

    segment.readable, zendesk.behaviour.segments_readable = True, True
    changes = list(connector(zendesk).changes(mirror.cursor))
    assert Delete(document_id=f"user_segment:{segment.id}") in changes
    mirror.failed = {}
    mirror.apply(changes)

    assert mirror.documents[name].audience == Audience.signed_in()
    assert mirror.failed == {}


def test_a_section_that_is_renamed_is_renamed_in_its_articles(
    zendesk: FakeZendesk, section: Section, clock: FakeClock
) -> None:
    article = zendesk.account.publish(section, "Terms")
    mirror = Mirror()
    mirror.sync(connector(zendesk))
    clock.advance(3600)
    section.names["en-us"] = "Sending back"

    mirror.sync(connector(zendesk))

    found = mirror.documents[f"article:{article.id}:en-us"]
    assert found.heading_path == ("Orders", "Sending back")


def test_a_help_center_that_is_not_open_yet_is_for_agents(
    zendesk: FakeZendesk, section: Section
) -> None:
    article = zendesk.account.publish(section, "Soon")
    zendesk.account.main.help_center = "restricted"
    mirror = Mirror()
    mirror.sync(connector(zendesk))

    assert mirror.documents[f"article:{article.id}:en-us"].audience == Audience.agents()


def test_everybody_can_be_fewer_than_everybody(zendesk: FakeZendesk, section: Section) -> None:
    article = zendesk.account.publish(section, "Members' terms")
    mirror = Mirror()
    mirror.sync(connector(zendesk, audience=Audience.signed_in()))

    assert mirror.documents[f"article:{article.id}:en-us"].audience == Audience.signed_in()


def _titles(zendesk: FakeZendesk, scope: Scope) -> set[str]:
    mirror = Mirror()
    reading = connector(zendesk, scope=scope)
    mirror.sync(reading)
    assert set(reading.live_ids()) == mirror.documents.keys()
    return {each.title for each in mirror.documents.values()}


def test_scope_is_by_brand_place_label_and_language(zendesk: FakeZendesk, section: Section) -> None:
    account = zendesk.account
    outlet = account.brand("acme-outlet", name="Outlet")
    outlets = account.section(account.category(brand=outlet, en_us="C"), en_us="S")
    orders = account.categories[section.category_id]
    below = account.section(orders, parent=section, en_us="Abroad")
    beside = account.section(account.category(en_us="Shops"), en_us="Hours")
    a = account.publish(section, "A", labels=["Public-FAQ"])
    account.translate(a, "de", "A auf Deutsch", "x")
    account.publish(below, "B", labels=["internal", "public-faq"])
    account.publish(beside, "C")
    account.publish(outlets, "D")

    everything = {"A", "A auf Deutsch", "B", "C", "D"}
    assert _titles(zendesk, Scope()) == everything
    assert _titles(zendesk, Scope(brands=choice(["acme-outlet"]))) == {"D"}
    assert _titles(zendesk, Scope(brands=choice([], ["outlet"]))) == everything - {"D"}
    inside = {"A", "A auf Deutsch", "B"}
    assert _titles(zendesk, Scope(categories=choice([str(orders.id)]))) == inside
    assert _titles(zendesk, Scope(sections=choice([str(section.id)]))) == inside
    assert _titles(zendesk, Scope(sections=choice([], [str(below.id)]))) == everything - {"B"}
    by_label = Scope(labels=choice(["public-faq"], ["internal"]))
    assert _titles(zendesk, by_label) == {"A", "A auf Deutsch"}
    assert _titles(zendesk, Scope(locales=locale_choice(["DE"]))) == {"A auf Deutsch"}
    with pytest.raises(SourceMisconfigured, match="acme, acme-outlet"):
        _titles(zendesk, Scope(brands=choice(["acme-de"])))


def test_what_leaves_the_scope_leaves_the_index(
    zendesk: FakeZendesk, section: Section, clock: FakeClock
) -> None:
    account = zendesk.account
    beside = account.section(account.category(en_us="Shops"), en_us="Hours")
    moved, relabelled = account.publish(section, "A"), account.publish(section, "B")
    untranslated = account.publish(section, "C")
    account.translate(untranslated, "de", "C auf Deutsch", "x")
    scope = Scope(sections=choice([str(section.id)]), labels=choice([], ["internal"]))
    mirror = Mirror()
    mirror.sync(connector(zendesk, scope=scope))
    assert len(mirror.documents) == 4

    clock.advance(100)
    account.move(moved, beside)
    account.label(relabelled, "internal")
    account.remove_translation(untranslated, "de")
    mirror.sync(connector(zendesk, scope=scope))

    assert mirror.documents.keys() == {f"article:{untranslated.id}:en-us"}


def test_another_scope_is_followed_at_once(
    zendesk: FakeZendesk, section: Section, clock: FakeClock
) -> None:
    zendesk.account.publish(section, "A", labels=["internal"])
    mirror = Mirror()
    mirror.sync(connector(zendesk))
    clock.advance(3600)

    mirror.sync(connector(zendesk, scope=Scope(labels=choice([], ["internal"]))))

    assert mirror.documents == {}


def test_one_article_can_be_asked_for(
    zendesk: FakeZendesk, section: Section, clock: FakeClock
) -> None:
    account, mirror = zendesk.account, Mirror()
    account.brand("acme-outlet")
    article, other = account.publish(section, "A"), account.publish(section, "B")
    account.translate(article, "de", "A auf Deutsch", "x")
    reading = connector(zendesk)

    mirror.apply(reading.changes_of(str(article.id)))
    assert mirror.documents.keys() == {f"article:{article.id}:{tag}" for tag in ("en-us", "de")}

    account.set_draft(article, True)
    mirror.apply(reading.changes_of(str(article.id)))
    assert mirror.documents.keys() == {f"article:{article.id}:de"}

    account.archive(article)
    mirror.apply(reading.changes_of(str(article.id)))
    mirror.apply(reading.changes_of(str(other.id)))
    assert mirror.documents.keys() == {f"article:{other.id}:en-us"}
    assert mirror.cursor == ""


def test_a_listing_that_breaks_removes_nothing(zendesk: FakeZendesk, section: Section) -> None:
    for n in range(150):
        zendesk.account.publish(section, f"Article {n}")
    reading = connector(zendesk)
    assert len(set(reading.live_ids())) == 150
    zendesk.failures.plan(503, matching="help_center/articles", times=9)

    with pytest.raises(SourceUnavailable):
        reading.live_ids()


def test_credentials_that_see_less_remove_nothing(zendesk: FakeZendesk, section: Section) -> None:
    zendesk.account.publish(section, "A")
    zendesk.account.bot.role = "end-user"

    with pytest.raises(PermissionMissing, match="Help Center manager"):
        connector(zendesk).live_ids()
    zendesk.account.bot.role = "agent"
    zendesk.account.main.help_center = "disabled"
    with pytest.raises(HelpCenterNotEnabled):
        connector(zendesk).live_ids()


@pytest.mark.parametrize("seed", range(6))
def test_after_any_history_and_a_sweep_index_and_zendesk_agree(
    zendesk: FakeZendesk, section: Section, clock: FakeClock, seed: int
) -> None:
    chance = random.Random(seed)
    zendesk.behaviour.export_page = chance.choice([2, 5, 1000])
    zendesk.behaviour.export_ends = chance.choice(["null", "repeats"])
    account, mirror = zendesk.account, Mirror()
    other = account.section(account.category(en_us="Shops"), en_us="Hours")
    segments = [
        account.segment("Signed-in users"),
        account.segment("Staff", user_type="staff"),
        account.segment("Secret", readable=False),
    ]
    reading = connector(zendesk, export_page=zendesk.behaviour.export_page)

    def step(articles: list[Article]) -> None:
        one, number = chance.choice(articles), chance.randrange(10**6)
        actions: list[Callable[[], object]] = [
            lambda: account.publish(section, f"T{number}", f"<p>{number}</p>"),
            lambda: account.edit(one, f"<p>{number}</p>"),
            lambda: account.translate(one, "de", f"D{number}", f"<p>de {number}</p>"),
            lambda: account.remove_translation(one, "de"),
            lambda: account.restrict(one, *chance.sample(segments, chance.randrange(3))),
            lambda: account.set_draft(one, chance.random() < 0.5),
            lambda: account.archive(one),
            lambda: account.restore(one),
            lambda: account.delete(one),
            lambda: account.move(one, chance.choice([section, other])),
            lambda: account.label(one, f"l{number}"),
            lambda: account.change_segment(segments[0], chance.choice(KINDS_OF_USER)),
            lambda: mirror.apply(reading.changes_of(str(one.id))),
            lambda: mirror.sync(reading),
            lambda: mirror.sweep(reading),
            lambda: mirror.apply(islice(reading.changes(mirror.cursor), chance.randrange(9))),
        ]
        chance.choice(actions)()
        clock.advance(chance.choice([0, 1, 20, 500]))

    for n in range(4):
        account.publish(section, f"Article {n}")
    for _ in range(60):
        step(list(account.articles.values()) or [account.publish(section, "Again")])
    mirror.sync(reading)
    mirror.sweep(reading)

    assert mirror.texts == truth(zendesk)
