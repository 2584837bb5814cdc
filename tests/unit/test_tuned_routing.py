"""The head, the classifier over it, and the gate: without a database."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.errors import InputRejected
from bot.triage.base import Classifier, Undecided
from bot.triage.head import Head, calibrated, fit, unpacked
from bot.triage.models import NONE, Decision, Example, RoutingTag, Taxonomy
from bot.triage.tuned import ShadowedClassifier, TunedClassifier
from bot.tuning.gate import judge
from bot.tuning.held_out import Measured, measure

AXES = {"a": 0, "b": 1, "c": 2}


def row(text: str) -> np.ndarray:
    """The unit row of a text that begins with the name of its axis."""
    found = np.full(4, 0.1, dtype=np.float32)
    found[AXES.get(text[0], 3)] = 1.0
    unit: np.ndarray = found / np.linalg.norm(found)
    return unit


def rows(texts: list[str]) -> np.ndarray:
    return np.stack([row(each) for each in texts])


def around(labels: list[str], *, spread: float) -> np.ndarray:
    noise = np.random.default_rng(7).normal(scale=spread, size=(len(labels), 4))
    found = rows(labels) + noise.astype(np.float32)
    unit: np.ndarray = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


class Says:
    """A classifier that always says the same: the product's own protocol, second of its kind."""

    def __init__(self, tag: str | None, *, fails: bool = False) -> None:
        self.tag, self.fails = tag, fails

    def classify(self, text: str, *, locale: str) -> Decision | Undecided:
        if self.fails:
            raise RuntimeError("broken")
        return Decision(tag=self.tag, confidence=0.7, alternatives=(), decided_by="examples")


def over(head: Head, *tags: str, examples: Classifier) -> TunedClassifier:
    taxonomy = Taxonomy(
        tags=tuple(RoutingTag(name=each) for each in tags), examples=(), rules=(), version=1
    )
    return TunedClassifier(head=head, taxonomy=taxonomy, embed_one=row, examples=examples)


def decided(classifier: Classifier, text: str) -> Decision:
    decision = classifier.classify(text, locale="en")
    assert isinstance(decision, Decision)
    return decision


def head(labels: list[str]) -> Head:
    return fit(rows(labels), labels, base="m")


# The head -------------------------------------------------------------------------------------


def test_a_head_learns_finds_again_and_is_read_back_as_it_was() -> None:
    labels = ["a", "b", "c"] * 40
    made = fit(around(labels, spread=0.2), labels, base="model", encoder=b"onnx")

    fresh = ["a", "b", "c"] * 20
    found = made.shares(around(fresh, spread=0.2)).argmax(axis=1)
    assert (
        np.mean([made.names[each] == want for each, want in zip(found, fresh, strict=True)]) > 0.9
    )
    again = unpacked(made.packed())
    assert (again.names, again.base, again.encoder) == (made.names, "model", b"onnx")
    assert np.array_equal(again.shares(rows(["a"])), made.shares(rows(["a"])))


def test_no_tag_wins_by_having_more_examples() -> None:
    labels = ["a"] * 400 + ["b"] * 20
    between = rows(["a"]) + rows(["b"])

    shares = head(labels).shares(between / np.linalg.norm(between))[0]

    assert abs(float(shares[0] - shares[1])) < 0.4


def test_calibration_takes_back_what_is_claimed_too_surely() -> None:
    labels = ["a", "b"] * 100
    made = fit(around(labels, spread=0.02), labels, base="m")
    mixed = ["a", "b", "b", "a"] * 25  # half of what it says of these is wrong

    sober = calibrated(made, around(["a", "b", "a", "b"] * 25, spread=0.02), mixed)

    assert sober.temperature > made.temperature
    assert sober.shares(rows(["a"])).max() < made.shares(rows(["a"])).max()


def test_a_bar_is_set_on_texts_of_which_some_belong_to_no_tag() -> None:
    labels = ["a", "b", "c"] * 60 + [NONE] * 12
    made = fit(around(labels, spread=0.2), labels, base="m")
    others = ["a", "b", "c"] * 40 + [NONE] * 40

    barred = calibrated(made, around(others, spread=0.3), others)

    assert barred.bar is not None
    assert unpacked(barred.packed()).bar == barred.bar
    shares = barred.shares(rows(others))
    assert np.allclose(shares.sum(axis=1), 1.0)
    none = shares[:, barred.names.index(NONE)]
    assert none[:120].max() < 0.5 < none[120:].min()
    new = ["a", "b", "c"] * 300
    kept = barred.shares(around(new, spread=0.2))[:, barred.names.index(NONE)] < 0.5
    assert kept.mean() > 0.9  # texts with a tag are not given up for those without

    assert calibrated(made, rows(["a", "b"] * 9), ["a", "b"] * 9).bar is None
    untaught = head(["a", "b"] * 10)
    assert calibrated(untaught, rows(others), others).bar is None


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(InputRejected, match="cannot be read"):
        unpacked(b"PK nothing")


