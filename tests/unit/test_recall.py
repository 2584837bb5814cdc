"""What past questions say of a new one, and how far they are trusted."""

from __future__ import annotations

import numpy as np
import pytest

from indexing.embedders.embedder import Vector
from indexing.recall import Neighbour, Recalled, opinions
from indexing.trust import TRUSTS, USUAL, chosen


def toward(*numbers: float) -> Vector:
    """A unit vector in this direction."""
    row = np.array(numbers, dtype=np.float32)
    return row / np.linalg.norm(row)


def past(vector: Vector, *documents: int, weight: float = 1.0) -> Neighbour:
    return Neighbour(vector=vector, weight=weight, documents=documents)


ASKED = toward(1, 0, 0)
ALIKE, OTHER, FAR = toward(1, 0.2, 0), toward(1, 1, 0), toward(0, 0, 1)


def test_the_article_that_answered_the_most_alike_is_most_surely_meant() -> None:
    said = opinions(ASKED, [past(ALIKE, 1), past(OTHER, 2), past(FAR, 3)])
    assert said[1] > said.get(2, 0.0) > said.get(3, 0.0) >= 0.0
    assert said[1] <= 1.0


def test_several_who_agree_are_surer_than_one_and_one_who_knows_than_one_who_guesses() -> None:
    one = opinions(ASKED, [past(ALIKE, 1)])[1]
    two = opinions(ASKED, [past(ALIKE, 1), past(toward(1, 0, 0.2), 1)])[1]
    sure = opinions(ASKED, [past(ALIKE, 1, weight=2.0)])[1]
    unsure = opinions(ASKED, [past(ALIKE, 1, weight=0.5)])[1]
    assert unsure < one < min(two, sure)


def test_a_pair_speaks_for_each_of_its_articles_alike() -> None:
    said = opinions(ASKED, [past(ALIKE, 1, 2)])
    assert said[1] == said[2]


@pytest.mark.parametrize("neighbours", [[], [past(FAR, 1)], [past(toward(0.25, 1, 0), 1)]])
def test_it_is_silent_on_questions_unlike_any_before(neighbours: list[Neighbour]) -> None:
    assert opinions(ASKED, neighbours) == {}


def test_the_same_question_many_times_over_is_no_singular_case() -> None:
    said = opinions(ASKED, [past(ASKED, 1) for _ in range(128)])
    assert said[1] == pytest.approx(1.0, abs=0.01)


def test_only_what_is_trusted_is_suggested() -> None:
    said = {number: 1 / (1 + number) for number in range(20)}
    assert Recalled(opinions=said, trust=0.0).suggested == ()
    suggested = Recalled(opinions=said, trust=2.0).suggested
    assert suggested == tuple(range(12))
    assert Recalled(opinions=said, trust=2.0).worth(3) == pytest.approx(0.5)
    assert Recalled(opinions=said, trust=2.0).worth(99) == 0.0


def ranks(best: float, count: int) -> list[list[float]]:
    """Past questions whose article is first at one weight and second at the others."""
    return [[1.0 if trust == best else 0.5 for trust in TRUSTS]] * count


def test_the_weight_is_the_one_that_finds_past_articles_soonest() -> None:
    assert chosen(ranks(2.0, 30)) == 2.0
    assert chosen(ranks(0.0, 30)) == 0.0


def test_few_pairs_do_not_choose_and_where_all_do_alike_the_least_is_trusted() -> None:
    assert chosen([]) == USUAL
    assert chosen(ranks(3.0, 5)) == USUAL
    assert chosen([[1.0] * len(TRUSTS)] * 30) == TRUSTS[0]
