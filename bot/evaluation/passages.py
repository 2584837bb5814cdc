"""Passages as an index holds them, for who looks them up without a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexing.models import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = """
passage.id, document.id, document.source, document.kind, document.title, document.url,
passage.anchor, passage.heading_path, passage.text, document.locale, document.audience,
document.edited_at
"""
"""Of `passage`, a row of the index, and its `document`, in the order that `stored` reads."""


def stored(row: Sequence[Any]) -> Passage:
    """A passage without scores."""
    return Passage(
        chunk_id=row[0],
        document_id=row[1],
        source=row[2],
        kind=row[3],
        title=row[4],
        url=row[5],
        anchor=row[6],
        heading_path=tuple(row[7]),
        text=row[8],
        locale=row[9],
        audience=tuple(row[10]),
        edited_at=row[11],
        score=0.0,
        dense=0.0,
        lexical=0.0,
    )
