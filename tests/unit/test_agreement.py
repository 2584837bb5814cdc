"""Agreement beyond chance, against worked examples and what can go wrong at the edges."""

import pytest

from bot.evaluation.agreement import FEWEST_LABELS, agreement


def pairs(both: int, only_people: int, only_judge: int, neither: int) -> list[tuple[bool, bool]]:
    return (
        [(True, True)] * both
        + [(True, False)] * only_people
        + [(False, True)] * only_judge
        + [(False, False)] * neither
    )


def test_kappa_is_that_of_the_textbook() -> None:
    found = agreement(pairs(20, 5, 10, 15))  # the example of Wikipedia's "Cohen's kappa"

    assert found.raw is not None
    assert found.kappa is not None
    assert (found.labels, found.lenient, found.strict, found.missing) == (50, 10, 5, 0)
    assert found.raw.mean == pytest.approx(0.7)
    assert found.kappa.mean == pytest.approx(0.4)
    assert found.raw.low < 0.7 < found.raw.high
    assert found.kappa.low < 0.4 < found.kappa.high
    assert found.kappa.low == pytest.approx((found.raw.low - 0.5) / 0.5)


def test_a_judge_that_says_yes_to_everything_agrees_no_more_than_chance() -> None:
    found = agreement(pairs(45, 0, 5, 0))

    assert found.raw is not None
    assert found.kappa is not None
    assert found.raw.mean == pytest.approx(0.9)
    assert found.kappa.mean == pytest.approx(0.0)


def test_few_labels_leave_doubt_even_where_all_agree() -> None:
    found = agreement(pairs(20, 0, 0, 10))

    assert found.kappa is not None
    assert found.kappa.mean == found.kappa.high == 1.0
    assert found.kappa.low < 0.8


def test_without_enough_labels_it_says_how_many_are_missing() -> None:
    found = agreement(pairs(10, 1, 0, 10))

    assert found.missing == FEWEST_LABELS - 21
    assert found.raw is found.kappa is None
    assert agreement([]).missing == FEWEST_LABELS


def test_where_both_always_say_the_same_word_there_is_no_kappa() -> None:
    found = agreement(pairs(40, 0, 0, 0))

    assert found.raw is not None
    assert found.raw.mean == 1.0
    assert found.kappa is None
