"""The help center that ships: complete, consistent, and nothing in it read by the wrong people."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from connectors.base import Upsert
from connectors.files import FilesConnector
from connectors.samples import help_center
from indexing.models import Audience, Document, Reader, segment

QUESTIONS = Path(__file__).parents[1] / "data" / "sample_questions.jsonl"


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    connector = FilesConnector(path=help_center(), source="sample")
    return [each.document for each in connector.changes("") if isinstance(each, Upsert)]


def text_of(document: Document) -> str:
    return re.sub(r"<[^>]+>", " ", document.body)


def questions() -> list[dict[str, object]]:
    return [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]


def test_every_object_is_read_and_every_kind_of_reader_has_something(
    documents: list[Document],
) -> None:
    connector = FilesConnector(path=help_center(), source="sample")
    kinds = Counter(type(each).__name__ for each in connector.changes(""))
    assert kinds == {"Upsert": len(documents), "Checkpoint": 1}
    assert set(connector.live_ids()) == {each.id for each in documents}
    audiences = Counter(min(each.audience.labels) for each in documents if each.locale == "en-us")
    assert audiences["agents"] == 12
    assert audiences["signed_in"] == 2
    assert audiences["public"] >= 30
    assert sum(label.startswith("segment:") for label in audiences) == 1


def test_german_articles_stand_beside_their_english_ones(documents: list[Document]) -> None:
    english = {each.translation_group: each for each in documents if each.locale == "en-us"}
    german = [each for each in documents if each.locale == "de"]
    assert len(german) == 10
    for each in german:
        assert english[each.translation_group].audience == each.audience
        assert each.url != english[each.translation_group].url
        assert "/hc/de/" in each.url
        assert each.heading_path != english[each.translation_group].heading_path


def test_a_translation_tells_the_same_figures(documents: list[Document]) -> None:
    def figures(document: Document) -> set[str]:
        return set(re.findall(r"\d+", text_of(document).replace("2 p.m.", "14")))

    english = {each.translation_group: each for each in documents if each.locale == "en-us"}
    clocks = {"8", "9", "14", "15", "17", "18", "20"}
    for each in (each for each in documents if each.locale == "de"):
        assert figures(each) - clocks <= figures(english[each.translation_group]), each.title


def test_drafts_are_not_delivered(documents: list[Document]) -> None:
    written = json.loads(help_center().read_text("utf-8"))["articles"]
    drafts = {f"article:{each['id']}:en-us" for each in written if each["draft"]}
    assert len(drafts) == 3
    assert drafts.isdisjoint(each.id for each in documents)
    assert not any("30 days from the day of delivery" in each.body for each in documents)
    assert not any("Entwurf" in each.title for each in documents)


def test_one_public_article_says_how_long_a_return_may_take(documents: list[Document]) -> None:
    public = [each for each in documents if each.audience == Audience.public()]
    saying = [
        each
        for each in public
        if re.search(r"\d+ days from the day of delivery to return", text_of(each))
    ]
    assert [each.title for each in saying] == ["Returning an item"]
    for each in public:
        for window in re.findall(r"same (\d+) days|within the (\d+) days", text_of(each)):
            assert "60" in window, each.title


def test_links_lead_to_articles_that_their_readers_may_read(documents: list[Document]) -> None:
    by_url = {each.url: each for each in documents}
    for each in documents:
        for link in re.findall(r'<a href="([^"]+)"', each.body):
            assert by_url[link].audience.labels & (each.audience.labels | {"public"}), each.title
        assert all(alt for alt in re.findall(r'<img [^>]*alt="([^"]*)"', each.body))
        assert re.match(r"https://help\.larkmoor\.example/hc/(en-us|de)/articles/\d+-", each.url)


@pytest.mark.parametrize("question", questions(), ids=lambda each: str(each["question"]))
def test_questions_point_at_articles_that_answer_them(
    question: dict[str, object], documents: list[Document]
) -> None:
    by_id = {each.id: each for each in documents}
    reader = Reader.agent() if question["audience"] == "agent" else Reader.customer()
    assert bool(question["article_ids"]) == question["answerable"]
    for article_id in question["article_ids"]:  # type: ignore[attr-defined]  # a list in the file
        found = by_id[article_id]
        assert reader.may_read(found.audience)
        assert str(question["answer"]) in text_of(found)
        if question["audience"] == "agent":
            assert not Reader.customer().may_read(found.audience)


def test_agents_do_not_read_partners_terms_unless_they_hold_the_segment(
    documents: list[Document],
) -> None:
    terms = next(each for each in documents if "wholesale" in each.labels)
    assert terms.audience.labels == {segment(8300000000003)}
    assert not Reader.agent().may_read(terms.audience)
