"""The documents as the bot knows them, for whoever may read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.insight.document import document_shown, editor
from bot.insight.knowledge import Knowledge as Shelves
from bot.insight.knowledge import Sought
from bot.insight.viewing import Viewer
from bot.sources import Sources
from indexing.models import Audience
from tests.factories import document
from tests.integration.test_conversations import ASKED, RETURNS, ask

if TYPE_CHECKING:
    from tests.integration.conftest import Knowledge

GERMAN = document(
    id="rueckgabe",
    title="Einen Artikel zurückgeben",
    body="<p>Sie können ungetragene Artikel 45 Tage lang zurückgeben.</p>",
    locale="de",
    translation_group="article:1",
)
VIP = document(
    id="vip",
    title="Returns of wholesale partners",
    body="<p>Partners may return any item within 90 days.</p>",
    audience=Audience.segments(7),
    metadata={"audience_note": "Only members of segment 7."},
)


@pytest.fixture
def stocked(knowledge: Knowledge) -> Knowledge:
    steps = "".join(f"<h2 id='s{each}'>Step {each}</h2><p>Do {each}.</p>" for each in range(3))
    knowledge.add(
        document(locale="en-us", translation_group="article:1"),
        GERMAN,
        VIP,
        document(id="tents", title="Pitching a tent", body=steps, source="wiki"),
    )
    return knowledge


def titles(stocked: Knowledge, sought: Sought, viewer: Viewer | None = None) -> list[str]:
    shelf = Shelves(pool=stocked.pool).list(sought, viewer or Viewer.admin())
    return [each.title for each in shelf.entries]


def test_documents_are_found_by_words_in_their_language_and_by_what_is_known_of_one(
    stocked: Knowledge,
) -> None:
    assert titles(stocked, Sought(words="returning an item"))[0] == "Returning an item"
    assert titles(stocked, Sought(words="Artikels")) == ["Einen Artikel zurückgeben"]
    assert titles(stocked, Sought(words="rueckgabe")) == ["Einen Artikel zurückgeben"]
    address = "https://help.example.com/articles/tents"
    assert titles(stocked, Sought(words=address)) == ["Pitching a tent"]
    assert titles(stocked, Sought(source="wiki")) == ["Pitching a tent"]
    assert titles(stocked, Sought(locale="de-AT")) == ["Einen Artikel zurückgeben"]
    assert titles(stocked, Sought(label="segment:7")) == ["Returns of wholesale partners"]
    for nonsense in ("' OR 1=1 --", "((", "\x00", "%(reads)s", "zzzz"):
        assert len(titles(stocked, Sought(words=nonsense, source=nonsense))) == 0
    facets = Shelves(pool=stocked.pool).facets()
    assert (facets.sources, facets.locales) == (("help", "wiki"), ("de", "en", "en-us"))


def test_the_shelf_is_walked_page_by_page_and_holds_only_what_may_be_read(
    stocked: Knowledge,
) -> None:
    shelves = Shelves(pool=stocked.pool, page=2)
    first = shelves.list(Sought(), Viewer.admin())
    second = shelves.list(Sought(), Viewer.admin(), place=first.next)
    assert [len(first.entries), len(second.entries), second.next] == [2, 2, None]
    assert {each.id for each in (*first.entries, *second.entries)} == {
        "returns", "rueckgabe", "vip", "tents",
    }  # fmt: skip
    assert "Returns of wholesale partners" not in titles(stocked, Sought(), Viewer.agent())
    assert titles(stocked, Sought(words="wholesale"), Viewer.agent()) == []
    (vip,) = shelves.list(Sought(words="wholesale"), Viewer.admin()).entries
    assert document_shown(stocked.pool, vip.pk, Viewer.agent()) is None
    shown = document_shown(stocked.pool, vip.pk, Viewer.admin())
    assert shown is not None
    assert (shown.audience, shown.notes) == (
        ("segment:7",), {"audience_note": "Only members of segment 7."},
    )  # fmt: skip


def test_one_document_tells_its_passages_its_history_and_who_cited_it(stocked: Knowledge) -> None:
    asked = ask(stocked)
    ask(stocked, "Is the moon made of cheese?")
    english = document(locale="en-us", translation_group="article:1")
    stocked.add(replace(english, audience=Audience.agents()))
    stocked.add(replace(english, title="Returns", body="<p>Thirty days.</p>"))
    (entry,) = Shelves(pool=stocked.pool).list(Sought(words="returns"), Viewer.agent()).entries
    shown = document_shown(stocked.pool, entry.pk, Viewer.agent())
    assert shown is not None
    assert [each.text for each in shown.chunks] == ["Thirty days."]
    assert [each.locale for each in shown.translations] == ["de"]
    assert [set(each.changed) for each in shown.versions] == [
        {"title", "text", "audience"},
        {"audience"},
        {"added"},
    ]
    assert shown.versions[1].audience == ("agents",)
    assert shown.versions[0].content_hash != shown.versions[1].content_hash
    (cited,) = shown.cited_by
    assert (cited.question_id, cited.question, cited.quotes) == (asked, ASKED, (RETURNS,))
    assert shown.answers == 1
    (tents,) = Shelves(pool=stocked.pool).list(Sought(source="wiki"), Viewer.agent()).entries
    steps = document_shown(stocked.pool, tents.pk, Viewer.agent())
    assert steps is not None
    assert [each.link.partition("#")[2] for each in steps.chunks] == ["s0", "s1", "s2"]


def test_history_outlives_a_document_and_goes_with_its_source(stocked: Knowledge) -> None:
    stocked.indexer.remove("help", ["vip"])
    count = "SELECT changed FROM document_versions WHERE document_id = %s ORDER BY id"
    assert stocked.rows(count, ["vip"]) == [(["added"],), (["removed"],)]
    Sources(pool=stocked.pool).remove("help")
    assert stocked.rows("SELECT DISTINCT source FROM document_versions") == [("wiki",)]


def test_an_article_is_edited_where_it_stands() -> None:
    url = "https://acme.zendesk.com/hc/en-us/articles/7-Returns"
    assert editor(url, "7", "en-US") == "https://acme.zendesk.com/knowledge/articles/7/en-us"
    for other, number in ((url, ""), (url, "7/../x"), ("javascript://x/hc/", "7"), ("", "7")):
        assert editor(other, number, "en") == ""
