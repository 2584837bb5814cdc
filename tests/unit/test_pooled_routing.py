"""Two models as one classifier: when the second is asked, how far it is believed, and that a
queue's size says nothing of a text."""

from __future__ import annotations

import numpy as np

from bot.triage import calibration, logistic, pooled, ridge
from bot.triage.ridge import NOTHING

CENTRES = ([1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0])
ELSEWHERE = [0, 0, 0, 1.0]


def around(*centres: list[float], each: int, spread: float, seed: int = 7) -> ridge.Floats:
    """Unit rows near the centres, in their order."""
    random = np.random.default_rng(seed)
    rows = np.repeat(np.array(centres, dtype=np.float32), each, axis=0)
    rows = rows + random.normal(scale=spread, size=rows.shape).astype(np.float32)
    unit: ridge.Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def pool(rows: ridge.Floats, labels: ridge.Labels, classes: int = 3) -> pooled.Pooled:
    return pooled.fit(rows, labels, classes=classes, judged=np.arange(len(rows)))


def test_each_row_is_judged_by_a_model_that_never_saw_it() -> None:
    """Labels that follow nothing are learned by heart, and yet not found when left out."""
    rows = around([1.0, 0, 0, 0], each=40, spread=1.0)
    labels = np.random.default_rng(3).integers(0, 2, size=40)

    found = logistic.fit(rows, labels, classes=2)

    assert (found.model.logits(rows).argmax(axis=1) == labels).mean() > 0.6
    assert (found.left_out.argmax(axis=1) == labels).mean() < 0.65


def test_few_examples_are_not_worth_a_second_model() -> None:
    few = pool(around(*CENTRES, each=10, spread=0.2), np.repeat(np.arange(3), 10))
    many = pool(around(*CENTRES, each=200, spread=0.2), np.repeat(np.arange(3), 200))

    assert few.logistic is None
    assert many.logistic is not None
    for each in (few, many):
        opinion = each.opinion(np.eye(4, dtype=np.float32)[:3])
        assert list(opinion.among.argmax(axis=1)) == [0, 1, 2]
        assert np.allclose(opinion.among.sum(axis=1), 1.0, atol=1e-5)


def test_what_is_in_doubt_does_not_go_to_the_largest_queue() -> None:
    rows = np.concatenate(
        [around(CENTRES[0], each=900, spread=0.4), around(CENTRES[1], each=60, spread=0.4)]
    )
    labels = np.repeat(np.arange(2), [900, 60])
    new = around(*CENTRES[:2], each=200, spread=0.4, seed=8)

    found = pool(rows, labels, classes=2).opinion(new).among.argmax(axis=1)

    recalls = [(found[:200] == 0).mean(), (found[200:] == 1).mean()]
    assert abs(recalls[0] - recalls[1]) < 0.08
    assert min(recalls) > 0.85


def test_examples_of_none_are_learned_where_tags_are_taught_well() -> None:
    inside = around(*CENTRES, each=200, spread=0.2)
    outside = around(ELSEWHERE, each=30, spread=0.2)
    rows = np.concatenate([inside, outside])
    labels = np.concatenate([np.repeat(np.arange(3), 200), np.full(30, NOTHING)])

    found = pool(rows, labels)

    assert found.learned_none
    belongs = found.opinion(np.eye(4, dtype=np.float32)).belongs
    assert belongs[3] < belongs[:3].min()
    assert not pool(inside, labels[:600]).learned_none
    few_each = np.arange(600) % 40  # as many examples, of so many tags that each has few
    assert not pool(rows, np.concatenate([few_each, labels[600:]]), classes=40).learned_none


def test_the_bar_of_a_well_taught_classifier_is_set_by_its_own_examples() -> None:
    inside = np.random.default_rng(7).uniform(0.4, 1.0, size=(500, 2))

    for size in (1.0, 0.2):  # whatever the size of the scores
        weights = calibration.usual(inside * size, own_bar=True)
        held = calibration.inside(weights, inside[:, 0] * size, inside[:, 1] * size) >= 0.5
        assert 0.97 < held.mean() < 0.99
