"""The independent judge of citations: it must find planted faults and let true ones pass."""

import dataclasses

import pytest

from bot.evaluation.citations import (
    CitationScore,
    StoredChunk,
    SupportTest,
    faults,
    score_answer,
    supports,
)
from bot.models import Citation, Statement
from indexing.models import Audience, Reader

STORED = StoredChunk(
    chunk_id="c1",
    document_id="7",
    title="Returns",
    url="https://shop.example/returns",
    anchor="window",
    heading_path=("Clothes",),
    text="You can return a jacket within 30 days. Sale items cannot be returned.",
    audience=Audience.public(),
)
CITED = Citation(
    document_id="7",
    chunk_id="c1",
    title="Returns",
    url="https://shop.example/returns#window",
    quote="You can return a jacket within 30 days.",
)


def cite(quote: str) -> Citation:
    return dataclasses.replace(CITED, quote=quote)


def test_a_true_citation_has_no_fault() -> None:
    assert faults(CITED, [STORED], Reader.customer()) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"quote": "You can return a jacket within 60 days."}, "quote"),
        ({"quote": ""}, "quote"),
        ({"title": "Refunds"}, "title"),
        ({"url": "https://shop.example/refunds"}, "URL"),
        ({"url": "https://shop.example/returns#elsewhere"}, "URL"),
    ],
)
def test_planted_faults_are_found(change: dict[str, str], fault: str) -> None:
    found = faults(dataclasses.replace(CITED, **change), [STORED], Reader.customer())

    assert [fault in each for each in found] == [True]


def test_a_citation_of_nothing_and_one_that_the_reader_may_not_see() -> None:
    restricted = dataclasses.replace(STORED, audience=Audience.agents())

    assert "not in the index" in faults(CITED, [], Reader.customer())[0]
    assert "may not read" in faults(CITED, [restricted], Reader.customer())[0]
    assert faults(CITED, [restricted], Reader.agent()) == []


@pytest.mark.parametrize(
    ("claim", "test", "carried"),
    [
        ("You can return a jacket within 30 days.", "exact", True),
        ("You can  return a jacket\nwithin 30 days.", "exact", True),
        ("1. You can return a jacket within 30 days.", "exact", True),
        ("b) You can return a jacket within 30 days.", "exact", True),
        ("z) You can return a jacket within 30 days.", "exact", False),
        ("31 You can return a jacket within 30 days.", "exact", False),
        ("A jacket can be returned within 30 days.", "exact", False),
        ("You can return the jacket within 30 days.", "words", True),
        ("You can return a jacket within 60 days.", "words", False),
        ("You can not return a jacket within 30 days.", "words", False),
        ("Shipping to Norway is free of charge.", "words", False),
        ("", "words", False),
    ],
)
def test_what_a_quote_carries(claim: str, test: SupportTest, carried: bool) -> None:
    assert supports(claim, [CITED.quote], test=test) is carried


@pytest.mark.parametrize(
    ("claim", "quote", "carried"),
    [
        ("Clothes: Wash it.", "Wash it.", True),
        ("2. Tap the icon: one two", "Tap the [image: gear] icon:\n - one\n - two", True),
        ("one 3. Restart.", "- one\n3. Restart.", True),
        ("one 4. Restart.", "- one\n3. Restart.", False),
        ("Shoes: Wash it.", "Wash it.", False),
        ("Clothes:", "Wash it.", False),
        ("Pay $30.", "Pay \u20ac30.", False),
    ],
)
def test_setting_aside_how_an_article_is_set(claim: str, quote: str, carried: bool) -> None:
    assert supports(claim, [quote], test="exact", headings=["Care", "Clothes"]) is carried


def test_a_negation_elsewhere_in_a_long_quote_changes_nothing() -> None:
    assert supports("You can return a jacket within 30 days, always.", [STORED.text], test="words")
    assert not supports("Sale items can be returned.", [STORED.text], test="words")


def test_recall_and_precision_of_an_answer() -> None:
    first = Statement(text=CITED.quote, citations=(CITED, cite("Sale items cannot be returned.")))
    second = Statement(text="Shipping is free.", citations=(CITED,))

    score = score_answer([first, second], invalid=(), test="exact")

    assert score == CitationScore(statements=2, supported=1, citations=3, needed=1)
    assert score.recall == 0.5
    assert score.precision == pytest.approx(1 / 3)


def test_two_quotes_that_carry_a_statement_only_together_are_both_needed() -> None:
    both = Statement(
        text="Return a jacket within 30 days. Sale items cannot be returned.",
        citations=(cite("Return a jacket within 30 days."), cite("Sale items cannot be returned.")),
    )

    score = score_answer([both], invalid=(), test="exact")

    assert (score.recall, score.precision) == (1.0, 1.0)


def test_a_false_citation_supports_nothing() -> None:
    score = score_answer(
        [Statement(text=CITED.quote, citations=(CITED,))], invalid={CITED}, test="exact"
    )

    assert (score.recall, score.precision, score.invalid) == (0.0, 0.0, 1)


def test_no_statement_has_no_share() -> None:
    empty = score_answer([], invalid=(), test="exact")

    assert empty.recall is None
    assert empty.precision is None
