"""An outcome with everything that explains it, as far as somebody who looks at it may read.

For answers on record and for new ones alike. Beside each document stands how it is now: that an
article was changed since is the first thing to know about a wrong answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bot.answering.citations import located

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.insight.viewing import Viewer
    from bot.models import Citation, Outcome, Statement, StatementCheck
    from indexing.models import CutReason, Passage

Now = Literal["as_it_was", "changed", "gone"]
Span = tuple[int, int]

_NOW = """
SELECT asked.source, asked.id, document.pk,
       %(reads)s::text[] IS NULL OR document.audience && %(reads)s::text[],
       %(since)s::timestamptz IS NOT NULL AND EXISTS (
           SELECT FROM document_versions AS version
           WHERE version.source = asked.source AND version.document_id = asked.id
             AND version.at > %(since)s AND version.changed <> '{added}')
FROM unnest(%(sources)s::text[], %(ids)s::text[]) AS asked (source, id)
JOIN documents AS document ON document.source = asked.source AND document.id = asked.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A passage that was given to the writer. `text` is "" where the viewer may not read it;
    `quotes` are the words of it that the answer cites, as (start, end) in the text, in order and
    apart from each other; `document` is the key of its document where that is still there."""

    passage: Passage
    rank: int
    text: str
    may_read: bool
    quotes: tuple[Span, ...]
    now: Now
    document: int | None

    @property
    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """The text in pieces, each with whether the answer cites it."""
        pieces, end = [], 0
        for start, stop in self.quotes:
            pieces += [(self.text[end:start], False), (self.text[start:stop], True)]
            end = stop
        return tuple(each for each in (*pieces, (self.text[end:], False)) if each[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A passage that was found and not given to the writer, and why. `title` and `url` are ""
    where the viewer may not read it."""

    why: CutReason
    title: str
    url: str
    score: float
    dense: float
    lexical: float
    now: Now
    document: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`statements` and `checks` are left out where they rest on, or may repeat, what the viewer
    may not read: then `is_whole` is False."""

    outcome: Outcome
    statements: tuple[Statement, ...]
    passages: tuple[Shown, ...]
    left_out: tuple[LeftOut, ...]
    checks: tuple[StatementCheck, ...]
    is_whole: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Document:
    """How a document is now; its key is None where the viewer may not read it, or it is gone."""

    key: int | None
    now: Now


_Documents = Mapping[tuple[str, str], _Document]
_GONE = _Document(key=None, now="gone")


def answer(
    pool: ConnectionPool[Connection[Any]],
    outcome: Outcome,
    viewer: Viewer,
    *,
    since: datetime | None = None,
) -> Answer:
    """The outcome as far as `viewer` may read it; `since` is when it was found, None if just
    now."""
    documents = _documents(pool, outcome, viewer, since)
    readable = {
        each.chunk_id: viewer.may_read(frozenset(each.audience)) for each in outcome.passages
    }
    is_whole = all(readable.values())
    statements = tuple(
        each
        for each in outcome.statements
        if all(readable.get(one.chunk_id, False) for one in each.citations)
    )
    return Answer(
        outcome=outcome,
        statements=statements,
        passages=tuple(_shown(outcome, statements, readable, documents)),
        left_out=tuple(_left_out(outcome, viewer, documents)),
        checks=outcome.checks if is_whole else (),
        is_whole=is_whole,
    )


def quoted(passage: Passage, citations: Sequence[Citation]) -> tuple[Span, ...]:
    """Where in the passage's text its quotes stand: (start, end), in order, those that overlap
    as one."""
    spans: list[Span] = []
    for each in citations:
        quote = located(each.quote, passage.text) if each.chunk_id == passage.chunk_id else None
        if quote is not None:
            start = passage.text.find(quote)
            spans.append((start, start + len(quote)))
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _documents(
    pool: ConnectionPool[Connection[Any]], outcome: Outcome, viewer: Viewer, since: datetime | None
) -> _Documents:
    found = (*outcome.passages, *(each.passage for each in outcome.cut))
    asked = sorted({(each.source, each.document_id) for each in found})
    values = {
        "sources": [each[0] for each in asked],
        "ids": [each[1] for each in asked],
        "reads": viewer.reads,
        "since": since,
    }
    with pool.connection() as connection:
        rows = connection.execute(_NOW, values).fetchall()
    return {
        (source, document_id): _Document(
            key=key if may_read else None, now="changed" if changed else "as_it_was"
        )
        for source, document_id, key, may_read, changed in rows
    }


def _shown(
    outcome: Outcome,
    statements: Sequence[Statement],
    readable: Mapping[str, bool],
    documents: _Documents,
) -> Iterator[Shown]:
    cited = [one for each in statements for one in each.citations]
    for rank, each in enumerate(outcome.passages, start=1):
        document = documents.get((each.source, each.document_id), _GONE)
        may_read = readable[each.chunk_id]
        yield Shown(
            passage=each,
            rank=rank,
            text=each.text if may_read else "",
            may_read=may_read,
            quotes=quoted(each, cited) if may_read else (),
            now=document.now,
            document=document.key,
        )


def _left_out(outcome: Outcome, viewer: Viewer, documents: _Documents) -> Iterator[LeftOut]:
    for each in outcome.cut:
        passage = each.passage
        document = documents.get((passage.source, passage.document_id), _GONE)
        may_read = viewer.may_read(frozenset(passage.audience))
        yield LeftOut(
            why=each.why,
            title=passage.title if may_read else "",
            url=passage.link if may_read else "",
            score=passage.score,
            dense=passage.dense,
            lexical=passage.lexical,
            now=document.now,
            document=document.key,
        )
