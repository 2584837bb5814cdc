"""Replies that agents wrote, as cases to learn from: the public answer that solved a ticket, with
the passages that a customer may read and that carry all of it.

A ticket's document holds public comments only, without data of persons; notes never get into it.
What agents know beyond the articles is left out with the whole reply: a model that learned it
would learn to say what no source carries. The newest tickets are read, so many at most, one after
the other: an account may have hundreds of thousands.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg import sql

from bot.answering.base import AnswerRequest
from bot.answering.relevance import content_words, overlap
from bot.evaluation.passages import COLUMNS, stored
from bot.evaluation.temporary import silent
from bot.phrases.replying import told
from bot.support import PASSAGES_READ
from bot.tuning.cases import Found, ReplyCase, draft_cases, names_said
from bot.tuning.replies import UNFIT, learnable
from connectors.zendesk.personal_data import MARK, without_personal_data
from indexing.errors import IndexMissing
from indexing.html import sections
from indexing.index import Index
from indexing.models import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.evaluation.temporary import OnProgress
    from indexing.models import Passage
    from indexing.retrieval import Retriever

TICKETS_READ = 5_000
"""Of the newest solved tickets: more than a small model needs, and some minutes' work."""

NOTHING_SAID = "a reply of courtesies and addresses only"
TAKEN_OUT = "a name or number was taken out"
A_DRAFT = "its reply is a draft's"
OLDER = "older than the newest that are read"

_OF_LINKED = 3
"""Passages of articles that the agent linked, where a search does not find them."""

_FETCHED = 100
_READER = Reader.customer()

# Asked for by number, so that only what is read is fetched.
_NEWEST = """
SELECT document.pk, count(*) OVER () FROM documents AS document
WHERE document.kind = 'ticket' AND document.metadata ? 'asked_at'
ORDER BY (document.metadata ->> 'asked_at')::timestamptz DESC, document.pk DESC LIMIT %s
"""

_TICKETS = """
SELECT document.title, document.body, document.locale, document.metadata ->> 'question',
       document.metadata ->> 'asked_at', document.metadata ->> 'requester_id',
       document.metadata ->> 'linked_articles',
       EXISTS (SELECT FROM ticket_turns AS turn
               JOIN draft_decisions AS decision ON decision.draft_id = turn.id
               WHERE turn.ticket_id::text = document.metadata ->> 'ticket_id'
                 AND decision.ended = 'sent')
FROM documents AS document WHERE document.pk = ANY(%s) ORDER BY document.pk
"""

# Of several translations, those in the ticket's language.
_LINKED = """
SELECT {columns}
FROM {passages} AS passage JOIN documents AS document ON document.pk = passage.document_pk
WHERE document.audience && %(reads)s::text[] AND document.kind NOT IN ('ticket', 'macro')
  AND article_of(document.source, document.translation_group, document.id) = ANY(%(articles)s)
  AND split_part(document.locale, '-', 1) = split_part(%(locale)s, '-', 1)
ORDER BY document.pk, passage.ordinal LIMIT 200
"""


def reply_cases(
    pool: ConnectionPool[Connection[Any]],
    retriever: Callable[[], Retriever],
    *,
    tickets: int = TICKETS_READ,
    on_progress: OnProgress = silent,
) -> Found[ReplyCase]:
    """Drafts that people sent, and replies that solved tickets, of the newest `tickets` of them.
    `retriever` is asked for where there is a ticket to read."""
    drafts = draft_cases(pool)
    solved = _Solved(pool=pool, retriever=retriever)
    cases = list(solved.cases(tickets, on_progress))
    return Found(
        cases=(*drafts.cases, *cases),
        left_out=dict(Counter(drafts.left_out) + solved.left_out),
    )


class _Solved:
    """Reads tickets, and counts why there is no case of some."""

    def __init__(
        self, *, pool: ConnectionPool[Connection[Any]], retriever: Callable[[], Retriever]
    ) -> None:
        self.left_out: Counter[str] = Counter()
        self._pool = pool
        self._retriever = retriever

    def cases(self, most: int, on_progress: OnProgress) -> Iterator[ReplyCase]:
        with self._pool.connection() as connection:
            newest = connection.execute(_NEWEST, (most,)).fetchall()
        if not newest:
            return
        self.left_out[OLDER] = newest[0][1] - len(newest)
        retriever = self._retriever()
        for start in range(0, len(newest), _FETCHED):
            numbers = [row[0] for row in newest[start : start + _FETCHED]]
            with self._pool.connection() as connection:
                rows = connection.execute(_TICKETS, (numbers,)).fetchall()
            for row in rows:
                case = self._case(row, retriever)
                if isinstance(case, str):
                    self.left_out[case] += 1
                else:
                    yield case
            on_progress("Reading solved tickets", start + len(numbers), len(newest))

    def _case(self, row: Sequence[Any], retriever: Retriever) -> ReplyCase | str:
        """The case, or why there is none. What costs least is looked at first."""
        title, body, locale, question, asked_at, requester, linked, is_draft = row
        reply = told(resolution(body))
        if unusable := A_DRAFT if is_draft else _unusable(reply):
            return unusable
        text = f"{title}\n\n{question}"
        passages = self._passages(retriever, text, locale, json.loads(linked or "[]"), reply)
        carried = learnable(reply, passages, question=question, locale=locale)
        if carried in UNFIT:
            return carried
        return ReplyCase(
            request=AnswerRequest(
                question=without_personal_data(text, names=names_said(text)),
                passages=passages,
                locale=locale,
                history=(),
            ),
            reply=carried,
            asked_at=datetime.fromisoformat(asked_at),
            customer=requester or "",
            origin="ticket",
        )

    def _passages(
        self, retriever: Retriever, text: str, locale: str, linked: Sequence[str], reply: str
    ) -> tuple[Passage, ...]:
        """What a customer who asks this is answered from, with the likeliest passages of linked
        articles at the end where a search finds none of them."""
        found = retriever.retrieve(text, _READER, locale, PASSAGES_READ)
        known = {each.chunk_id for each in found}
        wanted = frozenset(content_words(reply))
        missed = sorted(
            (each for each in self._linked(linked, locale) if each.chunk_id not in known),
            key=lambda each: -overlap(wanted, content_words(each.text)),
        )[:_OF_LINKED]
        return (*found[: PASSAGES_READ - len(missed)], *missed)

    def _linked(self, linked: Sequence[str], locale: str) -> list[Passage]:
        if not linked:
            return []
        asked = {
            "articles": [f"article:{each}" for each in linked],
            "reads": sorted(_READER.labels),
            "locale": locale,
        }
        with self._pool.connection() as connection:
            try:
                table = Index.live(connection).table
            except IndexMissing:
                return []
            statement = sql.SQL(_LINKED).format(columns=sql.SQL(COLUMNS), passages=table)
            return [stored(row) for row in connection.execute(statement, asked)]


def _unusable(reply: str) -> str:
    """Why no passage needs to be looked for; "" where one does."""
    if not reply:
        return NOTHING_SAID
    return TAKEN_OUT if MARK.search(reply) else ""


def resolution(body: str) -> str:
    """The agent's answer as a ticket's document holds it; "" without one."""
    return "\n".join(
        block.text
        for section in sections(body)
        if section.heading_path == ("Resolution",)
        for block in section.blocks
    )
