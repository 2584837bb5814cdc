"""Test sets in the database: questions whose right outcome is known, kept beside what they measure.

They come from files, from people who look into a conversation, and from what agents decided about
drafts. A case never holds data of a person: that is taken out here, on the way in, whoever adds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from psycopg.types.json import Jsonb

from bot.audit import note
from bot.errors import InputRejected
from bot.evaluation.cases import Case
from bot.models import Turn
from connectors.zendesk.personal_data import without_personal_data
from indexing.models import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor
    from bot.evaluation.cases import Verdict

CaseOrigin = Literal["person", "file", "retest", "approved", "corrected", "rejected"]

_ALL = """
SELECT named.name, count(one.id), count(one.id) FILTER (WHERE one.outcome = 'answered'),
       count(one.id) FILTER (WHERE one.origin IN ('approved', 'corrected', 'rejected'))
FROM test_sets AS named LEFT JOIN test_cases AS one ON one.set_id = named.id
GROUP BY named.name ORDER BY named.name
"""

# What people said of the answer that the question got once is a judgement to hold a judge to.
_CASES = """
SELECT one.id, one.question, one.history, one.audience, one.locale, one.article_ids, one.outcome,
       one.reference, one.routing_tag, one.origin, given.answer, judged.is_right
FROM test_cases AS one JOIN test_sets AS named ON named.id = one.set_id
LEFT JOIN judged_answers AS judged ON judged.question_id = one.question_id AND one.reference <> ''
LEFT JOIN LATERAL (
    SELECT string_agg(text, ' ' ORDER BY position) AS answer FROM statements
    WHERE question_id = judged.question_id
) AS given ON true
WHERE named.name = %s ORDER BY one.id
"""

_NAME = """
INSERT INTO test_sets (name) VALUES (%s) ON CONFLICT (name) DO UPDATE SET name = excluded.name
RETURNING id
"""

# A question that is a case of this set already is put right by what is said of it now.
_ADD = """
INSERT INTO test_cases (set_id, question, history, audience, locale, article_ids, outcome,
                        reference, routing_tag, origin, question_id, created_by)
VALUES (%(set)s, %(question)s, %(history)s, %(audience)s, %(locale)s, %(article_ids)s, %(outcome)s,
        %(reference)s, %(routing_tag)s, %(origin)s, %(question_id)s, %(created_by)s)
ON CONFLICT (set_id, question_id) DO UPDATE SET
    article_ids = excluded.article_ids, outcome = excluded.outcome,
    reference = excluded.reference, routing_tag = excluded.routing_tag, origin = excluded.origin,
    created_by = excluded.created_by
RETURNING id
"""

# What a person corrected says most; then a draft that was sent as it was written. One that was
# sent in other words has its right answer, but not what the bot cited. One that was rejected
# should have gone to people: with what was known then, nothing better could be said.
_DECIDED = """
SELECT asked.id, asked.text, asked.history, asked.audience, asked.locale,
       coalesce(put_right.documents, CASE WHEN decided.decision = 'approved'
                                           AND decided.text IS NULL THEN cited.documents END, '{}'),
       CASE WHEN put_right.documents IS NOT NULL OR decided.decision = 'approved'
            THEN 'answered' ELSE 'handed_off' END,
       CASE WHEN decided.decision = 'approved' THEN coalesce(decided.text, said.answer) END,
       turn.routing_tag,
       CASE WHEN put_right.documents IS NOT NULL THEN 'corrected' ELSE decided.decision END
FROM questions AS asked
LEFT JOIN draft_decisions AS decided ON decided.draft_id = asked.id
LEFT JOIN ticket_turns AS turn ON turn.id = asked.id
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT document.id) AS documents
    FROM question_memory AS pair JOIN documents AS document
        ON article_of(document.source, document.translation_group, document.id)
           = ANY(pair.article_ids)
    WHERE pair.question_id = asked.id AND pair.origin = 'corrected'
) AS put_right ON true
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT document_id) AS documents FROM citations
    WHERE question_id = asked.id
) AS cited ON true
LEFT JOIN LATERAL (
    SELECT string_agg(text, ' ' ORDER BY position) AS answer FROM statements
    WHERE question_id = asked.id
) AS said ON true
WHERE asked.text <> '' AND (put_right.documents IS NOT NULL OR decided.decision = 'rejected'
                            OR decided.ended = 'sent')
  AND NOT EXISTS (SELECT FROM test_cases AS one JOIN test_sets AS named ON named.id = one.set_id
                  WHERE named.name = %(set)s AND one.question_id = asked.id
                    AND (one.origin = 'corrected' OR put_right.documents IS NULL))
ORDER BY asked.asked_at
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCase:
    """A question with its right outcome, as somebody gives it. `article_ids` are ids of
    documents, any one of which answers."""

    question: str
    reader: Reader
    answerable: bool
    locale: str = ""
    article_ids: tuple[str, ...] = ()
    reference: str = ""
    routing_tag: str = ""
    history: tuple[Turn, ...] = ()
    origin: CaseOrigin = "person"
    question_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseSet:
    """One set, and how many cases it has; `answerable` of them should be answered, `decided` come
    from what agents decided."""

    name: str
    cases: int
    answerable: int
    decided: int


