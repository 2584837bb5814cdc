"""Trends with their interval, and advice with its shares and gains."""

import pytest

from bot.evaluation.advice import Failure, advise, wilson
from bot.evaluation.cases import Case
from bot.evaluation.plateau import Plateau, plateau
from bot.evaluation.stages import Broken, Stage
from indexing.models import Reader

OPEN = Plateau(trend="unknown", runs=0, cases=0, latest=None, gain=None)
FLAT = Plateau(trend="plateaued", runs=3, cases=100, latest=0.8, gain=None)


def run(right: int, of: int = 400) -> dict[str, float]:
    return {str(case): float(case < right) for case in range(of)}


def test_retrieval_has_plateaued_when_even_the_best_of_the_interval_is_nothing() -> None:
    flat = plateau([run(300), run(301), run(301)])
    assert (flat.trend, flat.runs, flat.cases, flat.latest) == ("plateaued", 3, 400, 301 / 400)
    assert flat.gain is not None
    assert flat.gain.high < 0.02

    assert plateau([run(300), run(320), run(340)]).trend == "rising"
    assert plateau([run(340), run(320), run(300)]).trend == "falling"


def test_few_cases_or_few_runs_say_nothing() -> None:
    assert plateau([]).trend == "unknown"
    assert plateau([run(300), run(300)]).trend == "unknown"
    swapped = {case: 1 - score for case, score in run(10, 20).items()}
    few = plateau([run(10, 20), run(10, 20), swapped])  # many changed, either way
    assert few.trend == "unknown"
    assert few.gain is not None
    # Only the latest three count: what was won long ago is no trend.
    assert plateau([run(100), run(301), run(301), run(301)]).trend == "plateaued"


def failures(**counts: int) -> list[Failure]:
    return [
        Failure(
            case=Case(
                id=f"{stage} {number}", question="?", article_ids=frozenset(), answerable=True,
                answers=(), locale=None, kind="", reader=Reader.customer(), history=(),
                documents=(), line=1,
            ),
            broken=Broken(stage=Stage(stage), detail=""),
        )
        for stage, count in counts.items()
        for number in range(count)
    ]  # fmt: skip


def test_what_would_bring_most_comes_first_with_what_it_would_bring() -> None:
    found = advise(100, failures(article_missing=10, not_retrieved=20, not_used=30), OPEN)

    assert (found.cases, found.failed) == (100, 60)
    assert [(each.stage, each.remedy) for each in found.advice] == [
        ("not_used", "prompt"), ("not_retrieved", "retrieval"), ("article_missing", "content"),
    ]  # fmt: skip
    used, retrieved, missing = found.advice
    assert used.share == 0.5
    assert used.gain.mean == pytest.approx(0.3)  # all that get past it are right
    assert retrieved.gain.mean == pytest.approx(0.2 * 40 / 70)
    assert missing.gain.mean == pytest.approx(0.1 * 40 / 90)
    assert used.gain.low < 0.3 < used.gain.high


def test_a_model_is_tuned_only_for_what_is_common_once_retrieval_has_plateaued() -> None:
    def remedy(plateau: Plateau, engine: str = "claude", **counts: int) -> str:
        found = advise(100, failures(**counts), plateau, engine=engine)
        return next(each.remedy for each in found.advice if each.stage is Stage.WRONG_FORM)

    assert remedy(FLAT, wrong_form=30) == "model"
    assert remedy(OPEN, wrong_form=30) == "prompt"
    assert remedy(FLAT, wrong_form=29) == "prompt"
    assert remedy(FLAT, wrong_form=30, not_retrieved=30) == "prompt"
    assert remedy(FLAT, "extractive", wrong_form=30) == "prompt"
    assert remedy(FLAT, "", wrong_form=30) == "prompt"


def test_the_interval_of_a_share() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 10) == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))
    assert wilson(0, 10)[0] == 0.0
