"""Reads a question back from the record, with everything that explains its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bot.models import (
    Citation,
    HandoffReason,
    Outcome,
    OutcomeKind,
    Question,
    Statement,
    StatementCheck,
    Turn,
    Usage,
)
from indexing.models import Cut, Passage, Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

_RECORDED = """
SELECT text, surface, locale, history, audience, sources, delivery, asked_at, outcome, reason,
       detail, tags, evidence, engine, model, prompt_version, embedding_index, input_tokens,
       output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, latency_ms
FROM questions WHERE id = %s
"""

_FOUND = """
SELECT source, kind, document_id, chunk_id, title, url, text, audience, score, dense, lexical
FROM question_passages WHERE question_id = %s ORDER BY rank
"""

# Of what was left out, the text is not kept.
_CUT = """
SELECT why, source, kind, document_id, chunk_id, title, url, '', audience, score, dense, lexical
FROM question_cuts WHERE question_id = %s ORDER BY position
"""

_CHECKED = """
SELECT given, sent, result, detail FROM statement_checks WHERE question_id = %s ORDER BY position
"""

_SAID = """
SELECT statement.position, statement.text, citation.document_id, citation.chunk_id,
       citation.title, citation.url, citation.quote
FROM statements AS statement LEFT JOIN citations AS citation
    ON citation.question_id = statement.question_id AND citation.statement = statement.position
WHERE statement.question_id = %s ORDER BY statement.position, citation.position
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One question as it is on record. Of its passages that is what explains the answer: where
    they stand in their article is in their URL, and of what language they are is left out."""

    question: Question
    outcome: Outcome
    asked_at: datetime


def recorded(pool: ConnectionPool, question_id: UUID) -> Recorded | None:
    """The question and all that explains its outcome; None where it is not on record."""
    with pool.connection() as connection, connection.pipeline():
        row = connection.execute(_RECORDED, (question_id,)).fetchone()
        found = connection.execute(_FOUND, (question_id,)).fetchall()
        said = connection.execute(_SAID, (question_id,)).fetchall()
        cut = connection.execute(_CUT, (question_id,)).fetchall()
        checked = connection.execute(_CHECKED, (question_id,)).fetchall()
    if row is None:
        return None
    known = _recorded(question_id, row, found, said)
    outcome = replace(
        known.outcome,
        cut=tuple(Cut(why=each[0], passage=_passage(each[1:])) for each in cut),
        checks=tuple(
            StatementCheck(given=each[0], sent=each[1], result=each[2], detail=each[3])
            for each in checked
        ),
    )
    return replace(known, outcome=outcome)


def passages_of(connection: Connection[Any], question_id: UUID) -> tuple[Passage, ...]:
    """The passages that a question was answered from, the best first."""
    found = connection.execute(_FOUND, (question_id,)).fetchall()
    return tuple(_passage(each) for each in found)


def _recorded(
    question_id: UUID,
    row: tuple[Any, ...],
    found: Sequence[tuple[Any, ...]],
    said: Sequence[tuple[Any, ...]],
) -> Recorded:
    text, surface, locale, history, audience, sources, delivery, asked_at = row[:8]
    question = Question(
        id=question_id,
        text=text,
        reader=Reader(labels=frozenset(audience)),
        surface=surface,
        locale=locale,
        history=tuple(Turn(speaker=each["speaker"], text=each["text"]) for each in history),
        sources=None if sources is None else frozenset(sources),
        delivery=delivery,
    )
    return Recorded(
        question=question, outcome=_outcome(question_id, row[8:], found, said), asked_at=asked_at
    )


def _outcome(
    question_id: UUID,
    row: tuple[Any, ...],
    found: Sequence[tuple[Any, ...]],
    said: Sequence[tuple[Any, ...]],
) -> Outcome:
    kind, reason, detail, tags, evidence, engine, model, prompt_version, index = row[:9]
    return Outcome(
        question_id=question_id,
        kind=OutcomeKind(kind),
        reason=HandoffReason(reason) if reason else None,
        detail=detail,
        tags=tuple(tags),
        statements=tuple(
            _statement(list(lines)) for _, lines in groupby(said, key=lambda each: each[0])
        ),
        passages=tuple(_passage(each) for each in found),
        evidence=evidence,
        engine=engine,
        model=model,
        prompt_version=prompt_version,
        embedding_index=index,
        usage=Usage(
            input_tokens=row[9],
            output_tokens=row[10],
            cache_read_tokens=row[11],
            cache_write_tokens=row[12],
            cost_usd=row[13],
        ),
        latency_ms=row[14],
    )


def _statement(lines: Sequence[tuple[Any, ...]]) -> Statement:
    return Statement(
        text=lines[0][1],
        citations=tuple(
            Citation(
                document_id=each[2], chunk_id=each[3], title=each[4], url=each[5], quote=each[6]
            )
            for each in lines
            if each[2] is not None
        ),
    )


def _passage(row: Sequence[Any]) -> Passage:
    source, kind, document_id, chunk_id, title, url, text, audience, score, dense, lexical = row
    return Passage(
        chunk_id=chunk_id,
        document_id=document_id,
        source=source,
        kind=kind,
        title=title,
        url=url,
        anchor="",
        heading_path=(),
        text=text,
        locale="",
        audience=tuple(audience),
        edited_at=None,
        score=score,
        dense=dense,
        lexical=lexical,
    )
