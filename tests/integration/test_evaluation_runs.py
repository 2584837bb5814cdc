"""Test sets and runs in the database: they grow from decisions, hold nobody's data, and compare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from bot.answering.extractive import ExtractiveEngine
from bot.audit import Actor
from bot.errors import InputRejected
from bot.evaluation.answers import run_answers
from bot.evaluation.case_files import lines_of, new_cases
from bot.evaluation.case_sets import CaseSets, NewCase
from bot.evaluation.cases import read_cases
from bot.evaluation.keeping import answers_measured, retrieval_measured
from bot.evaluation.retrieval import run_retrieval
from bot.evaluation.runs import EvaluationRuns, Setup
from bot.evaluation.versus import versus
from bot.language import LanguageDetector
from bot.support import NoRecords, SupportDesk
from indexing.models import Reader
from tests.factories import document

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from tests.integration.conftest import Knowledge

ANNA = Actor(surface="cli", name="anna")
PUBLIC = Reader.customer()


class Tickets:
    """Writes what the bot and agents would have written."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool
        self._number = 0

    def run(self, statement: str, *values: object) -> None:
        with self._pool.connection() as connection:
            connection.execute(statement, values)

    def draft(self, text: str, *, cites: str = "returns", said: str = "Within 45 days.") -> UUID:
        question, self._number = uuid4(), self._number + 1
        self.run(
            "INSERT INTO questions (id, surface, text, locale, audience, outcome, detail, tags, "
            "evidence, engine, model, prompt_version, embedding_index, input_tokens, "
            "output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, latency_ms) "
            "VALUES (%s, 'zendesk', %s, 'en', '{public}', 'drafted', '', '{}', 0.9, '', '', '', "
            "1, 0, 0, 0, 0, 0, '{}')",
            question, text,
        )  # fmt: skip
        self.run("INSERT INTO statements VALUES (%s, 1, %s)", question, said)
        self.run("INSERT INTO citations VALUES (%s, 1, 1, %s, 'c', '', '', '')", question, cites)
        self.run("INSERT INTO tickets (ticket_id, channel) VALUES (%s, 'email')", self._number)
        self.run(
            "INSERT INTO ticket_turns (id, ticket_id, state, outcome, routing_tag, asked_at) "
            "VALUES (%s, %s, 'done', 'drafted', 'returns', now())",
            question, self._number,
        )  # fmt: skip
        return question

    def decide(self, draft: UUID, decision: str, *, text: str | None = None) -> None:
        ended = "sent" if decision == "approved" else None
        self.run(
            "INSERT INTO draft_decisions (draft_id, decision, text, surface, person, ended) "
            "VALUES (%s, %s, %s, 'slack', 'U1', %s)",
            draft, decision, text, ended,
        )  # fmt: skip


