"""The threshold that is chosen lets no more wrong answers through than was stated."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.risk import Fit, Judged, binomial_at_most, cases_needed, fit

RISK = {"wrong_at_most": 0.02, "confidence": 0.95}


def judged(*groups: tuple[float, int, int]) -> list[Judged]:
    """Groups of evidence, how many were right, and how many wrong."""
    return [
        Judged(evidence=evidence, right=number < right)
        for evidence, right, wrong in groups
        for number in range(right + wrong)
    ]


def test_the_binomial_distribution_is_the_exact_one() -> None:
    assert binomial_at_most(0, 10, 0.5) == pytest.approx(1 / 1024)
    assert binomial_at_most(5, 10, 0.5) == pytest.approx(638 / 1024)
    assert binomial_at_most(10, 10, 0.3) == pytest.approx(1.0)


def test_without_a_wrong_one_it_takes_a_hundred_and_forty_nine() -> None:
    assert cases_needed(0, **RISK) == 149  # 0.98 ** 149 < 0.05
    assert fit(judged((0.9, 148, 0)), **RISK) == Fit(cases=148, missing=1)
    assert fit(judged((0.9, 149, 0)), **RISK).evidence == 0.9
    assert fit([], **RISK) == Fit(cases=0, missing=149)


def test_a_wrong_one_among_the_surest_takes_more_and_says_how_many() -> None:
    found = fit(judged((0.9, 148, 1)), **RISK)
    assert found.evidence is None
    assert found.missing == (cases_needed(1, **RISK) or 0) - 149
    assert found.missing > 0


def test_it_goes_as_low_as_the_answers_are_right_and_no_lower() -> None:
    found = fit(judged((0.9, 400, 1), (0.7, 400, 3), (0.5, 200, 100)), **RISK)
    assert found.evidence == 0.7
    assert (found.cases, found.sent, found.wrong) == (1104, 804, 4)


def test_answers_that_are_wrong_too_often_need_no_number() -> None:
    assert fit(judged((0.9, 0, 5000)), **RISK).missing is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=400))
def test_what_is_proven_keeps_to_the_share_and_never_splits_equals(
    cases: list[tuple[float, bool]],
) -> None:
    answers = [Judged(evidence=evidence, right=right) for evidence, right in cases]
    found = fit(answers, wrong_at_most=0.1, confidence=0.9)
    if found.evidence is None:
        return
    sent = [each for each in answers if each.evidence >= (found.evidence or 0.0)]
    assert (found.sent, found.wrong) == (len(sent), sum(not each.right for each in sent))
    assert found.wrong <= 0.1 * found.sent


def test_the_guarantee_holds_over_many_accounts() -> None:
    """Where more evidence means fewer wrong answers, at most 1 account in 20 may be let down."""
    chance, let_down, proven = random.Random(7), 0, 0
    for _ in range(400):
        answers = []
        for _ in range(600):
            evidence = chance.random()
            answers.append(Judged(evidence=evidence, right=chance.random() < 0.8 + 0.2 * evidence))
        found = fit(answers, wrong_at_most=0.05, confidence=0.95)
        if found.evidence is not None:
            proven += 1
            # The share of wrong ones from there on is the mean of 0.2 (1 - evidence).
            let_down += 0.1 * (1 - found.evidence) > 0.05
    assert proven > 100
    assert let_down <= 0.05 * 400