# What decides ---------------------------------------------------------------------------------


def test_the_model_decides_among_the_tags_that_are_enabled_now() -> None:
    made = head(["a", "b", "c"] * 10)

    assert decided(over(made, "a", "b", "c", examples=Says("b")), "a?").tag == "a"
    without = decided(over(made, "b", "c", examples=Says("b")), "a?")
    assert without.tag in {"b", "c"}
    assert without.decided_by == "tuned"
    assert "a" not in dict(without.alternatives)


def test_tags_that_it_was_not_taught_are_left_to_the_examples() -> None:
    classifier = over(head(["a", "b"] * 10), "a", "b", "new", examples=Says("new"))

    assert decided(classifier, "a?").tag == "new"
    nothing = over(head(["a", "b"] * 10), "a", "b", examples=Says(None))
    assert decided(nothing, "a?").tag is None


def test_a_model_that_was_taught_none_says_none() -> None:
    taught = over(head(["a", "b", NONE] * 10), "a", "b", examples=Says("a"))

    assert decided(taught, "z?").tag is None


def test_with_a_bar_a_tag_need_not_be_likelier_than_none_by_itself() -> None:
    made = replace(head(["a", "b", NONE] * 10), temperature=1000.0)  # all tags alike
    lenient = replace(made, bar=(0.5, 0.0))  # 62 in 100 texts belong, whatever they say
    strict = replace(made, bar=(-0.5, 0.0))

    chosen = decided(over(lenient, "a", "b", examples=Says("a")), "a?")
    assert chosen.tag in {"a", "b"}
    assert chosen.confidence < 0.38
    assert decided(over(strict, "a", "b", examples=Says("a")), "a?").tag is None


def test_a_shadow_is_heard_and_has_no_say_even_when_it_breaks() -> None:
    seen: list[tuple[str | None, str | None]] = []

    def noted(live: Decision, other: Decision) -> None:
        seen.append((live.tag, other.tag))

    fine = ShadowedClassifier(live=Says("a"), shadow=Says("b"), on_decision=noted)
    broken = ShadowedClassifier(live=Says("a"), shadow=Says("b", fails=True), on_decision=noted)

    assert decided(fine, "x").tag == "a"
    assert decided(broken, "x").tag == "a"
    assert seen == [("a", "b")]


# The gate -------------------------------------------------------------------------------------

CASES = [
    Example(text=f"{label}{number}", tag=None if label == "n" else label)
    for label in "abn"
    for number in range(30)
]


class Knows:
    """Says the first letter of a text for these letters ("n": none), else always the same."""

    def __init__(self, letters: str) -> None:
        self.letters = letters

    def classify(self, text: str, *, locale: str) -> Decision | Undecided:
        said = text[0] if text[0] in self.letters else "z"
        tag = None if said == "n" else said
        return Decision(tag=tag, confidence=0.9, alternatives=(), decided_by="examples")


def held(live: Measured, candidate: Measured) -> list[str]:
    verdict = judge(
        live=live.scores,
        candidate=candidate.scores,
        live_figures=live.figures,
        figures=candidate.figures,
    )
    assert verdict.passes is not bool(verdict.against)
    return [each.what for each in verdict.against]


def test_what_rises_and_lets_nothing_fall_may_take_over() -> None:
    assert held(measure(Knows("an"), CASES), measure(Knows("abn"), CASES)) == []


def test_what_does_not_rise_may_not() -> None:
    same = measure(Knows("an"), CASES)

    (what,) = held(same, same)

    assert "may be chance" in what


def test_what_surely_falls_is_not_called_chance() -> None:
    first, *_ = held(measure(Knows("abn"), CASES), measure(Knows("an"), CASES))

    assert "more than chance" in first


def test_a_guarded_figure_that_falls_is_named_with_its_cases() -> None:
    live, candidate = measure(Knows("an"), CASES), measure(Knows("ab"), CASES)
    better = measure(Knows("bn"), CASES[:15] + CASES[30:])

    found = judge(live=live.scores, candidate=candidate.scores, live_figures={}, figures={})

    fallen = {each.what.split(" falls")[0]: each.cases for each in found.against if each.cases}
    assert set(fallen) == {"recall of none", "recall of oos"}
    assert len(fallen["recall of none"]) == 30
    assert "recall of a falls from 1.000 to 0.000" in held(live, better)


def test_figures_are_counted_over_the_cases() -> None:
    found = measure(Knows("an"), CASES)

    assert found.figures["accuracy"] == pytest.approx(2 / 3)
    assert found.figures["recall of tags"] == 0.5
    assert found.figures["recall of none"] == 1.0
    assert found.figures["calibration error"] == pytest.approx(0.9 - 2 / 3)
    assert found.undecided == 0
