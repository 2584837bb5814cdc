"""Makes the things that tests talk about, with sensible values for what a test leaves out."""

from __future__ import annotations

from typing import Any

from indexing.models import Audience, Document, Passage


def document(id: str = "returns", **changes: Any) -> Document:  # noqa: A002 - the field's name
    """A small public article."""
    values: dict[str, Any] = {
        "id": id,
        "source": "help",
        "title": "Returning an item",
        "body": "<p>You can return an unworn item within 45 days of delivery.</p>",
        "url": f"https://help.example.com/articles/{id}",
        "audience": Audience.public(),
    }
    return Document(**{**values, **changes})


def passage(id: str = "returns", **changes: Any) -> Passage:  # noqa: A002 - the document's name
    """A chunk of that article, found for a question."""
    values: dict[str, Any] = {
        "chunk_id": f"{id}-1",
        "document_id": id,
        "source": "help",
        "kind": "article",
        "title": "Returning an item",
        "url": f"https://help.example.com/articles/{id}",
        "anchor": "",
        "heading_path": (),
        "text": "You can return an unworn item within 45 days of delivery.",
        "locale": "en",
        "audience": ("public",),
        "edited_at": None,
        "score": 1.0,
        "dense": 0.6,
        "lexical": 0.5,
    }
    return Passage(**{**values, **changes})
