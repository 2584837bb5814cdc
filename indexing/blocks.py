"""The body of an article, element by element, as headings and blocks of text in reading order.

lxml directly, not BeautifulSoup or markdownify: both build a second tree or a Markdown text that
would have to be parsed again to find sections, and neither keeps anchors, callouts, table headers
per row or leaves out hidden text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from indexing.characters import one_line, tidy_lines, visible
from indexing.inline import anchor_of, joint, media, picture
from indexing.lists import definitions_of, items_of
from indexing.models import Block, BlockKind
from indexing.tables import is_layout, rows_of
from indexing.visibility import (
    is_callout,
    is_contents,
    is_dropped,
    shown_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# Real articles nest below 30; what lies deeper keeps its text and loses its structure.
_DEEPEST = 80
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "body", "caption", "center", "dd", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "html"),
        *("legend", "li", "main", "p", "section", "summary", "tbody", "td", "tfoot", "th"),
        *("thead", "tr"),
    }
)
_NOT_IN_A_HEADING = (*_HEADINGS, "ul", "ol", "dl", "table", "pre", "blockquote", "details")


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """A heading; `level` 1..6, or 0 for the summary of a `<details>`: below what is open."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The edge of a `<details>`: headings opened inside end with it."""

    opens: bool


Piece = Heading | Block | Scope


def pieces_of(element: etree._Element, *, depth: int = 0) -> tuple[Piece, ...]:
    """Everything a reader sees inside the element, in order."""
    flow = _Flow(depth=depth)
    flow.inside(element)
    flow.flush()
    return tuple(flow.pieces)


def nested_text(element: etree._Element, depth: int) -> str:
    """The same as one text of several lines, for a list item, a cell, a callout, a quote."""
    if depth > _DEEPEST:
        return one_line(shown_text(element))
    flow = _Flow(depth=depth + 1)
    flow.inside(element)
    return flow.text()