def test_a_set_grows_from_what_agents_decided_and_holds_nobodys_data(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    tickets, sets = Tickets(pool), CaseSets(pool=pool)
    sent = tickets.draft("Order AB-123456: return? jo@example.org, +49 170 1234567")
    reworded = tickets.draft("How long?")
    rejected = tickets.draft("Where is my parcel?")
    tickets.draft("Nobody has decided yet")
    tickets.decide(sent, "approved")
    tickets.decide(reworded, "approved", text="Ask jo@example.org. 45 days.")
    tickets.decide(rejected, "rejected")

    assert sets.grow("agents", actor=ANNA) == 3
    assert sets.grow("agents", actor=ANNA) == 0

    approved, other, wrong = sets.cases("agents")
    assert approved.question == "Order [number]: return? [e-mail address], [phone number]"
    assert (approved.article_ids, approved.answers) == ({"returns"}, ("Within 45 days.",))
    assert (other.article_ids, other.answerable) == (frozenset(), True)
    assert other.answers == ("Ask [e-mail address]. 45 days.",)
    assert (wrong.answerable, wrong.answers, wrong.routing_tag) == (False, (), "returns")
    (listed,) = sets.all()
    assert (listed.cases, listed.answerable, listed.decided) == (3, 2, 3)

    tickets.run("UPDATE questions SET text = '' WHERE id = %s", sent)  # its author took it back
    assert [each.question for each in sets.cases("agents")] == ["How long?", "Where is my parcel?"]


def test_a_question_on_record_is_a_case_once_and_put_right(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    sets, question = CaseSets(pool=pool), Tickets(pool).draft("How long?")
    for answerable, articles in ((False, ()), (True, ("returns",))):
        sets.add(
            "retest",
            [
                NewCase(
                    question="How long?",
                    reader=PUBLIC,
                    answerable=answerable,
                    article_ids=articles,
                    origin="retest",
                    question_id=question,
                )
            ],
            actor=ANNA,
        )

    (case,) = sets.cases("retest")
    assert (case.answerable, case.article_ids) == (True, {"returns"})
    with pytest.raises(InputRejected, match="retest"):
        sets.cases("another")
    with pytest.raises(InputRejected):
        sets.add("x", [NewCase(question=" ", reader=PUBLIC, answerable=True)], actor=ANNA)


def test_files_and_sets_hold_the_same(
    pool: ConnectionPool[Connection[Any]], tmp_path: Path
) -> None:
    path = _written(tmp_path, [
        {"question": "How long?", "article_ids": ["returns"], "answer": "45 days", "locale": "en",
         "history": [{"speaker": "user", "text": "Hi"}], "routing_tag": "returns"},
        {"question": "Who holds back orders?", "article_ids": ["fraud"], "audience": "agent"},
        {"question": "The moon?", "answerable": False},
    ])  # fmt: skip
    sets = CaseSets(pool=pool)
    sets.add("mine", new_cases(read_cases(path)), actor=ANNA)
    again = tmp_path / "again.jsonl"
    again.write_text(lines_of(sets.cases("mine")), encoding="utf-8")

    kept = [
        (each.question, each.article_ids, each.answerable, each.answers, each.locale, each.reader,
         each.history, each.routing_tag)
        for each in read_cases(path)
    ]  # fmt: skip
    assert kept == [
        (each.question, each.article_ids, each.answerable, each.answers, each.locale, each.reader,
         each.history, each.routing_tag)
        for each in read_cases(again)
    ]  # fmt: skip
    assert sets.remove("mine", actor=ANNA)
    assert not sets.remove("mine", actor=ANNA)


def test_two_runs_compare_case_by_case(knowledge: Knowledge, tmp_path: Path) -> None:
    knowledge.add(document(), document(id="fees", title="Fees", body="<p>Shipping is free.</p>"))
    path = _written(tmp_path, [
        {"id": "return", "question": "How long can I return an unworn item?",
         "article_ids": ["returns"]},
        {"id": "moon", "question": "Who walked on the moon?", "answerable": False},
    ])  # fmt: skip
    runs, cases = EvaluationRuns(pool=knowledge.pool), read_cases(path)
    setup = Setup(engine="extractive", seed=7, settings={"evidence_needed": 0.4})
    numbers = []
    for needed in (0.4, 1.0):
        desk = SupportDesk(
            retriever=knowledge.retriever,
            engine=ExtractiveEngine(),
            fallback=None,
            recorder=NoRecords(),
            language=LanguageDetector(default="en"),
            evidence_needed=needed,
        )
        report = run_answers(
            cases=cases, respond=desk.respond, pool=knowledge.pool, index=knowledge.index
        )
        kept = Setup(engine=setup.engine, seed=setup.seed, settings={"evidence_needed": needed})
        measured = answers_measured(report, cases_name="mine", cases=cases, setup=kept)
        numbers.append(runs.save(measured, actor=ANNA))

    found = versus(runs, *numbers)

    assert found.differs_in == ("evidence_needed",)
    assert found.cases == 2
    right = found.figures[0]
    assert (right.figure, right.before, right.after) == ("right", 1.0, 0.5)
    assert (right.worse, right.better, right.p) == (("return",), (), 1.0)
    assert found.questions["return"].startswith("How long")
    run = runs.get(numbers[0])
    assert (run.cases, run.setup.settings, run.created_by) == (2, {"evidence_needed": 0.4}, "anna")
    assert run.figures["answerable"]["answered"] == 1
    assert [each.id for each in runs.latest(kind="answers")] == numbers[::-1]

    report = run_retrieval(cases=cases, retriever=knowledge.retriever, pool=knowledge.pool)
    measured = retrieval_measured(report, cases_name="mine", cases=cases, setup=setup)
    other = runs.save(measured, actor=ANNA)
    with pytest.raises(InputRejected, match="nothing to compare"):
        versus(runs, numbers[0], other)
    with pytest.raises(InputRejected, match="no run 999"):
        versus(runs, numbers[0], 999)


def test_one_run_of_each_kind_and_set_is_the_baseline(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    from bot.evaluation.runs import KeptResult, Measurement

    runs = EvaluationRuns(pool=pool)
    first, second = (
        runs.save(
            Measurement(
                kind="answers",
                cases_name="mine",
                cases_hash="h",
                setup=Setup(),
                figures={},
                results=(KeptResult(case_id="a", question="?", scores={"right": right}),),
            ),
            actor=ANNA,
        )
        for right in (1.0, 0.0)
    )
    with pytest.raises(InputRejected, match="cannot be measured again"):
        runs.guard(first, actor=ANNA)  # of a file
    case = NewCase(question="How long?", reader=PUBLIC, answerable=True)
    CaseSets(pool=pool).add("mine", [case], actor=ANNA)
    runs.guard(first, actor=ANNA)
    runs.guard(second, actor=ANNA)
    assert [each.id for each in runs.baselines()] == [second]
    runs.guard(second, on=False, actor=ANNA)
    assert runs.baselines() == ()
    runs.guard(second, actor=ANNA)
    CaseSets(pool=pool).remove("mine", actor=ANNA)
    assert runs.baselines() == ()  # there is nothing left to measure


def _written(folder: Path, cases: list[dict[str, Any]]) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(f"{json.dumps(case)}\n" for case in cases), encoding="utf-8")
    return path
