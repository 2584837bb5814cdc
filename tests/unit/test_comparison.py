"""Two runs, case by case: what counts as more than chance."""

import pytest

from bot.evaluation.comparison import compare, mcnemar


def test_the_exact_test_of_changes_gives_the_known_probabilities() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(1, 0) == 1.0
    assert mcnemar(0, 5) == pytest.approx(2 / 32)
    assert mcnemar(2, 8) == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert mcnemar(8, 2) == mcnemar(2, 8)


def test_cases_that_changed_are_named_and_the_rest_do_not_count() -> None:
    before = {f"c{at}": {"right": 1.0} for at in range(10)} | {"gone": {"right": 1.0}}
    after = {f"c{at}": {"right": float(at >= 6)} for at in range(10)} | {"new": {"right": 0.0}}

    (found,) = compare(before, after)

    assert (found.cases, found.before, found.after) == (10, 1.0, 0.4)
    assert found.worse == ("c0", "c1", "c2", "c3", "c4", "c5")
    assert found.better == ()
    assert found.p == pytest.approx(2 / 64)
    assert found.is_significant
    assert found.fell


def test_an_even_exchange_is_chance() -> None:
    before = {f"c{at}": {"right": float(at % 2)} for at in range(40)}
    after = {f"c{at}": {"right": float((at + 1) % 2)} for at in range(40)}

    (found,) = compare(before, after)

    assert (found.p, found.is_significant, found.fell) == (1.0, False, False)


def test_a_mean_is_compared_by_its_interval() -> None:
    before = {f"c{at}": {"recall": 0.5, "precision": 0.5} for at in range(30)}
    after = {
        f"c{at}": {"recall": 0.5 + 0.01 * (at % 3), "precision": 0.5 + 0.1 * (-1) ** at}
        for at in range(30)
    }

    recall, precision = compare(before, after)

    assert (recall.figure, recall.p) == ("recall", None)
    assert recall.is_significant
    assert recall.difference.low > 0
    assert not precision.is_significant


def test_figures_that_only_some_cases_have_are_compared_on_those() -> None:
    before = {"a": {"right": 1.0, "cites": 1.0}, "b": {"right": 0.0}}
    after = {"a": {"right": 1.0, "cites": 0.0}, "b": {"right": 1.0}}

    right, cites = compare(before, after)

    assert (right.cases, right.better) == (2, ("b",))
    assert (cites.cases, cites.worse) == (1, ("a",))
