"""Routing without a database: rules, the classifier on plain vectors, calibration, and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.errors import InputRejected
from bot.triage import calibration, files, ridge
from bot.triage.account import proposals
from bot.triage.models import Context, Example, RoutingTag, Rule, Taxonomy
from bot.triage.rules import first_fitting
from bot.triage.taxonomy import checked_tag
from connectors.zendesk.tagging import AccountTags


def fits(rule: Rule, text: str = "", *, locale: str = "en", **context: Any) -> bool:
    found = first_fitting([rule], text, locale=locale, context=Context(**context))
    return found is rule


# Rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("refund", "I want a REFUND!", True),
        ("refund", "I was refunded", False),
        ("refund*", "I was refunded", True),
        ("charge back", "a charge\n  back, please", True),
        ("c++ (new)", "about C++ (new)?", True),
        ("a.b", "axb", False),
        ("don't", "I don\u2019t know", True),
        ("返金", "商品を返金してください", True),
        ("*", "anything", False),
    ],
)
def test_a_phrase_is_found_as_whole_words(phrase: str, text: str, expected: bool) -> None:
    assert fits(Rule(tag="t", phrases=(phrase,)), text) is expected


def test_every_condition_must_hold_and_any_of_its_values_is_enough() -> None:
    rule = Rule(tag="t", phrases=("tent", "boots"), channels=("email",), locales=("de", "fr"))

    assert fits(rule, "my boots", channel="Email", locale="de-AT")
    assert not fits(rule, "my boots", channel="web", locale="de")
    assert not fits(rule, "my boots", channel="email", locale="en")
    assert not fits(rule, "my jacket", channel="email", locale="de")


def test_brand_form_and_requester_tags_are_conditions_too() -> None:
    rule = Rule(tag="t", brands=("7",), forms=("9",), requester_tags=("vip", "press"))

    assert fits(rule, brand="7", form="9", requester_tags=frozenset({"vip", "new"}))
    assert not fits(rule, brand="7", form="9", requester_tags=frozenset({"new"}))


def test_the_first_rule_that_fits_decides() -> None:
    rules = [Rule(tag="a", channels=("web",)), Rule(tag="b", phrases=("x",)), Rule(tag="c")]

    found = first_fitting(rules, "x", locale="en", context=Context(channel="email"))

    assert found is rules[1]


# The classifier -------------------------------------------------------------------------------


def around(*centres: list[float], each: int = 12, spread: float = 0.25) -> ridge.Floats:
    """Unit rows near the centres, in their order."""
    random = np.random.default_rng(7)
    rows = np.repeat(np.array(centres, dtype=np.float32), each, axis=0)
    rows = rows + random.normal(scale=spread, size=rows.shape).astype(np.float32)
    unit: ridge.Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


CENTRES = ([1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0])


def test_left_out_scores_are_those_of_a_model_that_never_saw_the_row() -> None:
    """The closed form is held to really leaving rows out, at the strength that was chosen."""
    rows, labels = around(*CENTRES, each=6), np.repeat(np.arange(3), 6)
    targets = np.eye(3)[labels]
    found = ridge.fit(rows, labels, classes=3, judged=np.arange(len(rows)))

    def differences(strength: float) -> list[float]:
        kernel = np.exp(2.0 * (rows.astype(np.float64) @ rows.T - 1))
        wide = []
        for one in range(len(rows)):
            rest = np.arange(len(rows)) != one
            within = kernel[np.ix_(rest, rest)] + strength * np.eye(len(rows) - 1)
            said = kernel[one, rest] @ np.linalg.solve(within, targets[rest])
            wide.append(float(np.abs(said - found.left_out[one]).max()))
        return wide

    assert min(max(differences(strength)) for strength in (0.1, 0.3, 1.0)) < 0.01


def test_far_from_every_example_no_class_scores() -> None:
    rows, labels = around(*CENTRES, spread=0.05), np.repeat(np.arange(3), 12)

    model = ridge.fit(rows, labels, classes=3, judged=np.arange(len(rows))).model

    assert model.scores(np.array([[0, 1, 0, 0]], dtype=np.float32))[0].argmax() == 1
    far = model.scores(np.array([[0, 0, 0, -1]], dtype=np.float32))[0]
    near = model.scores(rows[:1])[0]
    assert far.max() < near.max() / 3


def test_many_examples_are_compared_with_a_part_of_them_and_found_as_well() -> None:
    rows, labels = around(*CENTRES, each=1_100), np.repeat(np.arange(3), 1_100)

    found = ridge.fit(rows, labels, classes=3, judged=np.arange(len(rows)))

    assert len(found.model.landmarks) < len(rows)
    assert (found.model.scores(rows).argmax(axis=1) == labels).mean() > 0.95


def test_examples_that_are_all_the_same_do_no_harm() -> None:
    rows = np.repeat(np.array([[1.0, 0], [0, 1.0]], dtype=np.float32), 5, axis=0)

    found = ridge.fit(rows, np.repeat(np.arange(2), 5), classes=2, judged=np.arange(10))

    assert np.isfinite(found.left_out).all()


# Calibration ----------------------------------------------------------------------------------


def test_calibration_error_is_the_gap_between_claim_and_truth() -> None:
    claims = np.full(100, 0.9)

    assert calibration.calibration_error(claims, np.repeat([1.0, 0.0], [90, 10])) < 1e-9
    gap = calibration.calibration_error(claims, np.repeat([1.0, 0.0], [40, 60]))
    assert gap == pytest.approx(0.5)
    assert calibration.calibration_error(np.array([]), np.array([])) == 0.0


def test_examples_of_none_move_the_bar() -> None:
    close, far = np.full((40, 2), 0.6), np.full((40, 2), 0.1)
    between = np.array([0.35]), np.array([0.35])

    usual = calibration.fitted(close, far[:0])
    taught = calibration.fitted(close, np.full((40, 2), 0.4))

    assert calibration.inside(taught, *between) < calibration.inside(usual, *between)
    assert calibration.inside(taught, np.array([0.6]), np.array([0.6])) > 0.5


# Files ----------------------------------------------------------------------------------------


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_of_texts_and_labels(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", 'label,text\nBilling,"Charged\ntwice"\noos,hello\n')

    contents = files.read(path)

    assert [(each.text, each.tag) for each in contents.examples] == [
        ("Charged\ntwice", "billing"),
        ("hello", None),
    ]
    assert contents.named == ("billing",)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("a.jsonl", '{"text": "x", "label": "y"}\n{oops}\n', "a.jsonl:2: not JSON"),
        ("a.jsonl", '\n{"text": "x"}\n', "a.jsonl:2: label"),
        ("a.jsonl", "[1]\n", "a.jsonl:1: not a JSON object"),
        ("a.jsonl", '{"tag": "a", "priority": "huge"}\n', "a.jsonl:1: priority"),
        ("a.jsonl", '{"rule": "a", "phrase": ["x"]}\n', "a.jsonl:1: phrase"),
        ("a.csv", "text,label\na,b\nc\n", "a.csv:3: label"),
        ("a.csv", "one,two\n", "a.csv:1: the first line"),
        ("none.csv", None, "none.csv: No such file"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(
    tmp_path: Path, name: str, text: str | None, complaint: str
) -> None:
    path = tmp_path / name if text is None else written(tmp_path, name, text)

    with pytest.raises(InputRejected) as raised:
        files.read(path)

    assert complaint in str(raised.value)


def test_what_is_exported_is_read_back_the_same(tmp_path: Path) -> None:
    taxonomy = Taxonomy(
        tags=(
            RoutingTag(name="a", description="A", group_id=3, priority="high", enabled=False),
            RoutingTag(name="b", custom_fields={"360": "x"}),
        ),
        examples=(Example(text="one\u2028two", tag="a"), Example(text="no", tag=None)),
        rules=(Rule(tag="b", phrases=("x", "y"), position=4, id=9),),
        version=1,
    )

    path = written(tmp_path, "out.jsonl", "\n".join(files.export(taxonomy)))
    contents = files.read(path)

    assert contents.tags == taxonomy.tags
    assert [(each.text, each.tag) for each in contents.examples] == [
        ("one\u2028two", "a"),
        ("no", None),
    ]
    assert contents.rules == (Rule(tag="b", phrases=("x", "y")),)


def test_the_sample_has_a_dozen_tags_with_examples_each() -> None:
    contents = files.read_sample()

    per_tag = [sum(e.tag == tag.name for e in contents.examples) for tag in contents.tags]
    assert len(contents.tags) >= 12
    assert min(per_tag) >= 6
    assert all(checked_tag(tag) == tag for tag in contents.tags)


# The account's own tags -----------------------------------------------------------------------


def test_the_accounts_tags_get_the_group_of_their_tickets_or_else_the_one_they_name() -> None:
    found = AccountTags(
        tickets={"billing_refund": 9, "VIP": 7, "vip": 5, "billing_support": 3, "oos": 3, "old": 2,
                 "a b": 2, "supportbot_answered": 99, "few": 2},
        groups={1: "Billing", 2: "Tier 2", 3: "Support", 4: "/"},
        sorted_into={"billing_refund": {3: 5, 2: 1}, "vip": {1: 2, 2: 2}, "few": {2: 2}},
    )  # fmt: skip

    proposed = proposals(found, known=["old"])

    assert [(each.tag.name, each.tickets, each.tag.group_id) for each in proposed] == [
        ("vip", 12, None),
        ("billing_refund", 9, 3),
        ("billing_support", 3, None),
        ("old", 2, None),
        ("few", 2, None),
    ]
    assert [each.tag.name for each in proposed if each.is_known] == ["old"]
