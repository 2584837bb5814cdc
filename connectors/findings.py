"""What reading one record or file can bring, before it becomes a change in the stream.

Connectors that read whole articles at once share these words: a document, a document that
people may not see yet, or something that could not be used.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexing.models import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A document that exists but is not published: nobody may be shown it."""

    document_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unusable:
    """Something that could not be read as a document.

    `document_id` is what it would be called, or "" where even that cannot be told. `hides` says
    that documents may stand behind it whose ids are unknown, so a list of ids is not complete.
    """

    document_id: str
    reason: str
    hides: bool = False


Finding = Document | Draft | Unusable
