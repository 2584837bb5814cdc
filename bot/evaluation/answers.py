"""Measures what becomes of questions: answered or handed off, rightly or not, and whether the
citations are true. Every question goes through the same entry as on any surface.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from psycopg import sql

from bot.answering.checking import check
from bot.errors import InputRejected
from bot.evaluation.citations import StoredChunk, faults, score_answer, without_step
from bot.evaluation.scorers import token_f1, token_recall
from bot.evaluation.tallies import AnswerResult, AnswersReport, answers_report
from bot.evaluation.temporary import OnProgress, silent
from bot.models import Outcome, Question
from connectors.zendesk.personal_data import without_personal_data
from indexing.models import Audience

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.evaluation.cases import Case
    from bot.models import Citation, Statement
    from indexing.index import Index

Respond = Callable[[Question], Outcome]
"""The one entry of every surface: SupportDesk.respond, or what wraps it."""

# Where neither a case nor its question tells its language.
DEFAULT_LOCALE = "en"

_PIECES = re.compile(r"[\w@.+-]*\d[\w@.+-]*|[\w.+-]+@[\w.-]+")

_STORED = """
SELECT passage.id, document.id, document.title, document.url, passage.anchor,
       passage.heading_path, passage.text, document.audience
FROM {passages} AS passage JOIN documents AS document ON document.pk = passage.document_pk
WHERE document.id = %s AND passage.id = %s
"""


def run_answers(
    *,
    cases: Sequence[Case],
    respond: Respond,
    pool: ConnectionPool,
    index: Index,
    failed: Mapping[str, str] | None = None,
    on_progress: OnProgress = silent,
) -> AnswersReport:
    """Puts every case to `respond` and reads each cited chunk back from the index that `pool`
    and `index` open. Nothing is recorded unless `respond` does. Raises InputRejected without
    cases."""
    if not cases:
        raise InputRejected("There are no questions to ask.")
    results = []
    for done, case in enumerate(cases, start=1):
        results.append(ask(case, respond, pool, index))
        on_progress("Asking questions", done, len(cases))
    with pool.connection() as connection:
        articles = index.size(connection).documents
    return answers_report(results, articles=articles, failed=failed or {})


def ask(case: Case, respond: Respond, pool: ConnectionPool, index: Index) -> AnswerResult:
    """What becomes of one case, judged."""
    question = Question(
        text=case.question,
        reader=case.reader,
        surface="eval",
        locale=case.locale,
        history=case.history,
    )
    started = time.perf_counter()
    outcome = respond(question)
    milliseconds = (time.perf_counter() - started) * 1000
    stored = {
        citation: _stored(citation, pool, index)
        for statement in outcome.statements
        for citation in statement.citations
    }
    return _judged(case, outcome, milliseconds, stored)


def _judged(
    case: Case,
    outcome: Outcome,
    milliseconds: float,
    stored: Mapping[Citation, Sequence[StoredChunk]],
) -> AnswerResult:
    checked = {one: faults(one, chunks, case.reader) for one, chunks in stored.items()}
    text = " ".join(statement.text for statement in outcome.statements)
    references = case.references
    compared = bool(text and references and case.answerable)
    cited = {one.document_id for one in stored}
    locale = case.locale or DEFAULT_LOCALE
    return AnswerResult(
        case=case,
        outcome=outcome,
        milliseconds=milliseconds,
        citations=score_answer(
            outcome.statements,
            invalid=[one for one, found in checked.items() if found],
            test="exact" if outcome.engine == "extractive" else "words",
            headings={one: _headings(chunks) for one, chunks in stored.items()},
        ),
        faults=tuple(fault for found in checked.values() for fault in found),
        token_f1=token_f1(text, references) if compared else None,
        token_recall=token_recall(text, references) if compared else None,
        cites_gold=not cited.isdisjoint(case.article_ids) if text and case.article_ids else None,
        claims=tuple(_claims(outcome, case.question, locale)),
        personal_data=sum(_tells_of_a_person(each) for each in outcome.statements),
    )


def _claims(outcome: Outcome, question: str, locale: str) -> Iterator[str]:
    """What the claim check finds in what was said, be it sent or only shown."""
    for verdict in check(outcome.statements, outcome.passages, question, locale).verdicts:
        if verdict.finding is not None:
            yield verdict.finding.fault


def _tells_of_a_person(statement: Statement) -> bool:
    """Whether the statement holds an address, number or account that its source does not."""
    quoted = " ".join(each.quote for each in statement.citations)
    said = without_step(statement.text)
    found = set(_PIECES.findall(said)) - set(_PIECES.findall(without_personal_data(said)))
    return any(piece not in quoted for piece in found)


def _headings(chunks: Sequence[StoredChunk]) -> list[str]:
    return [each for chunk in chunks for each in (chunk.title, *chunk.heading_path)]


def _stored(citation: Citation, pool: ConnectionPool, index: Index) -> list[StoredChunk]:
    with pool.connection() as connection:
        rows = connection.execute(
            sql.SQL(_STORED).format(passages=index.table), (citation.document_id, citation.chunk_id)
        ).fetchall()
    return [
        StoredChunk(
            chunk_id=row[0],
            document_id=row[1],
            title=row[2],
            url=row[3],
            anchor=row[4],
            heading_path=tuple(row[5]),
            text=row[6],
            audience=Audience(labels=frozenset(row[7])),
        )
        for row in rows
    ]