class _Flow:
    """Collects inline text until a block begins, then puts it out as a paragraph."""

    def __init__(self, *, depth: int) -> None:
        self.pieces: list[Piece] = []
        self._depth = depth
        self._run: list[str] = []
        self._anchor = ""

    def inside(self, element: etree._Element, *, leaving_out: etree._Element | None = None) -> None:
        self._text(element.text)
        if self._depth > _DEEPEST:
            self._run.append(shown_text(element, own=False))
            return
        self._depth += 1
        for child in element:
            if child is not leaving_out:
                self._node(child)
            self._text(child.tail)
        self._depth -= 1

    def text(self) -> str:
        self.flush()
        return "\n".join(piece.text for piece in self.pieces if not isinstance(piece, Scope))

    def flush(self) -> None:
        text = "".join(self._run)
        self._run.clear()
        # Two line breaks in a row are how editors make a paragraph without saying so.
        for paragraph in re.split(r"\n[^\S\n]*\n\s*", text):
            # An icon left out leaves "the menu ." behind.
            self._put("paragraph", re.sub(r" +(?=[.,](?:\s|$))", "", tidy_lines(paragraph)))

    def _put(self, kind: BlockKind, text: str) -> None:
        if text.strip():
            self.pieces.append(Block(kind=kind, text=text))
            self._anchor = ""

    def _text(self, text: str | None) -> None:
        if text:
            self._run.append(re.sub(r"\s+", " ", text))
            if not text.isspace():
                self._anchor = ""

    def _node(self, element: etree._Element) -> None:
        tag = element.tag
        if not isinstance(tag, str) or is_dropped(element):
            self._run.append(media(element))
            return
        self._anchor = anchor_of(element) or self._anchor
        if tag in _HEADINGS:
            self._heading(element, _HEADINGS[tag])
        elif tag == "br":
            self._run.append("\n")
        elif tag == "hr":
            self.flush()
        elif tag == "img":
            self._run.append(picture(element))
        elif handler := _HANDLERS.get(tag):
            self.flush()
            handler(self, element)
        elif is_callout(element):
            self.flush()
            self._put("note", self._text_of(element))
        elif tag in _BLOCKS:
            self.flush()
            self.inside(element)
            self.flush()
        else:
            self._run.append(joint(element, self._run))
            self.inside(element)

    def _text_of(self, element: etree._Element) -> str:
        return nested_text(element, self._depth)

    def _text_with(self, element: etree._Element) -> str:
        flow = _Flow(depth=self._depth + 1)
        flow._node(element)
        return flow.text()

    def _heading(self, element: etree._Element, level: int) -> None:
        anchor = anchor_of(element) or self._anchor
        self.flush()
        if self._depth > _DEEPEST:
            self._run.append(shown_text(element))
        elif next(element.iterdescendants(*_NOT_IN_A_HEADING), None) is not None:
            self._unclosed_heading(element, level, anchor)
        else:
            inner = (anchor_of(each) for each in element.iterdescendants(etree.Element))
            anchor = anchor_of(element) or next(filter(None, inner), anchor)
            self._put_heading(level, self._text_of(element), anchor)

    def _put_heading(self, level: int, text: str, anchor: str) -> None:
        if text := one_line(text):
            self.pieces.append(Heading(level=level, text=text, anchor=anchor))
            self._anchor = ""

    def _unclosed_heading(self, element: etree._Element, level: int, anchor: str) -> None:
        """`<h2>Title</h3>` makes the parser take all that follows for heading: its words end
        where the first block begins."""
        head = _Flow(depth=self._depth + 1)
        head._text(element.text)
        flow = head
        for child in element:
            if flow is head and (child.tag in _BLOCKS or child.tag in _NOT_IN_A_HEADING):
                self._put_heading(level, head.text(), anchor)
                flow = self
            flow._depth += 1
            flow._node(child)
            flow._text(child.tail)
            flow._depth -= 1
        if flow is head:
            self._put_heading(level, head.text(), anchor)
        self.flush()

    def _list(self, element: etree._Element) -> None:
        if is_contents(element):
            if self.pieces and isinstance(self.pieces[-1], Heading):
                self.pieces.pop()
            return
        kind: BlockKind = "steps" if element.tag == "ol" else "list"
        self._put(kind, "\n".join(items_of(element, self._text_of, self._text_with)))

    def _definitions(self, element: etree._Element) -> None:
        if next(element.iterdescendants("dd"), None) is None:  # terms alone only indent (wikis)
            self.inside(element)
            self.flush()
            return
        self._put("list", "\n".join(definitions_of(element, self._text_of)))

    def _table(self, element: etree._Element) -> None:
        if is_layout(element):
            self.inside(element)
            self.flush()
            return
        self._put("table", "\n".join(rows_of(element, self._text_of)))

    def _code(self, element: etree._Element) -> None:
        lines = visible(shown_text(element)).expandtabs(4).split("\n")
        self._put("code", "\n".join(line.rstrip() for line in lines).strip("\n"))

    def _quote(self, element: etree._Element) -> None:
        kind: BlockKind = "note" if is_callout(element) else "quote"
        self._put(kind, self._text_of(element))

    def _details(self, element: etree._Element) -> None:
        summary = next((child for child in element if child.tag == "summary"), None)
        self.pieces.append(Scope(opens=True))
        if summary is not None and not is_dropped(summary):
            self._heading(summary, 0)
        self.inside(element, leaving_out=summary)
        self.flush()
        self.pieces.append(Scope(opens=False))


_HANDLERS: dict[str, Callable[[_Flow, etree._Element], None]] = {
    "ul": _Flow._list,
    "ol": _Flow._list,
    "menu": _Flow._list,
    "dl": _Flow._definitions,
    "table": _Flow._table,
    "pre": _Flow._code,
    "blockquote": _Flow._quote,
    "details": _Flow._details,
}
