"""Chains of nearest neighbours give the groups that average linkage is defined by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insight.gaps.grouping import groups


def by_definition(vectors: np.ndarray, alike: float) -> list[list[int]]:
    """Joins the two most alike groups, again and again, by looking at every pair."""
    members = [[each] for each in range(len(vectors))]
    cosines = vectors @ vectors.T
    while len(members) > 1:
        best = max(
            (float(cosines[np.ix_(a, b)].mean()), -i, -j)
            for i, a in enumerate(members)
            for j, b in enumerate(members)
            if i < j
        )
        if best[0] < alike:
            break
        first, second = -best[1], -best[2]
        members[first] = sorted(members[first] + members[second])
        del members[second]
    return sorted(members, key=lambda each: (-len(each), each[0]))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), count=st.integers(0, 30), alike=st.sampled_from([0.2, 0.5, 0.8])
)
def test_the_groups_are_those_of_the_definition(seed: int, count: int, alike: float) -> None:
    chance = np.random.default_rng(seed)
    middles = chance.normal(size=(4, 6))
    rows = middles[chance.integers(0, 4, count)] + 0.6 * chance.normal(size=(count, 6))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) if count else 1
    vectors = rows.astype(np.float32)
    assert groups(vectors, alike=alike) == by_definition(vectors, alike)


@pytest.mark.parametrize("count", [1, 5])
def test_what_is_the_same_is_one_group_and_what_is_apart_is_alone(count: int) -> None:
    same = np.tile(np.eye(1, 8, dtype=np.float32), (count, 1))
    assert groups(same, alike=0.99) == [list(range(count))]
    apart = np.eye(count, 8, dtype=np.float32)
    assert groups(apart, alike=0.1) == [[each] for each in range(count)]
