"""Makes the things that tests talk about, with sensible values for what a test leaves out."""

from __future__ import annotations

from typing import Any

from indexing.models import Audience, Document


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
