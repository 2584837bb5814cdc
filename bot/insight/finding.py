"""What the bot finds for somebody, as an outcome without an answer: for trying out a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from bot.insight.answer import Answer, answer
from bot.models import Outcome, OutcomeKind

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.insight.viewing import Viewer
    from indexing.models import Reader
    from indexing.retrieval import Retriever


def found_as(
    retriever: Retriever,
    pool: ConnectionPool[Connection[Any]],
    query: str,
    reader: Reader,
    viewer: Viewer,
    *,
    locale: str | None = None,
    most: int,
) -> Answer:
    """The passages that `reader` would be answered from, best first, as far as `viewer` may read
    them. Nothing is recorded."""
    found = retriever.search(query.replace("\x00", " "), reader, locale, most)
    outcome = Outcome(
        question_id=uuid4(),
        kind=OutcomeKind.IGNORED,
        passages=found.passages,
        evidence=found.evidence,
        embedding_index=found.index,
        latency_ms=found.latency_ms,
        cut=found.cut,
    )
    return answer(pool, outcome, viewer)
