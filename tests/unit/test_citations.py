"""Only words that stand in a passage are ever quoted, whatever the writer claims."""

from dataclasses import replace

import pytest

from bot.answering.assembly import Assembler
from bot.answering.citations import citation, located, verified, verified_all
from bot.answering.markers import statements_of
from bot.answering.prompts import NO_ANSWER
from bot.models import Citation, Statement
from tests.factories import passage

TEXT = "Returns are free for Gold members.\n\n1. Open  My orders.\n2. Select\u00a0Return."


def statement(*quotes: str, text: str = "Returns are free.", **changes: str) -> Statement:
    given = citation(passage(text=TEXT), "")
    return Statement(
        text=text, citations=tuple(replace(given, quote=quote, **changes) for quote in quotes)
    )


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("Returns are free", "Returns are free"),
        ("Open My orders.", "Open  My orders."),
        ("Select Return.", "Select\u00a0Return."),
        ("members. 1. Open My", "members.\n\n1. Open  My"),
        ("  Returns are\x00 free ", "Returns are free"),
        ("returns are free", None),
        ("Returns are free for all", None),
        ("", None),
        (". ", None),
        (".*", None),
    ],
)
def test_a_quote_is_the_passages_own_words_or_nothing(quote: str, found: str | None) -> None:
    assert located(quote, TEXT) == found
    assert found is None or found in TEXT


def test_citations_that_do_not_hold_are_dropped_and_the_rest_stays() -> None:
    kept = verified(statement("Returns are paid", "Returns are free"), [passage(text=TEXT)])
    assert kept is not None
    assert [each.quote for each in kept.citations] == ["Returns are free"]


def test_a_statement_left_without_a_citation_is_not_sent_and_the_others_keep_their_order() -> None:
    said = [statement("Open My orders."), statement("made up"), statement("Returns are free")]
    sent = verified_all(said, [passage(text=TEXT)])
    assert [each.citations[0].quote for each in sent] == ["Open  My orders.", "Returns are free"]


@pytest.mark.parametrize("changes", [{"chunk_id": "other"}, {"document_id": "other"}])
def test_a_citation_of_another_chunk_or_document_does_not_count(changes: dict[str, str]) -> None:
    assert verified(statement("Returns are free", **changes), [passage(text=TEXT)]) is None


def test_title_and_link_come_from_the_passage_and_not_from_the_writer() -> None:
    claimed = statement("Returns are free", title="Free money", url="https://evil.example")
    kept = verified(claimed, [passage(text=TEXT, title="Returns", anchor="how")])
    assert kept is not None
    assert kept.citations[0].title == "Returns"
    assert kept.citations[0].url == "https://help.example.com/articles/returns#how"


def test_the_same_citation_is_kept_once_and_text_becomes_one_clean_line() -> None:
    kept = verified(
        statement("Open My orders.", "Open  My orders.", text="Open\x00\n orders. "),
        [passage(text=TEXT)],
    )
    assert kept is not None
    assert kept.text == "Open orders."
    assert len(kept.citations) == 1


# Uncited words between cited ones ---------------------------------------------------------------

CITED = (citation(passage(text=TEXT), "Returns are free"),)


def assembled(*blocks: tuple[str, tuple[Citation, ...] | None]) -> list[str]:
    assembler = Assembler()
    done = [
        each
        for text, found in blocks
        for each in assembler.take(text, found or (), cited=found is not None)
    ]
    return [each.text for each in [*done, *assembler.finish()]]


def test_a_sentence_that_is_cited_in_parts_is_read_as_one() -> None:
    blocks = [("You can return it ", None), ("within 60 days", CITED), (".", None)]
    assert assembled(*blocks) == ["You can return it within 60 days."]


