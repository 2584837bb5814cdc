"""Article HTML as clean sections: what a reader sees, under its headings, with its anchors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from indexing.blocks import Heading, Piece, pieces_of
from indexing.models import Block, Section

if TYPE_CHECKING:
    from collections.abc import Iterable


def sections(html: str) -> tuple[Section, ...]:
    """The article's sections in reading order; () where there is no text. Never raises.

    A section without blocks is a heading with nothing under it, not even a deeper heading.
    """
    root = _parsed(html)
    if root is None:
        return ()
    outline = _Outline()
    outline.read(pieces_of(root))
    return tuple(outline.sections())


def _parsed(html: str) -> etree._Element | None:
    # libxml2 reads down to 2,048 levels; what a broken page nests deeper is not read.
    # Bytes with a named encoding: a string with an XML declaration or a lone surrogate would
    # be refused, and a <meta charset> would be believed.
    data = html.replace("\x00", "").encode("utf-8", errors="ignore")
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError:  # "Document is empty", or a comment and nothing else
        return None


class _Outline:
    """Follows the headings: which are open, and what stands under them."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []
        self._scopes: list[tuple[list[tuple[int, str]], str, int]] = []
        self._floor = 0  # how many open headings no heading in this scope may end
        self._done: list[Section] = []
        self._blocks: list[Block] = []
        self._anchor = ""
        self._own_heading = False

    def read(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, Block):
                self._blocks.append(piece)
            elif isinstance(piece, Heading):
                self._heading(piece)
            elif piece.opens:
                self._scopes.append((list(self._open), self._anchor, self._floor))
                self._floor = len(self._open)
            else:
                self._close()
                self._open, self._anchor, self._floor = self._scopes.pop()
        self._close()

    def sections(self) -> Iterable[Section]:
        """All but the headings that the path of the next section says anyway."""
        paths = [section.heading_path for section in self._done]
        for section, path, following in zip(self._done, paths, [*paths[1:], None], strict=False):
            if section.blocks or following is None or following[: len(path)] != path:
                yield section

    def _heading(self, heading: Heading) -> None:
        self._close()
        level = heading.level or (self._open[-1][0] if self._open else 0) + 1
        while len(self._open) > self._floor and self._open[-1][0] >= level:
            self._open.pop()
        self._open.append((level, heading.text))
        if not heading.level:
            self._floor = len(self._open)
        self._anchor = heading.anchor or self._anchor  # the nearest place before it
        self._own_heading = True

    def _close(self) -> None:
        if self._blocks or self._own_heading:
            path = tuple(text for _, text in self._open)
            section = Section(heading_path=path, anchor=self._anchor, blocks=tuple(self._blocks))
            self._done.append(section)
        self._blocks = []
        self._own_heading = False
