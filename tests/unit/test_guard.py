"""Which changes are refused, and that the refusal names the cases."""

from datetime import UTC, datetime

import pytest

from bot.errors import ChangeRefused
from bot.evaluation.guard import changed_since, falls, require, wrongly_sent
from bot.evaluation.runs import KeptResult, KeptRun, Setup


def run(*, engine: str = "extractive", kind: str = "answers") -> KeptRun:
    return KeptRun(
        id=1,
        kind=kind,  # type: ignore[arg-type]
        cases_name="returns",
        cases_hash="h",
        setup=Setup(engine=engine, prompt_version="p1", settings={"evidence_needed": 0.4}),
        figures={},
        cases=3,
        created_by="anna",
        finished_at=datetime.now(UTC),
        is_baseline=True,
    )


def results(*right: float, evidence: float = 0.9) -> list[KeptResult]:
    return [
        KeptResult(
            case_id=str(number),
            question=f"Question {number}?",
            scores={"right": each, "words of the reference": each / 2},
            detail={"outcome": "answered", "evidence": evidence},
        )
        for number, each in enumerate(right)
    ]


def test_a_figure_that_falls_is_refused_with_its_cases() -> None:
    found = falls(run(), results(1, 1, 0), results(1, 0, 0))

    assert [each.comparison.figure for each in found] == ["right"]  # the other is not guarded
    with pytest.raises(ChangeRefused, match=r"The prompt .*right of answers on returns falls from "
                       r"0.667 to 0.333.*“Question 1\?”.*--force"):  # fmt: skip
        require(found, change="The prompt")
    require((), change="The prompt")


def test_what_rises_or_falls_within_the_tolerance_is_let_through() -> None:
    assert falls(run(), results(1, 0, 0), results(1, 1, 0)) == ()
    assert falls(run(), results(1, 1, 0), results(1, 0, 0), tolerance=0.4) == ()


def test_where_a_model_writes_chance_is_no_fall() -> None:
    before, after = [1.0] * 12, [1.0] * 12
    after[0] = 0.0
    assert falls(run(engine="claude"), results(*before), results(*after)) == ()
    after[:7] = [0.0] * 7
    assert len(falls(run(engine="claude"), results(*before), results(*after))) == 1
    # What retrieval finds is no chance, whoever writes.
    ranked = run(engine="claude", kind="retrieval")
    hit, missed = (
        [KeptResult(case_id="a", question="?", scores={"hit@5": each})] for each in (1.0, 0.0)
    )
    assert len(falls(ranked, hit, missed)) == 1


def test_what_has_changed_since_a_baseline_is_named_articles_aside() -> None:
    now = Setup(
        engine="extractive",
        prompt_version="p2",
        index_version="other articles",
        settings={"evidence_needed": 0.3},
    )
    assert changed_since(run(), now) == ("prompt_version", "evidence_needed")
    assert changed_since(run(), run().setup) == ()


def test_a_lower_threshold_that_sends_wrong_answers_names_them() -> None:
    kept = [*results(1, 1, evidence=0.8), *results(0, evidence=0.5)]

    wrong = wrongly_sent(kept, before=0.6, after=0.4)

    assert [each.detail["evidence"] for each in wrong] == [0.5]
    assert wrongly_sent(kept, before=0.4, after=0.6) == ()
    assert wrongly_sent(results(1, 1, evidence=0.5), before=0.6, after=0.4) == ()
