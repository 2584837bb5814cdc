"""A sample of what people were given is looked at again, once, and held to what they said."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bot.answering.extractive import ExtractiveEngine
from bot.evaluation.quality import read_quality
from bot.evaluation.rechecking import AnswerChecks, Rechecking
from bot.feedback import Feedback
from bot.jobs.quality import RecheckJob
from bot.language import LanguageDetector
from bot.metrics import DatabaseMetrics
from bot.models import Outcome, Question
from bot.preferences import Preferences
from bot.records import Records
from bot.support import NoRecords, SupportDesk
from indexing.models import Reader
from tests.factories import document

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Knowledge

MONTH = timedelta(days=30)


class Past:
    """Answers that were given, and the look at them."""

    def __init__(self, knowledge: Knowledge) -> None:
        knowledge.add(document())
        self.pool = knowledge.pool
        self.knowledge = knowledge
        self.preferences = Preferences(pool=knowledge.pool)
        self.rechecking = Rechecking(pool=knowledge.pool, preferences=self.preferences)
        self._desk = SupportDesk(
            retriever=knowledge.retriever,
            engine=ExtractiveEngine(),
            fallback=None,
            recorder=NoRecords(),
            language=LanguageDetector(default="en"),
            evidence_needed=0.0,
        )

    def answer(
        self, *, surface: Any = "slack", change: Callable[[Outcome], Outcome] = lambda each: each
    ) -> Question:
        question = Question(
            text="How long can I return an item?", reader=Reader.customer(), surface=surface
        )
        outcome = change(self._desk.respond(question))
        Records(pool=self.pool).save(question, outcome, locale="en")
        return question

    def share(self, share: float) -> None:
        self.preferences.put(AnswerChecks(share=share))

    def checks(self) -> list[tuple[Any, ...]]:
        return self.knowledge.rows(
            "SELECT question_id, statements, supported, gone, faults, sampled FROM answer_checks"
        )


@pytest.fixture
def past(knowledge: Knowledge) -> Past:
    return Past(knowledge)


def says_otherwise(outcome: Outcome) -> Outcome:
    (first, *rest) = outcome.statements
    wrong = dataclasses.replace(first, text=first.text.replace("45", "90"))
    return dataclasses.replace(outcome, statements=(wrong, *rest), engine="claude")


def test_every_statement_of_the_sample_is_looked_at_once(past: Past) -> None:
    past.share(1.0)
    good, bad = past.answer(), past.answer(change=says_otherwise)
    past.answer(surface="eval")  # nobody was given that
    past.answer(surface="playground")

    assert past.rechecking.run() == 2
    assert past.rechecking.run() == 0

    found = {row[0]: row[1:] for row in past.checks()}
    assert found[good.id] == (1, 1, 0, [], True)
    assert found[bad.id][:3] == (1, 0, 0)
    assert found[bad.id][3] == [{"statement": 1, "fault": "figure_differs"}]
    quality = read_quality(past.pool, MONTH)
    assert quality.supported is not None
    assert (quality.answers, quality.supported.mean) == (2, 0.5)


def test_an_article_that_changed_since_is_told_apart_from_a_wrong_citation(past: Past) -> None:
    past.share(1.0)
    past.answer()
    past.knowledge.add(document(body="<p>You can return an unworn item within 30 days.</p>"))

    past.rechecking.run()

    ((_, statements, supported, gone, faults, _),) = past.checks()
    assert (statements, supported, gone, faults) == (1, 1, 1, [])


def test_what_people_judged_is_looked_at_whatever_chance_says(past: Past) -> None:
    past.share(0.0)
    past.answer()
    rated = past.answer()
    Feedback(pool=past.pool).rate(rated.id, surface="slack", person="U1", helpful=False)

    assert past.rechecking.run() == 1
    assert [(row[0], row[5]) for row in past.checks()] == [(rated.id, False)]
    quality = read_quality(past.pool, MONTH)
    assert (quality.answers, quality.judged, quality.agreement) == (0, 1, 0.0)

    past.share(1.0)  # now chance chooses it as well
    assert past.rechecking.run() == 2
    assert sorted(row[5] for row in past.checks()) == [True, True]


def test_a_larger_share_holds_all_of_a_smaller_one(past: Past) -> None:
    def sampled(share: float) -> set[int]:
        rows = past.knowledge.rows(
            "SELECT n FROM generate_series(1, 2000) AS n "
            "WHERE is_sampled(md5(n::text)::uuid, %s)", (share,)
        )  # fmt: skip
        return {int(str(row[0])) for row in rows}

    few, many = sampled(0.1), sampled(0.3)
    assert few < many
    assert 150 < len(few) < 250
    assert (sampled(0.0), len(sampled(1.0))) == (set(), 2000)


def test_the_job_looks_and_stops_when_asked_and_metrics_tell(past: Past) -> None:
    past.share(1.0)
    past.answer()
    job = RecheckJob(pool=past.pool)
    job.run(SimpleNamespace(should_abort=lambda: True), timestamp=0)  # type: ignore[arg-type]
    assert past.checks() == []
    job.run(SimpleNamespace(should_abort=lambda: False), timestamp=0)  # type: ignore[arg-type]
    assert len(past.checks()) == 1

    told = {each.name: each for each in DatabaseMetrics(pool=past.pool).collect()}
    (counted,) = told["supportbot_rechecked_answers"].samples
    assert counted.value == 1
    bounds = {each.labels["bound"]: each.value for each in
              told["supportbot_statements_supported"].samples}  # fmt: skip
    assert (bounds["mean"], bounds["high"]) == (1.0, pytest.approx(1.0))
    assert bounds["low"] < 0.5  # one answer is no certainty


def test_what_is_forgotten_leaves_no_look_behind(past: Past) -> None:
    past.share(1.0)
    question = past.answer()
    past.rechecking.run()
    with past.pool.connection() as connection:
        connection.execute("DELETE FROM questions WHERE id = %s", (question.id,))
    assert past.checks() == []
