"""Looks at everything that an answer came from, case by case, for where it went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from psycopg import sql

from bot.evaluation.advice import Failure
from bot.evaluation.answers import DEFAULT_LOCALE, ask
from bot.evaluation.passages import COLUMNS, stored
from bot.evaluation.references import Told, told_of
from bot.evaluation.stages import SLOW, Seen, first_broken
from bot.evaluation.temporary import OnProgress, silent
from bot.support import PASSAGES_READ

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.evaluation.answers import Respond
    from bot.evaluation.cases import Case
    from bot.evaluation.tallies import AnswerResult
    from indexing.index import Index
    from indexing.models import Passage
    from indexing.retrieval import Retriever

_LOOKED_AT = 60
"""Passages that are looked at to tell how far off an article is."""

TagOf = Callable[[str, str], str]
"""The routing tag of a text in a locale, "" for none."""
LanguageOf = Callable[[str], str]

_CHUNKS = """
SELECT {columns}
FROM {passages} AS passage JOIN documents AS document ON document.pk = passage.document_pk
WHERE document.id = ANY(%s) AND document.audience && %s::text[]
ORDER BY document.id, passage.ordinal
"""

_BODIES = "SELECT body FROM documents WHERE id = ANY(%s) AND audience && %s::text[]"


class Diagnosis:
    """Looks into one index. `tag_of` is None where there are no routing tags."""

    def __init__(
        self,
        *,
        respond: Respond,
        retriever: Retriever,
        pool: ConnectionPool,
        index: Index,
        language_of: LanguageOf,
        tag_of: TagOf | None = None,
        slow: float = SLOW,
    ) -> None:
        self._respond = respond
        self._retriever = retriever
        self._pool = pool
        self._index = index
        self._language_of = language_of
        self._tag_of = tag_of
        self._slow = slow

    def failures(
        self, cases: Sequence[Case], on_progress: OnProgress = silent
    ) -> tuple[Failure, ...]:
        """The cases that fail, each with its first broken stage. Nothing is recorded unless
        `respond` does."""
        found = []
        for done, case in enumerate(cases, start=1):
            broken = first_broken(self.seen(case), slow=self._slow)
            if broken is not None:
                found.append(Failure(case=case, broken=broken))
            on_progress("Looking into answers", done, len(cases))
        return tuple(found)

    def seen(self, case: Case) -> Seen:
        """Everything that there is to see of one case."""
        result = ask(case, self._respond, self._pool, self._index)
        read = result.outcome.passages
        chunks = self._chunks(case)
        told = self._told(case, chunks, read)
        chunk_ids = {each.chunk_id for each in read}
        text = " ".join(each.text for each in result.outcome.statements)
        return Seen(
            result=result,
            in_index=bool(chunks) if case.article_ids else None,
            rank=self._rank(case, result),
            read=max(len(read), PASSAGES_READ),
            told=told,
            carrier_read=told is None
            or not told.carriers
            or not told.carriers.isdisjoint(chunk_ids),
            tag=self._tag(case),
            language=self._language_of(text) if text else "",
        )

    def _rank(self, case: Case, result: AnswerResult) -> int | None:
        found: Sequence[Passage] = result.outcome.passages
        if not case.article_ids or case.article_ids & {each.document_id for each in found}:
            return _first(case, found)
        found = self._retriever.retrieve(case.question, case.reader, case.locale, _LOOKED_AT)
        rank = _first(case, found)
        # What answering did not read was beyond it, however this search came out.
        return None if rank is None else max(rank, PASSAGES_READ + 1)

    def _told(self, case: Case, chunks: Sequence[Passage], read: Sequence[Passage]) -> Told | None:
        if not case.answers or not chunks:
            return None
        with self._pool.connection() as connection:
            bodies = connection.execute(_BODIES, self._readable(case)).fetchall()
        return told_of(
            case.answers[0],
            question=case.question,
            locale=case.locale or DEFAULT_LOCALE,
            chunks=chunks,
            others=[each for each in read if each.document_id not in case.article_ids],
            bodies=[row[0] for row in bodies],
        )

    def _tag(self, case: Case) -> str | None:
        if self._tag_of is None or not case.routing_tag:
            return None
        return self._tag_of(case.question, case.locale or DEFAULT_LOCALE)

    def _chunks(self, case: Case) -> tuple[Passage, ...]:
        if not case.article_ids:
            return ()
        with self._pool.connection() as connection:
            statement = sql.SQL(_CHUNKS).format(
                columns=sql.SQL(COLUMNS), passages=self._index.table
            )
            rows = connection.execute(statement, self._readable(case)).fetchall()
        return tuple(stored(row) for row in rows)

    def _readable(self, case: Case) -> tuple[list[str], list[str]]:
        return sorted(case.article_ids), sorted(case.reader.labels)


def _first(case: Case, passages: Sequence[Passage]) -> int | None:
    return next(
        (at for at, one in enumerate(passages, start=1) if one.document_id in case.article_ids),
        None,
    )