def test_a_sentence_with_two_cited_parts_is_one_statement_with_both_citations() -> None:
    other = (citation(passage(text=TEXT), "Gold members"),)
    blocks = [("Returns are ", None), ("free", CITED), (" and ", None), ("for members", other)]
    assembler = Assembler()
    for text, found in blocks:
        assert assembler.take(text, found or (), cited=found is not None) == []
    (said,) = assembler.finish()
    assert said.text == "Returns are free and for members"
    assert said.citations == CITED + other


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (" of delivery. Enjoy!", ["Within 60 days of delivery."]),
        (", and refunds take 5 days.", []),
        (" unless " + "x" * 120 + ".", []),
    ],
)
def test_an_uncited_end_of_a_sentence_is_kept_when_it_adds_no_figure(
    tail: str, said: list[str]
) -> None:
    assert assembled(("Within 60 days", CITED), (tail, None)) == said


def test_a_sentence_of_which_one_part_does_not_verify_is_not_said() -> None:
    assert assembled(("Free", CITED), (" and ", None), ("paid in gold.", ())) == []


def test_uncited_sentences_are_dropped() -> None:
    blocks = [
        ("Great question! Everything is free. You can return it ", None),
        ("within 60 days", CITED),
        (". We also pay you ten dollars. Enjoy!", None),
        ("Gold members pay nothing.", CITED),
    ]
    assert assembled(*blocks) == ["You can return it within 60 days.", "Gold members pay nothing."]


@pytest.mark.parametrize("beginning", ["Refunds take 5 days and ", "Surely " * 30, ""])
def test_a_fragment_whose_beginning_may_not_be_kept_is_not_said(beginning: str) -> None:
    assert assembled((beginning, None), ("are free of charge.", CITED)) == []


def test_list_marks_between_cited_items_survive_as_numbers_only() -> None:
    blocks = [("1. ", None), ("Open it.", CITED), ("\n2. ", None), ("Close it.", CITED)]
    assert assembled(*blocks) == ["1. Open it.", "2. Close it."]
    assert assembled(("\n- ", None), ("Open it.", CITED)) == ["Open it."]


def test_a_block_whose_citations_all_fail_is_not_said() -> None:
    assert assembled(("Returns cost a lot.", ())) == []


def test_the_agreed_words_for_no_answer_are_noticed_first_and_never_shown() -> None:
    assembler = Assembler()
    assembler.take(f" {NO_ANSWER}", (), cited=False)
    assert assembler.declined
    assert assembled(("Returns are free.", CITED), (f" {NO_ANSWER}", None)) == ["Returns are free."]


# Markers ----------------------------------------------------------------------------------------

SOURCES = (
    passage(chunk_id="a", text="Gold members have 90 days to return an item. Others have 60 days."),
    passage(chunk_id="b", text="A refund takes 5 business days.\n\n- Gift cards are final."),
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Gold members have 90 days to return [1].", ["a"]),
        ("Gold members have 90 days to return. [1]", ["a"]),
        ("Gold members have 90 days [1][2].", ["a"]),
        ("Gold members have 90 days and a refund takes 5 business days [1, 2].", ["a", "b"]),
        ("Members have 90 days [1]. A refund takes 5 days [2].", ["a", "b"]),
        ("- Gift cards are final [2]", ["b"]),
        ("Gold members have 90 days.", []),
        ("Gold members have 90 days [7].", []),
        ("Gold members have 90 days [0].", []),
        ("Gold members have 120 days [1].", []),
        ("The moon is far away [1].", []),
        ("[1]", []),
        ("", []),
    ],
)
def test_markers_become_citations_of_the_words_that_carry_them(text: str, said: list[str]) -> None:
    citations = [each for found in statements_of(text, SOURCES) for each in found.citations]
    texts = {each.chunk_id: each.text for each in SOURCES}
    assert [each.chunk_id for each in citations] == said
    assert all(each.quote in texts[each.chunk_id] for each in citations)


def test_the_quote_of_a_marker_is_the_sentence_that_carries_it() -> None:
    (found,) = statements_of("Others have 60 days [1].", SOURCES)
    assert found.text == "Others have 60 days."
    assert found.citations[0].quote == "Others have 60 days."