class CaseSets:
    """The sets, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def all(self) -> tuple[CaseSet, ...]:
        """Every set, by name."""
        with self._pool.connection() as connection:
            rows = connection.execute(_ALL).fetchall()
        return tuple(
            CaseSet(name=row[0], cases=row[1], answerable=row[2], decided=row[3]) for row in rows
        )

    def cases(self, name: str) -> tuple[Case, ...]:
        """The cases of a set in the order they came. Raises InputRejected where it has none."""
        with self._pool.connection() as connection:
            rows = connection.execute(_CASES, (name,)).fetchall()
        if not rows:
            known = ", ".join(each.name for each in self.all()) or "none"
            raise InputRejected(f"There are no cases in a test set {name!r}. Sets: {known}.")
        return tuple(_case(row) for row in rows)

    def add(self, name: str, cases: Iterable[NewCase], *, actor: Actor) -> tuple[int, ...]:
        """Adds cases to a set, which is made where there is none of this name; returns their
        ids. A question on record is in a set once: adding it again puts it right. Raises
        InputRejected for a set without a name, and a case without words."""
        if not name.strip():
            raise InputRejected("A test set needs a name.")
        with self._pool.connection() as connection:
            return _added(connection, name.strip(), list(cases), actor)

    def grow(self, name: str, *, actor: Actor) -> int:
        """Adds what agents have decided since; returns how many cases that were."""
        with self._pool.connection() as connection:
            rows = connection.execute(_DECIDED, {"set": name}).fetchall()
            return len(_added(connection, name, [_decided(row) for row in rows], actor))

    def remove(self, name: str, *, actor: Actor) -> bool:
        """Removes a set with its cases, and their results in all runs; False if there is none."""
        with self._pool.connection() as connection:
            gone = connection.execute("DELETE FROM test_sets WHERE name = %s", (name,)).rowcount
            if gone:
                note(connection, actor=actor, action="test set removed", target=name)
        return gone == 1


def _added(
    connection: Connection[Any], name: str, cases: list[NewCase], actor: Actor
) -> tuple[int, ...]:
    if not cases:
        return ()
    row = connection.execute(_NAME, (name,)).fetchone()
    assert row is not None  # noqa: S101 - one row in, one id out
    ids = tuple(_add(connection, row[0], each, actor) for each in cases)
    note(connection, actor=actor, action="test cases added", target=name, after={"rows": len(ids)})
    return ids


def _add(connection: Connection[Any], set_id: int, case: NewCase, actor: Actor) -> int:
    question = without_personal_data(case.question).strip()
    if not question:
        raise InputRejected("A case needs a question.")
    row = connection.execute(
        _ADD,
        {
            "set": set_id,
            "question": question,
            "history": Jsonb(
                [
                    {"speaker": turn.speaker, "text": without_personal_data(turn.text)}
                    for turn in case.history
                ]
            ),
            "audience": sorted(case.reader.labels),
            "locale": case.locale,
            "article_ids": sorted(case.article_ids),
            "outcome": "answered" if case.answerable else "handed_off",
            "reference": without_personal_data(case.reference).strip(),
            "routing_tag": case.routing_tag,
            "origin": case.origin,
            "question_id": case.question_id,
            "created_by": actor.name,
        },
    ).fetchone()
    assert row is not None  # noqa: S101 - one row in, one id out
    return int(row[0])


def _case(row: tuple[Any, ...]) -> Case:
    number, question, history, audience, locale, article_ids, outcome, reference, tag, origin = row[
        :10
    ]
    given, label = _label(reference, *row[10:])
    return Case(
        id=str(number),
        question=question,
        article_ids=frozenset(article_ids),
        answerable=outcome == "answered",
        answers=(reference,) if reference else (),
        locale=locale or None,
        kind=origin,
        reader=Reader(labels=frozenset(audience)),
        history=tuple(Turn(speaker=each["speaker"], text=each["text"]) for each in history),
        documents=(),
        line=0,
        routing_tag=tag,
        stored=number,
        given_answer=given,
        label=label,
    )


def _label(
    reference: str,
    given: str | None,
    is_right: bool | None,
) -> tuple[str, Verdict | None]:
    """An answer with what people said of it. Where the reference is that very answer, the two
    cannot differ, so nothing is learned from what anybody says of them."""
    answer = without_personal_data(given or "").strip()
    if is_right is None or answer in ("", reference):
        return "", None
    return answer, "correct" if is_right else "wrong"


def _decided(row: tuple[Any, ...]) -> NewCase:
    return NewCase(
        question_id=row[0],
        question=row[1],
        history=tuple(Turn(speaker=each["speaker"], text=each["text"]) for each in row[2]),
        reader=Reader(labels=frozenset(row[3])),
        locale=row[4],
        article_ids=tuple(row[5]),
        answerable=row[6] == "answered",
        reference=row[7] or "",
        routing_tag=row[8] or "",
        origin=row[9],
    )
