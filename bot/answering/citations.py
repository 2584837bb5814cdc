"""Holds a writer to the passages: a quote that is not there is dropped, and so is what it carried.

Pure. Whatever a model claims to cite, only the chunk's own words leave here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.models import Citation, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from indexing.models import Passage

_WORD = re.compile(r"[^\W_]")
_SPACE = re.compile(r"[\s\x00\u200b\ufeff]+")


def citation(passage: Passage, quote: str) -> Citation:
    """A citation of words that are known to stand in the passage."""
    return Citation(
        document_id=passage.document_id,
        chunk_id=passage.chunk_id,
        title=passage.title,
        url=passage.link,
        quote=quote,
    )


def located(quote: str, text: str) -> str | None:
    """The words of `text` that `quote` repeats, white space aside; None where they differ.

    The result is an exact substring of `text`.
    """
    if not _WORD.search(quote):
        return None
    if quote in text:
        return quote.strip()
    parts = [re.escape(part) for part in _SPACE.split(quote) if part]
    match = re.search(r"[\s\x00\u200b\ufeff]+".join(parts), text)
    return match.group() if match else None


def normalised(text: str) -> str:
    """Words for a reader on one line: no NUL, no doubled white space."""
    return " ".join(text.replace("\x00", " ").split())


def verified(statement: Statement, passages: Iterable[Passage]) -> Statement | None:
    """The statement with the citations that hold, each once; None when none does.

    Title and URL are taken from the passage, never from the writer.
    """
    text = normalised(statement.text)
    by_id = {passage.chunk_id: passage for passage in passages}
    held = tuple(dict.fromkeys(_held(statement.citations, by_id)))
    return Statement(text=text, citations=held) if text and held else None


def verified_all(
    statements: Iterable[Statement], passages: Iterable[Passage]
) -> tuple[Statement, ...]:
    """The statements that may be sent, in their order."""
    given = tuple(passages)
    checked = (verified(statement, given) for statement in statements)
    return tuple(statement for statement in checked if statement is not None)


def _held(citations: Iterable[Citation], by_id: dict[str, Passage]) -> Iterator[Citation]:
    for each in citations:
        passage = by_id.get(each.chunk_id)
        if passage is None or passage.document_id != each.document_id:
            continue
        quote = located(each.quote, passage.text)
        if quote is not None:
            yield citation(passage, quote)
