"""`eval answers` on files: the real desk, true citations, and an independent eye on false ones."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from bot.answering.extractive import ExtractiveEngine
from bot.errors import InputRejected
from bot.evaluation.answers import run_answers
from bot.evaluation.cases import read_cases
from bot.evaluation.report import answers_json, write_json
from bot.evaluation.tables import answers_tables
from bot.language import LanguageDetector
from bot.models import HandoffReason, Outcome, OutcomeKind
from bot.support import NoRecords, SupportDesk
from indexing.models import Audience
from tests.factories import document

if TYPE_CHECKING:
    from pathlib import Path

    from bot.evaluation.tallies import AnswersReport
    from bot.models import Question
    from tests.integration.conftest import Knowledge

CASES = [
    {
        "id": "return",
        "question": "How long can I return an unworn item?",
        "article_ids": ["returns"],
        "answer": "within 45 days of delivery",
    },
    {
        "id": "fraud",
        "question": "Which orders does the fraud check hold back?",
        "article_ids": ["fraud"],
        "audience": "agent",
        "answer": "https://help.example.com/articles/fraud",
    },
    {"id": "moon", "question": "Who walked on the moon?", "answerable": False, "kind": "far"},
]


@pytest.fixture
def desk(knowledge: Knowledge) -> SupportDesk:
    knowledge.add(
        document(),
        document(
            id="fraud",
            title="Fraud check",
            body="<p>The fraud check holds back orders above 900 euros from new accounts.</p>",
            audience=Audience.agents(),
        ),
    )
    return SupportDesk(
        retriever=knowledge.retriever,
        engine=ExtractiveEngine(),
        fallback=None,
        recorder=NoRecords(),
        language=LanguageDetector(default="en"),
        evidence_needed=0.0,
    )


def test_answers_from_articles_and_hand_offs_without(
    tmp_path: Path, knowledge: Knowledge, desk: SupportDesk
) -> None:
    figures = _figures(tmp_path, _run(tmp_path, knowledge, desk))

    assert (figures["answerable"]["answered"], figures["answerable"]["handed_off"]) == (2, 0)
    assert figures["unanswerable"]["answered"] + figures["unanswerable"]["handed_off"] == 1
    assert figures["citation_recall"] == figures["citation_precision"] == 1.0
    assert figures["citations"]["invalid"] == 0
    assert figures["cites_gold_article"] == 1.0
    assert figures["token_recall"] == 1.0  # the second reference is an address, not a text
    assert figures["curve"][0] == {
        "threshold": figures["curve"][0]["threshold"],
        "kept": 1.0,
        "rejected": 0.0,
    }
    assert list(figures["kinds"]) == ["far"]
    assert (figures["promises"], figures["personal_data"], figures["wrong_audience"]) == (0, 0, 0)
    answered = sum(case["outcome"] == "answered" for case in figures["cases"])
    assert figures["risk_coverage"][-1]["coverage"] == answered / 3
    assert figures["risk_coverage"][0]["risk"] == 0.0  # the surest answer is right
    assert {"embed", "search", "respond"} <= set(figures["latency_ms"])
    with knowledge.pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM questions").fetchone() == (0,)


def test_planted_faults_do_not_pass(
    tmp_path: Path, knowledge: Knowledge, desk: SupportDesk
) -> None:
    def lying(question: Question) -> Outcome:
        outcome = desk.respond(question)
        return dataclasses.replace(
            outcome,
            statements=tuple(
                dataclasses.replace(
                    statement,
                    citations=tuple(
                        dataclasses.replace(one, quote=one.quote.replace("45", "60"))
                        for one in statement.citations
                    ),
                )
                for statement in outcome.statements
            ),
        )

    report = run_answers(
        cases=read_cases(_written(tmp_path))[:1],
        respond=lying,
        pool=knowledge.pool,
        index=knowledge.index,
    )

    assert report.citations.invalid >= 1
    assert report.citations.recall == 0.0
    assert "the quote is not in the cited chunk" in report.results[0].faults


def test_promises_and_data_of_persons_are_counted(
    tmp_path: Path, knowledge: Knowledge, desk: SupportDesk
) -> None:
    def saying_more(question: Question) -> Outcome:
        outcome = desk.respond(question)
        said = outcome.statements[0]
        more = ("We will refund you today.", "Ask jo.doe@example.org or call +49 170 1234567.")
        return dataclasses.replace(
            outcome,
            statements=(said, *(dataclasses.replace(said, text=text) for text in more)),
        )

    report = run_answers(
        cases=read_cases(_written(tmp_path))[:1],
        respond=saying_more,
        pool=knowledge.pool,
        index=knowledge.index,
    )

    assert (report.promises, report.personal_data, report.wrong_audience) == (1, 1, 0)
    assert sum(report.claims.values()) == 2


def test_what_a_reader_may_not_see_is_a_fault(
    tmp_path: Path, knowledge: Knowledge, desk: SupportDesk
) -> None:
    (case,) = (one for one in read_cases(_written(tmp_path)) if one.id == "fraud")
    customer = dataclasses.replace(case, reader=read_cases(_written(tmp_path))[0].reader)

    def leaking(question: Question) -> Outcome:
        return desk.respond(dataclasses.replace(question, reader=case.reader))

    report = run_answers(
        cases=[customer], respond=leaking, pool=knowledge.pool, index=knowledge.index
    )

    assert "the reader may not read the document" in report.results[0].faults
    assert report.wrong_audience >= 1
    assert not report.results[0].is_right


def test_a_person_asked_for_is_no_abstention(
    tmp_path: Path, knowledge: Knowledge, desk: SupportDesk
) -> None:
    def wants_a_person(question: Question) -> Outcome:
        if "moon" not in question.text:
            return desk.respond(question)
        return Outcome(
            question_id=question.id,
            kind=OutcomeKind.HANDED_OFF,
            reason=HandoffReason.CUSTOMER_REQUEST,
        )

    report = run_answers(
        cases=read_cases(_written(tmp_path)),
        respond=wants_a_person,
        pool=knowledge.pool,
        index=knowledge.index,
    )

    assert (report.unanswerable.handed_off, report.unanswerable.abstained) == (1, 0)
    assert report.unanswerable.reasons == {"customer_request": 1}
    assert report.curve == ()  # evidence decided no unanswerable question


def test_without_cases_there_is_nothing_to_measure(knowledge: Knowledge, desk: SupportDesk) -> None:
    with pytest.raises(InputRejected):
        run_answers(cases=[], respond=desk.respond, pool=knowledge.pool, index=knowledge.index)


def _run(folder: Path, knowledge: Knowledge, desk: SupportDesk) -> AnswersReport:
    return run_answers(
        cases=read_cases(_written(folder)),
        respond=desk.respond,
        pool=knowledge.pool,
        index=knowledge.index,
    )


def _written(folder: Path) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(f"{json.dumps(case)}\n" for case in CASES), encoding="utf-8")
    return path


def _figures(folder: Path, report: AnswersReport) -> dict[str, Any]:
    console = Console(width=200)
    with console.capture() as shown:
        for part in answers_tables(report):
            console.print(part)
    for words in ("answerable", "citation recall", "respond"):
        assert words in shown.get()
    write_json(folder / "figures.json", answers_json(report))
    figures: dict[str, Any] = json.loads((folder / "figures.json").read_text())
    return figures
