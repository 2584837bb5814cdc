"""Plain text, as agents and customers write it, as the HTML that documents are made of. Pure."""

from __future__ import annotations

from html import escape


def paragraphs(text: str) -> str:
    """The text as HTML: an empty line begins a paragraph, other line ends stay."""
    runs = escape(text, quote=False).replace("\r\n", "\n").split("\n\n")
    broken = (each.strip().replace("\n", "<br>") for each in runs)
    return "".join(f"<p>{each}</p>\n" for each in broken if each)
