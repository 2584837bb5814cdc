"""What the weighing of meaning against words must do, on candidates made by hand."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing.fusion import NEUTRAL_PIECES, Candidate, Weighing, fused_scores, pieces_per_word


def candidate(document: str, **changes: Any) -> Candidate:
    """A passage of a document that has no other."""
    values: dict[str, Any] = {
        "document": document,
        "document_passages": 1,
        "dense": 0.5,
        "bm25": 0.0,
        "question_weight": 25.0,
    }
    return Candidate(**{**values, **changes})


def order(*candidates: Candidate, pieces: float = NEUTRAL_PIECES, nearest: int = 60) -> list[str]:
    """Documents of the candidates, best first."""
    scores = fused_scores(candidates, pieces=pieces, dense_list=nearest)
    ranked = sorted(zip(scores, candidates, strict=True), key=lambda pair: -pair[0])
    return list(dict.fromkeys(str(each.document) for _, each in ranked))


def test_words_decide_between_equally_near_passages() -> None:
    assert order(candidate("near"), candidate("says it", bm25=12.0)) == ["says it", "near"]


def test_meaning_outweighs_chance_words_in_a_language_the_model_knows() -> None:
    paraphrase = candidate("paraphrase", dense=0.7)
    chance = candidate("chance", dense=0.45, bm25=6.0)
    assert order(paraphrase, chance) == ["paraphrase", "chance"]


def test_words_outweigh_meaning_where_words_fall_to_pieces() -> None:
    near = candidate("near", dense=0.7)
    literal = candidate("literal", dense=0.45, bm25=6.0)
    assert order(near, literal, pieces=2.2) == ["literal", "near"]


def test_a_document_whose_passages_agree_beats_one_lucky_line() -> None:
    lucky = [candidate("lucky", document_passages=5, dense=dense) for dense in (0.62, 0.3)]
    broad = [candidate("broad", document_passages=5, dense=0.6) for _ in range(5)]
    assert order(*lucky, *broad) == ["broad", "lucky"]


def test_a_short_document_is_not_punished_for_its_length() -> None:
    short = candidate("short", dense=0.62)
    broad = [candidate("broad", document_passages=9, dense=0.6) for _ in range(5)]
    assert order(short, *broad) == ["short", "broad"]


def test_passages_that_are_no_candidates_count_as_the_last_of_the_dense_list() -> None:
    one = candidate("one", document_passages=2, dense=0.6)
    last = candidate("last", dense=0.4)
    found_by_words = candidate("found by words", dense=0.1, bm25=1.0)
    scores = fused_scores(
        [one, last, found_by_words],
        pieces=NEUTRAL_PIECES,
        dense_list=2,
        weighing=Weighing(breadth=0.5),
    )
    assert scores[0] == pytest.approx(0.6 / 2 + (0.6 + 0.4) / 2 / 2)


def test_each_passage_is_weighed_by_the_question_in_its_own_language() -> None:
    """An English question's words are all unknown in German articles and weigh the more."""
    english = candidate("english", bm25=10.0, question_weight=16.0)
    german = candidate("german", bm25=10.0, question_weight=100.0)
    assert english.lexical == pytest.approx(2.5)
    assert order(german, english) == ["english", "german"]


def test_passages_of_a_document_keep_their_own_order_and_its_best_carries_its_score() -> None:
    passages = [candidate("a", document_passages=3, dense=dense) for dense in (0.4, 0.7, 0.5)]
    scores = fused_scores([*passages, candidate("b", dense=0.1)], pieces=1.1, dense_list=60)
    assert scores[1] > scores[2] > scores[0] > scores[3]
    assert scores[1] - scores[2] == pytest.approx(0.2)


def test_nothing_found_has_no_scores() -> None:
    assert fused_scores([], pieces=1.1, dense_list=60) == []


def test_a_question_of_stop_words_only_is_ranked_by_meaning() -> None:
    far = candidate("far", dense=0.2, question_weight=0.0)
    near = candidate("near", dense=0.3, question_weight=0.0)
    assert order(far, near) == ["near", "far"]


@pytest.mark.parametrize("question", ["", "?!", "&|!:*'\"", "_ _"])
def test_a_question_without_words_has_as_many_pieces_as_english(question: str) -> None:
    assert pieces_per_word(question, lambda text: len(text.split())) == NEUTRAL_PIECES


def test_pieces_are_counted_per_word_without_punctuation() -> None:
    def count(text: str) -> int:
        assert text == "Wie lange"
        return 5

    assert pieces_per_word("Wie… lange?", count) == pytest.approx((5 + 1.1) / 3)


@given(
    raw=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.floats(-1, 1),
            st.floats(0, 200),
            st.floats(0, 1000),
            st.integers(0, 9),
        )
    ),
    pieces=st.floats(0, 100),
    nearest=st.integers(0, 5),
)
def test_every_candidate_gets_a_finite_score(
    raw: list[tuple[str, float, float, float, int]], pieces: float, nearest: int
) -> None:
    candidates = [
        candidate(document, dense=dense, bm25=bm25, question_weight=weight, document_passages=count)
        for document, dense, bm25, weight, count in raw
    ]
    scores = fused_scores(candidates, pieces=pieces, dense_list=nearest)
    assert len(scores) == len(candidates)
    assert all(map(math.isfinite, scores))
