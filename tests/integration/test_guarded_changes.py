"""A change that lowers a guarded figure is refused: an index that finds less, a risk that sends
what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.audit import SYSTEM
from bot.bootstrap import Application
from bot.bootstrap.evaluations import remeasured
from bot.errors import ChangeRefused, InputRejected
from bot.evaluation.case_sets import CaseSets, NewCase
from bot.evaluation.guard import against_baselines, allow_risk
from bot.evaluation.runs import EvaluationRuns, KeptResult, Measurement, Setup
from bot.sending import Sending, SendingRisk
from bot.settings import load
from indexing.errors import SwapRefused
from indexing.index import Index
from indexing.models import Reader
from indexing.pipeline import Indexer
from tests.factories import document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Texts of any words are near each other: whoever asks in other words finds nothing.
BLIND = "tests.fakes.words.WordsEmbedding?size=1"
SIGHTED = "all-MiniLM-L6-v2"

ARTICLES = {
    "returns": "Unworn clothes can be sent back within 45 days.",
    "shipping": "Parcels to Norway take six working days.",
    "warranty": "Tents have a guarantee of three years on seams and poles.",
    "repairs": "Our workshop mends zips, straps and buckles of rucksacks.",
    "stores": "Our shops open from nine to six and are closed on Sunday.",
    "privacy": "You can ask us to delete the data that we hold about you.",
}
QUESTIONS = {
    "May I bring a jumper again?": "returns",
    "When is my package in Oslo?": "shipping",
    "My canvas shelter ripped after a while": "warranty",
    "Fix a broken backpack clasp": "repairs",
}


@pytest.fixture
def opened(
    database_url: str, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SUPPORTBOT_DATA_DIR", str(scratch / "guarded"))
    with Application(settings=load(tmp_path / ".env")) as app:
        yield app


def baseline(app: Application, kind: str) -> int:
    """Indexes the articles, asks the questions, and holds on to what that gave."""
    index = Index.open(app.pool, model=SIGHTED, dimensions=384)
    with app.pool.connection() as connection:
        connection.execute("INSERT INTO sources (name, kind) VALUES ('help', 'files')")
    indexer = Indexer(pool=app.pool, index=index, embedder=app.embedders.of(index))
    found = [
        document(id=name, title=f"Article {at}", body=f"<p>{text}</p>")
        for at, (name, text) in enumerate(ARTICLES.items())
    ]
    assert {each.outcome for each in indexer.index(found)} == {"added"}
    indexer.finish()
    CaseSets(pool=app.pool).add(
        "mine",
        [
            NewCase(question=asked, reader=Reader.customer(), answerable=True, article_ids=(one,))
            for asked, one in QUESTIONS.items()
        ],
        actor=SYSTEM,
    )
    runs = EvaluationRuns(pool=app.pool)
    empty = Measurement(
        kind=kind,  # type: ignore[arg-type]
        cases_name="mine", cases_hash="", setup=Setup(), figures={}, results=(),
    )  # fmt: skip
    first = runs.get(runs.save(empty, actor=SYSTEM))
    number = runs.save(remeasured(app, first), actor=SYSTEM)
    runs.guard(number, actor=SYSTEM)
    return number


def test_an_index_that_finds_less_does_not_go_live_unless_forced(opened: Application) -> None:
    runs = EvaluationRuns(pool=opened.pool)
    number = baseline(opened, "retrieval")
    assert runs.get(number).figures["methods"]["ours"]["hit@1"] == 1.0

    with pytest.raises(SwapRefused, match=r"hit@1 of retrieval on mine falls.*“.*”.*--force"):
        opened.switching.run(BLIND)
    with opened.pool.connection() as connection:
        assert Index.live(connection).model == SIGHTED

    assert opened.switching.run(BLIND, force=True).model == BLIND
    assert any(each.comparison.figure == "hit@1" for each in against_baselines(
        runs, lambda run: remeasured(opened, run)
    ))  # fmt: skip
    assert opened.switching.run(SIGHTED, back=True).model == SIGHTED
    assert against_baselines(runs, lambda run: remeasured(opened, run)) == ()


def test_a_risk_that_sends_wrong_answers_is_refused(opened: Application) -> None:
    runs = EvaluationRuns(pool=opened.pool)
    kept = tuple(
        KeptResult(
            case_id=str(evidence),
            question=f"Question at {evidence}?",
            scores={"right": right},
            detail={"outcome": "answered", "evidence": evidence},
        )
        for evidence, right in ((0.9, 1.0), (0.7, 1.0), (0.5, 0.0))
    )
    measured = Measurement(
        kind="answers", cases_name="mine", cases_hash="", setup=Setup(), figures={}, results=kept
    )
    case = NewCase(question="Any?", reader=Reader.customer(), answerable=True)
    CaseSets(pool=opened.pool).add("mine", [case], actor=SYSTEM)
    runs.guard(runs.save(measured, actor=SYSTEM), actor=SYSTEM)
    sending = Sending(pool=opened.pool, preferences=opened.preferences)

    with pytest.raises(ChangeRefused, match=r"0\.40 instead of 0\.60.*“Question at 0\.5\?”"):
        allow_risk(runs, sending, SendingRisk(until_known=0.4))
    allow_risk(runs, sending, SendingRisk(until_known=0.8))


def test_answers_are_measured_again_and_what_is_no_test_set_is_not(opened: Application) -> None:
    number = baseline(opened, "answers")
    runs = EvaluationRuns(pool=opened.pool)

    assert {each.scores["right"] for each in runs.results(number)} <= {0.0, 1.0}
    assert against_baselines(runs, lambda run: remeasured(opened, run)) == ()
    other: Any = Measurement(
        kind="answers", cases_name="a file", cases_hash="", setup=Setup(), figures={}, results=()
    )
    with pytest.raises(InputRejected, match="a file"):
        remeasured(opened, runs.get(runs.save(other, actor=SYSTEM)))
