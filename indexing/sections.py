"""One door from a document's body to its sections, whatever it is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexing import html
from indexing.plain import sections_of_text

if TYPE_CHECKING:
    from indexing.models import MediaType, Section


def sections_of(body: str, media_type: MediaType) -> tuple[Section, ...]:
    """The body's sections in reading order; () where there is no text. Never raises."""
    if media_type == "text/html":
        return html.sections(body)
    if media_type == "text/markdown":
        from indexing.markdown import rendered  # noqa: PLC0415  only Markdown pays for its parser

        return html.sections(rendered(body))
    return sections_of_text(body)
