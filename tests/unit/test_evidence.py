"""What makes it likelier that passages carry an answer, and what less likely."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing.evidence import PASSAGES, evidence, facts, probability, surroundings
from indexing.fusion import Candidate

SHORT = "How long do I have to return a jacket?"
LONG = " ".join(f"word{number}" for number in range(60))


def found(dense: float = 0.5, bm25: float = 10.0, **changes: Any) -> Candidate:
    values: dict[str, Any] = {
        "document": "returns",
        "document_passages": 1,
        "dense": dense,
        "bm25": bm25,
        "question_weight": 16.0,
    }
    return Candidate(**{**values, **changes})


def test_nothing_found_carries_nothing() -> None:
    assert evidence(SHORT, []) == 0.0


def test_a_passage_that_says_it_in_other_words_is_enough() -> None:
    assert evidence(SHORT, [found(dense=0.75, bm25=7.0)]) > 0.5


def test_a_passage_that_holds_the_words_and_is_fairly_near_is_enough() -> None:
    assert evidence(SHORT, [found(dense=0.5, bm25=12.0)]) > 0.5


def test_chance_words_in_a_far_passage_are_not_enough() -> None:
    assert evidence("What is the capital of Brazil?", [found(dense=0.15, bm25=4.0)]) < 0.2


def test_a_near_subject_without_the_words_is_not_enough_for_a_short_question() -> None:
    assert evidence("Can I pay with bitcoin?", [found(dense=0.45, bm25=3.0)]) < 0.5


def test_words_count_in_a_short_question_and_not_in_a_long_one() -> None:
    few, many = found(bm25=2.0), found(bm25=14.0)
    assert evidence(SHORT, [many]) > evidence(SHORT, [few]) + 0.2
    assert evidence(LONG, [many]) == evidence(LONG, [few])


def test_nearness_always_counts() -> None:
    for question in (SHORT, LONG):
        assert evidence(question, [found(dense=0.7)]) > evidence(question, [found(dense=0.4)])


def test_a_foreign_question_is_not_blamed_for_the_models_english() -> None:
    passages = [found(dense=0.4)]
    assert evidence(SHORT, passages, pieces=2.0) > evidence(SHORT, passages, pieces=1.1)


def test_only_what_is_read_counts() -> None:
    read = [found(dense=0.3, bm25=1.0)] * PASSAGES
    assert evidence(SHORT, [*read, found(dense=0.9)]) == evidence(SHORT, read)


def test_what_was_answered_before_is_likelier_to_be_answered_again() -> None:
    passages = [found(dense=0.4)]
    assert evidence(SHORT, passages, remembered=0.8) > evidence(SHORT, passages) + 0.2


def test_what_is_far_from_what_is_usually_asked_is_less_likely_answered() -> None:
    passages = [found(dense=0.6)]
    assert evidence(SHORT, passages, strangeness=2.0) < evidence(SHORT, passages) - 0.2


def test_surroundings_are_many_passages_not_one() -> None:
    assert surroundings([]) == 0.0
    assert surroundings([0.9, 0.1]) == pytest.approx(0.5)
    assert surroundings([*[0.5] * 20, *[-1.0] * 40]) == pytest.approx(0.5)


def test_the_same_word_again_does_not_make_a_question_long() -> None:
    assert facts("refund " * 50, [found()], pieces=1.1) == facts("Refund", [found()], pieces=1.1)


@given(
    question=st.text(),
    dense=st.floats(-1, 1),
    bm25=st.floats(0, 500),
    weight=st.floats(0, 2000),
    pieces=st.floats(0, 1000),
)
def test_always_a_probability(
    question: str, dense: float, bm25: float, weight: float, pieces: float
) -> None:
    passage = found(dense=dense, bm25=bm25, question_weight=weight)
    value = evidence(question, [passage], pieces=pieces)
    assert 0 <= value <= 1
    assert value == pytest.approx(probability(facts(question, [passage], pieces=pieces)))
