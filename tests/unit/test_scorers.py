"""Scores against values worked out by hand."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evaluation.scorers import (
    abstention_curve,
    area_under_risk,
    bootstrap,
    latency,
    percentile,
    ranking,
    recall_at_precision,
    reciprocal_rank_fusion,
    rejected_at,
    risk_curve,
    token_f1,
    token_recall,
    words,
)


def test_ranking_of_a_hit_in_third_place() -> None:
    assert ranking(["x", "y", "a", "z"], frozenset({"a"})) == {
        "hit@1": 0.0,
        "hit@5": 1.0,
        "hit@10": 1.0,
        "recall@10": 1.0,
        "mrr@10": pytest.approx(1 / 3),
    }


def test_several_gold_articles_hit_by_any_and_recall_by_share() -> None:
    scores = ranking(["a", "x", "b"], frozenset({"a", "b", "c", "d"}))

    assert scores["hit@1"] == 1.0
    assert scores["recall@10"] == 0.5


def test_the_eleventh_place_is_too_late() -> None:
    ranked = [str(number) for number in range(11)]

    assert set(ranking(ranked, frozenset({"10"})).values()) == {0.0}
    assert ranking(ranked, frozenset({"9"}))["mrr@10"] == pytest.approx(0.1)


def test_nothing_found_scores_zero() -> None:
    assert set(ranking([], frozenset({"a"})).values()) == {0.0}


@pytest.mark.parametrize(
    ("ranked", "gold"), [(["a", "a"], frozenset({"a"})), (["a"], frozenset[str]())]
)
def test_a_ranking_that_cannot_be_scored_is_refused(
    ranked: list[str], gold: frozenset[str]
) -> None:
    with pytest.raises(ValueError, match=r"twice|no gold"):
        ranking(ranked, gold)


def test_fusion_prefers_what_both_lists_hold() -> None:
    # 1/62 + 1/61 for b; 1/61 for a; 1/62 for c.
    assert reciprocal_rank_fusion(["a", "b"], ["b", "c"]) == ["b", "a", "c"]


def test_fusion_of_one_list_keeps_it_and_ties_keep_the_first_list_first() -> None:
    assert reciprocal_rank_fusion(["a", "b"], []) == ["a", "b"]
    assert reciprocal_rank_fusion(["a"], ["b"]) == ["a", "b"]


def test_percentiles_are_interpolated() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert percentile([5.0], 0.95) == 5.0
    assert percentile([], 0.5) == 0.0
    assert latency([float(ms) for ms in range(101)]).p95 == 95.0


def test_interval_holds_the_mean_and_narrows_with_more_cases() -> None:
    few = bootstrap({"hit": [0.0, 1.0] * 10})["hit"]
    many = bootstrap({"hit": [0.0, 1.0] * 1000})["hit"]

    assert few.mean == many.mean == 0.5
    assert few.low < many.low < 0.5 < many.high < few.high
    # The standard error of a share of one half over 2,000 cases is .011.
    assert many.high - many.low == pytest.approx(4 * 0.0112, rel=0.15)


def test_intervals_are_reproducible_and_paired() -> None:
    ours, other = [1.0, 0.0, 1.0, 1.0] * 20, [1.0, 0.0, 0.0, 1.0] * 20
    ahead = [a - b for a, b in zip(ours, other, strict=True)]

    first = bootstrap({"ours": ours, "ahead": ahead})

    assert first == bootstrap({"ours": ours, "ahead": ahead})
    assert first["ahead"].low > 0  # never worse on any question, though the intervals overlap
    assert bootstrap({"none": []}) == {}


def test_words_drop_case_and_punctuation_and_split_unspaced_scripts() -> None:
    assert words("Refunds: within 30 days!") == ["refunds", "within", "30", "days"]
    assert words("返品 OK") == ["返", "品", "ok"]


def test_token_overlap_takes_the_closest_reference() -> None:
    assert token_f1("thirty days", ["within thirty days", "a week"]) == pytest.approx(0.8)
    assert token_recall("You have thirty days to return it.", ["thirty days"]) == 1.0
    assert token_f1("anything", []) == 0.0
    assert token_f1("", ["a"]) == 0.0


def test_curve_runs_from_keeping_all_to_keeping_nothing() -> None:
    curve = abstention_curve([0.9, 0.8, 0.3], [0.1, 0.4])

    assert (curve[0].kept, curve[0].rejected) == (1.0, 0.0)
    assert (curve[-1].kept, curve[-1].rejected) == (0.0, 1.0)
    at = {point.threshold: (point.kept, point.rejected) for point in curve}
    assert at[0.3] == (1.0, 0.5)
    assert at[0.8] == (2 / 3, 1.0)
    assert abstention_curve([], [0.1]) == []


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=60),
    st.lists(st.floats(0, 1), min_size=1, max_size=60),
)
def test_curve_trades_one_share_for_the_other(
    answerable: list[float], unanswerable: list[float]
) -> None:
    curve = abstention_curve(answerable, unanswerable, points=20)

    assert len(curve) <= 21
    for before, after in itertools.pairwise(curve):
        assert before.kept >= after.kept
        assert before.rejected <= after.rejected
    assert math.isinf(curve[-1].threshold)


def test_rejected_share_at_a_kept_share() -> None:
    answerable = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.1]
    unanswerable = [0.5, 0.52, 0.58, 0.05]

    # Keeping nine of ten allows a threshold of .55; .58 gets past it.
    assert rejected_at(answerable, unanswerable, kept=0.9) == 0.75
    assert rejected_at(answerable, unanswerable, kept=1.0) == 0.25
    assert rejected_at([], unanswerable, kept=0.9) is None


def test_the_risk_of_answering_ever_more() -> None:
    curve = risk_curve([(0.9, True), (0.5, True), (0.5, False), (0.2, False)], asked=8)

    assert [(each.threshold, each.coverage, each.risk) for each in curve] == [
        (0.9, 1 / 8, 0.0),
        (0.5, 3 / 8, 1 / 3),
        (0.2, 4 / 8, 1 / 2),
    ]
    assert area_under_risk(curve) == pytest.approx((0 + 2 / 8 / 3 + 1 / 8 / 2) / 0.5)
    assert risk_curve([], asked=3) == []
    assert area_under_risk([]) is None


def test_recall_where_enough_of_what_is_found_is_meant() -> None:
    found = [(0.9, True), (0.8, True), (0.7, False), (0.6, True), (0.6, False), (0.1, True)]

    assert recall_at_precision(found, precision=1.0) == (0.5, 0.8)
    assert recall_at_precision(found, precision=0.6) == (1.0, 0.1)
    assert recall_at_precision([(0.9, False), (0.1, True)], precision=0.8) is None
    assert recall_at_precision([(0.9, False)], precision=0.1) is None
