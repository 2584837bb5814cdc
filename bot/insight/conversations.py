"""The list of what was asked and what became of it, newest first, for any number of conversations.

A page of it looks at so many conversations and no more, whatever is looked for: where few fit, it
says how far back it has looked and goes on from there. Place by place, not by page numbers, so
that page one thousand costs what page one does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, LiteralString
from uuid import UUID

from psycopg import sql

from bot.insight.filters import all_of, storable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

Opinion = Literal["good", "bad"]

PAGE = 50
WINDOW = 5_000
"""Conversations that one page looks at."""

_TEXT_SHOWN = 300

# What an index of the table can tell, applied before the window is counted, by the value it needs.
_NARROW: Mapping[str, LiteralString] = {
    "place_id": "(asked_at, id) < (%(place_at)s, %(place_id)s)",
    "since": "asked_at >= %(since)s",
    "until": "asked_at < %(until)s",
    "surface": "surface = %(surface)s",
    "outcome": "outcome = %(outcome)s",
    "reason": "reason = %(reason)s",
    "words": "to_tsvector('simple', text) @@ websearch_to_tsquery('simple', %(words)s)",
    "ticket": "id = ANY(ARRAY(SELECT id FROM ticket_turns WHERE ticket_id = %(ticket)s))",
}

# What stands in other tables: looked up for each conversation of the window.
_WIDE: Mapping[str, LiteralString] = {
    "tag": "turn.routing_tag = %(tag)s",
    "source": """EXISTS (SELECT FROM question_passages AS passage
        WHERE passage.question_id = question.id AND passage.source = %(source)s)""",
    "good": """(ticket.confirmed_at IS NOT NULL OR EXISTS (
        SELECT FROM feedback WHERE question_id = question.id AND helpful))""",
    "bad": """(ticket.declined_at IS NOT NULL OR ticket.reopened_at IS NOT NULL
        OR decision.decision = 'rejected' OR EXISTS (
        SELECT FROM feedback WHERE question_id = question.id AND NOT helpful))""",
}

_LIST = """
SELECT question.id, question.asked_at, question.surface, question.outcome,
       coalesce(question.reason, ''), left(question.text, {shown}), question.locale,
       question.evidence, coalesce(turn.routing_tag, ''), turn.ticket_id,
       (SELECT count(*) FROM feedback WHERE question_id = question.id AND helpful)
           + (ticket.confirmed_at IS NOT NULL)::integer,
       (SELECT count(*) FROM feedback WHERE question_id = question.id AND NOT helpful)
           + (ticket.declined_at IS NOT NULL OR ticket.reopened_at IS NOT NULL)::integer
           + (decision.decision IS NOT DISTINCT FROM 'rejected')::integer
FROM (
    SELECT id, asked_at, surface, outcome, reason, text, locale, evidence FROM questions
    WHERE {narrow} ORDER BY asked_at DESC, id DESC LIMIT {window}
) AS question
LEFT JOIN ticket_turns AS turn ON turn.id = question.id
LEFT JOIN tickets AS ticket ON ticket.ticket_id = turn.ticket_id
LEFT JOIN draft_decisions AS decision ON decision.draft_id = question.id
WHERE {wide}
ORDER BY question.asked_at DESC, question.id DESC LIMIT {page}
"""

_LAST_LOOKED_AT = """
SELECT asked_at, id FROM questions WHERE {narrow}
ORDER BY asked_at DESC, id DESC OFFSET {window} - 1 LIMIT 1
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is looked for; what is "" or None is not asked. `words` are looked for in the question
    as in a search box ("delivery -express"), `source` among all that was found for it."""

    surface: str = ""
    outcome: str = ""
    reason: str = ""
    tag: str = ""
    opinion: Opinion | None = None
    source: str = ""
    words: str = ""
    ticket: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a page ends: the next begins below it."""

    asked_at: datetime
    id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """One line of the list. `text` is the beginning of the question; `good` and `bad` count what
    people said of the answer: ratings, customers' replies, a rejected draft, a reopened ticket."""

    id: UUID
    asked_at: datetime
    surface: str
    outcome: str
    reason: str
    text: str
    locale: str
    evidence: float
    tag: str
    ticket_id: int | None
    good: int
    bad: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """One page. `next` is where it goes on, None at the end of the record; `is_full` is False
    where fewer fit than a page holds among those that were looked at."""

    conversations: tuple[Summary, ...]
    next: Place | None
    is_full: bool


class Conversations:
    """Reads the list."""

    def __init__(
        self, *, pool: ConnectionPool[Connection[Any]], page: int = PAGE, window: int = WINDOW
    ) -> None:
        self._pool = pool
        self._page = page
        self._window = window

    def list(self, wanted: Wanted, *, place: Place | None = None) -> Listing:
        """The newest that fit, from below `place` on where it is given."""
        values = storable(_values(wanted, place))
        parts = {
            "narrow": all_of(said for name, said in _NARROW.items() if values[name]),
            "wide": all_of(_wide(wanted)),
            "shown": sql.Literal(_TEXT_SHOWN),
            "page": sql.Literal(self._page + 1),
            "window": sql.Literal(self._window),
        }
        with self._pool.connection() as connection:
            # A plan for these values: a common word is looked for otherwise than a rare one.
            connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            rows = connection.execute(sql.SQL(_LIST).format(**parts), values).fetchall()
            found = tuple(map(_summary, rows[: self._page]))
            if len(rows) > self._page:
                last: Place | None = Place(asked_at=found[-1].asked_at, id=found[-1].id)
            else:
                statement = sql.SQL(_LAST_LOOKED_AT).format(**parts)
                row = connection.execute(statement, values).fetchone()
                last = None if row is None else Place(asked_at=row[0], id=row[1])
        return Listing(conversations=found, next=last, is_full=len(rows) > self._page)


def _values(wanted: Wanted, place: Place | None) -> dict[str, Any]:
    return {
        "place_at": place.asked_at if place else None,
        "place_id": place.id if place else None,
        "since": wanted.since,
        "until": wanted.until,
        "surface": wanted.surface,
        "outcome": wanted.outcome,
        "reason": wanted.reason,
        "words": wanted.words,
        "ticket": wanted.ticket,
        "tag": wanted.tag,
        "source": wanted.source,
    }


def _wide(wanted: Wanted) -> list[LiteralString]:
    asked = ["tag" * bool(wanted.tag), "source" * bool(wanted.source), wanted.opinion or ""]
    return [_WIDE[each] for each in asked if each]


def _summary(row: tuple[Any, ...]) -> Summary:
    return Summary(
        id=row[0],
        asked_at=row[1],
        surface=row[2],
        outcome=row[3],
        reason=row[4],
        text=row[5],
        locale=row[6],
        evidence=row[7],
        tag=row[8],
        ticket_id=row[9],
        good=row[10],
        bad=row[11],
    )
