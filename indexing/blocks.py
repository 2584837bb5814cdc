"""The body of an article, element by element, as headings and blocks of text in reading order.

lxml directly, not BeautifulSoup or markdownify: both build a second tree or a Markdown text that
would have to be parsed again to find sections, and neither keeps anchors, callouts, table headers
per row or leaves out hidden text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from lxml import etree

from indexing.characters import one_line, tidy_lines, visible
from indexing.models import Block, BlockKind
from indexing.tables import is_layout, rows_of
from indexing.visibility import (
    alternative,
    classes_of,
    is_callout,
    is_contents,
    is_dropped,
    shown_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
_PICTURE_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?|avif)$", re.IGNORECASE)
# "Fx89menuButton", "tb45-advanced-general-win10": what an uploader called the file.
_PICTURE_NAME = re.compile(r"(?=\S*(?:\d|_|-\S*-|[a-z][A-Z]\S*[a-z][A-Z]))[\w-]+", re.ASCII)
_PLAYER_TITLES = frozenset({"youtube video player", "video player", "vimeo-player", "video"})
# What a URL fragment may hold as it stands (RFC 3986); the rest is percent-encoded.
_FRAGMENT = "!$&'()*+,;=:@/?-._~"


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
    pieces = pieces_of(element, depth=depth + 1)
    return "\n".join(piece.text for piece in pieces if not isinstance(piece, Scope))


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
            self._run.append(_media(element))
            return
        self._anchor = anchor_of(element) or self._anchor
        if tag in _HEADINGS:
            self._heading(element, _HEADINGS[tag])
        elif tag == "br":
            self._run.append("\n")
        elif tag == "hr":
            self.flush()
        elif tag == "img":
            self._run.append(_picture(element))
        elif handler := _HANDLERS.get(tag):
            self.flush()
            handler(self, element)
        elif is_callout(element):
            self.flush()
            self._put("note", nested_text(element, self._depth))
        elif tag in _BLOCKS:
            self.flush()
            self.inside(element)
            self.flush()
        else:
            self._run.append(_joint(element, self._run))
            self.inside(element)

    def _heading(self, element: etree._Element, level: int) -> None:
        waiting = self._anchor
        self.flush()
        anchors = (anchor_of(each) for each in element.iterdescendants(etree.Element))
        anchor = anchor_of(element) or next(filter(None, anchors), "") or waiting
        if text := one_line(nested_text(element, self._depth)):
            self.pieces.append(Heading(level=level, text=text, anchor=anchor))
            self._anchor = ""

    def _list(self, element: etree._Element) -> None:
        if is_contents(element):
            if self.pieces and isinstance(self.pieces[-1], Heading):
                self.pieces.pop()
            return
        kind: BlockKind = "steps" if element.tag == "ol" else "list"
        self._put(kind, "\n".join(_items(element, self._depth)))

    def _definitions(self, element: etree._Element) -> None:
        if next(element.iterdescendants("dd"), None) is None:  # terms alone only indent (wikis)
            self.inside(element)
            self.flush()
            return
        self._put("list", "\n".join(_definitions(element, self._depth)))

    def _table(self, element: etree._Element) -> None:
        if is_layout(element):
            self.inside(element)
            self.flush()
            return
        depth = self._depth
        self._put("table", "\n".join(rows_of(element, lambda cell: nested_text(cell, depth))))

    def _code(self, element: etree._Element) -> None:
        lines = visible(shown_text(element)).expandtabs(4).split("\n")
        self._put("code", "\n".join(line.rstrip() for line in lines).strip("\n"))

    def _quote(self, element: etree._Element) -> None:
        kind: BlockKind = "note" if is_callout(element) else "quote"
        self._put(kind, nested_text(element, self._depth))

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


def anchor_of(element: etree._Element) -> str:
    """The fragment that scrolls to the element, or ""."""
    name = element.get("id") or (element.get("name") if element.tag == "a" else "") or ""
    return quote(visible(name).strip(), safe=_FRAGMENT)


def _items(element: etree._Element, depth: int) -> Iterator[str]:
    """The lines of a list; what belongs to an item is indented below it."""
    number = _number(element.get("start"), 1)
    marker = "- "
    for child in element:
        if not isinstance(child.tag, str) or is_dropped(child):
            continue
        if child.tag != "li":  # a list straight inside a list, as many editors write it
            margin = " " * len(marker)
            yield from _indented(_wrapped_text(child, depth), margin, margin)
            continue
        number = _number(child.get("value"), number)
        marker = f"{number}. " if element.tag == "ol" else "- "
        number += 1
        yield from _indented(nested_text(child, depth), marker, " " * len(marker))


def _wrapped_text(element: etree._Element, depth: int) -> str:
    flow = _Flow(depth=depth + 1)
    flow._node(element)
    flow.flush()
    return "\n".join(piece.text for piece in flow.pieces if not isinstance(piece, Scope))


def _definitions(element: etree._Element, depth: int) -> Iterator[str]:
    """ "term: meaning" lines; a term without a meaning, and a further meaning, stand alone."""
    term = ""
    for child in element.iter("dt", "dd"):
        if is_dropped(child) or next(child.iterancestors("dl")) is not element:
            continue
        text = nested_text(child, depth)
        if child.tag == "dt":
            yield from term.splitlines()
            term = text
        elif term:
            yield from _indented(
                f"{term}{'' if term.endswith((':', '?')) else ':'} {text}", "", "  "
            )
            term = ""
        else:
            yield from _indented(text, "  ", "  ")
    yield from term.splitlines()


def _indented(text: str, first: str, rest: str) -> Iterator[str]:
    for position, line in enumerate(text.splitlines()):
        if line.strip():
            yield f"{rest if position else first}{line}"


def _number(value: str | None, otherwise: int) -> int:
    """An HTML integer attribute, within what a person could mean."""
    return int(value) if value and re.fullmatch(r"\s*-?[0-9]{1,6}\s*", value) else otherwise


def _picture(element: etree._Element) -> str:
    alt = one_line(element.get("alt") or "")
    if not alt or _PICTURE_FILE.search(alt) or _PICTURE_NAME.fullmatch(alt):
        return ""
    return f" [image: {alt}] "


def _media(element: etree._Element) -> str:
    """What is left of a dropped element: the title of a video, when it has one of its own."""
    if element.tag not in ("iframe", "video") or is_dropped(element, media=False):
        return ""
    title = one_line(element.get("title") or element.get("aria-label") or "")
    return f" [video: {title}] " if title and title.lower() not in _PLAYER_TITLES else ""


def _joint(element: etree._Element, run: Sequence[str]) -> str:
    """What must stand between two inline elements that only their styling keeps apart."""
    previous = element.getprevious()
    if previous is None or (previous.tail and previous.tail.strip()):
        return ""
    if alternative(element) and alternative(previous):
        text = "".join(run[-8:]).rstrip()
        return " " if not text or text.endswith((".", "!", "?", ":", "]")) else " / "
    if _is_key(element) and _is_key(previous):
        return " + "
    if "menu" in classes_of(element) and "menu" in classes_of(previous):
        return " > "
    return ""


def _is_key(element: etree._Element) -> bool:
    return element.tag == "kbd" or "key" in classes_of(element)
