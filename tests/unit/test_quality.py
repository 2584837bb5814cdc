"""Shares with intervals that hold the doubt there is, corrected by what people said."""

import random

import pytest

from bot.evaluation.quality import CheckedAnswer, quality_of


def answer(
    supported: int = 2, statements: int = 2, *, right: bool | None = None, sampled: bool = True
) -> CheckedAnswer:
    return CheckedAnswer(
        statements=statements,
        supported=supported,
        citations=statements,
        needed=supported,
        gone=0,
        faults=0,
        sampled=sampled,
        is_right=right,
    )


def test_without_answers_there_is_nothing_to_say() -> None:
    found = quality_of([])
    assert (found.answers, found.supported, found.right, found.is_calibrated) == (
        0, None, None, False,
    )  # fmt: skip


def test_shares_are_of_what_chance_chose() -> None:
    chosen = [answer(1), *(answer() for _ in range(19))]
    complaints = [answer(0, right=False, sampled=False) for _ in range(5)]

    found = quality_of([*chosen, *complaints])

    assert (found.answers, found.judged, found.is_calibrated) == (20, 5, False)
    assert found.supported is not None
    assert found.supported.mean == 39 / 40
    assert found.supported.low < 39 / 40 < found.supported.high
    assert found.right is not None
    assert found.right.mean == 19 / 20
    assert found.agreement == 1.0


def test_all_right_of_few_is_no_certainty() -> None:
    found = quality_of([answer() for _ in range(10)])
    assert found.supported is not None
    assert (found.supported.mean, found.supported.high) == (1.0, pytest.approx(1.0))
    assert found.supported.low == pytest.approx(0.722, abs=0.01)


def test_where_people_disagree_with_the_look_they_are_right() -> None:
    looks_fine = [answer() for _ in range(400)]
    judged = [answer(right=at % 5 != 0, sampled=False) for at in range(100)]  # a fifth is wrong

    found = quality_of([*looks_fine, *judged])

    assert found.is_calibrated
    assert found.agreement == 0.8
    assert found.right is not None
    assert found.right.mean == pytest.approx(0.8)
    assert found.right.low < 0.8 < found.right.high


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    chance = random.Random(7)
    held = 0
    for _ in range(200):
        answers = []
        for number in range(500):
            right = chance.random() < 0.85
            looks_right = right if chance.random() < 0.9 else not right
            judged = number < 100
            answers.append(answer(2 if looks_right else 1, right=right if judged else None))
        found = quality_of(answers).right
        assert found is not None
        held += found.low <= 0.85 <= found.high
    assert held >= 186  # of 200, at 95 %
