"""A passage cut into the smallest pieces that may be quoted: sentences, list items, steps, rows.

Every piece knows where it stands in the passage, so that a quote is the passage's own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

UnitKind = Literal["sentence", "item", "step", "row"]
Span = tuple[int, int]

LONGEST = 600  # characters of one unit; text without any sentence end is cut at a space
_LONG_ITEM = 280  # a bullet longer than this is read sentence by sentence

_LINE = re.compile(r"[^\n]+|\n")
_MARKER = re.compile(r"([ \t]*)(?:([-*•‣◦▪·\u2013])|(\(?\d{1,3}[.)]|[a-h]\)))[ \t]+(?=\S)")
_ROW = re.compile(r"[^.;:]{1,50}: [^;]+(?:; [^.;:]{1,50}: [^;]+)+|[^|]+(?: \| [^|]+)+")
_PICTURE = re.compile(r"\[(?:image|video): [^\]\n]*\]")
# Full-width marks among them: a line that ends so is complete.
_CLOSING = ".!?:;…\u3002\uff01\uff1f"
_WORD = re.compile(r"[^\W_]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """`text[start:end]` of a passage, without list marker and outer white space.

    `block` is the same for the sentences of one paragraph and for the items of one list,
    `depth` the indentation of a list item in characters, `marker` its "1." or "-".
    """

    kind: UnitKind
    start: int
    end: int
    block: int
    depth: int = 0
    marker: str = ""

    def quote(self, text: str) -> str:
        return text[self.start : self.end]

    def is_listed(self) -> bool:
        return self.kind in ("item", "step")


def units(text: str) -> tuple[Unit, ...]:
    """The quotable pieces of a passage in order; () where it holds no letter and no digit."""
    return tuple(_bounded(text, _read(text)))


def plain(text: str) -> str:
    """A quote as words for a reader: one line, no pictures, nothing invisible at the edges."""
    return " ".join(_PICTURE.sub(" ", text).replace("\x00", " ").split())


def sentence_spans(text: str, start: int, end: int) -> Iterator[Span]:
    """Where each sentence of text[start:end] begins and ends; a line break ends none."""
    for part in sentences(text[start:end].replace("\n", " ")):
        yield start, start + len(part)
        start += len(part)


class _Reader:
    """Follows the lines: which list or paragraph is open."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._units: list[Unit] = []
        self._block = 0
        self._paragraph: Span | None = None
        self._item: Unit | None = None
        self._in_list = False
        self._in_table = False

    def read(self) -> list[Unit]:
        for line in _LINE.finditer(self._text):
            if line.group().isspace():
                if line.group() != "\n" or self._is_blank(line.start()):
                    self._close()
                continue
            self._line(*line.span())
        self._close()
        return self._units

    def _is_blank(self, at: int) -> bool:
        return at > 0 and self._text[at - 1] == "\n"

    def _line(self, start: int, end: int) -> None:
        marker = _MARKER.match(self._text, start, end)
        if marker:
            self._open_item(marker, end)
        elif self._item is not None and self._text[start] in " \t":
            if _WORD.search(_PICTURE.sub("", self._text[start:end])):
                self._item = replace(self._item, end=end)
        elif _ROW.fullmatch(self._text, start, end):
            if not self._in_table:
                self._close()
                self._in_table = True
            self._units.append(Unit(kind="row", start=start, end=end, block=self._block))
        elif self._paragraph and self._is_wrapped(self._paragraph, start):
            self._paragraph = (self._paragraph[0], end)
        else:
            if self._in_list or self._in_table:
                self._close()
            self._finish_paragraph()
            self._paragraph = (start, end)

    def _is_wrapped(self, paragraph: Span, start: int) -> bool:
        """A paragraph broken at a column, as in e-mail and plain text files."""
        last = self._text[paragraph[0] : paragraph[1]].rstrip().rsplit("\n", 1)[-1]
        ended = last[-1:] in _CLOSING
        return not ended and (len(last) >= 50 or self._text[start].islower())

    def _open_item(self, marker: re.Match[str], end: int) -> None:
        self._finish_paragraph()
        self._finish_item()
        if not self._in_list:
            self._close()
            self._in_list = True
        self._item = Unit(
            kind="item" if marker.group(2) else "step",
            start=marker.end(),
            end=end,
            block=self._block,
            depth=len(marker.group(1)),
            marker=marker.group(2) or marker.group(3),
        )

    def _finish_item(self) -> None:
        item, self._item = self._item, None
        if item is None:
            return
        if item.kind == "step" or item.end - item.start <= _LONG_ITEM:
            self._units.append(item)
            return
        for position, (start, end) in enumerate(sentence_spans(self._text, item.start, item.end)):
            self._units.append(
                replace(item, kind="sentence" if position else "item", start=start, end=end)
            )

    def _finish_paragraph(self) -> None:
        span, self._paragraph = self._paragraph, None
        if span:
            self._units.extend(
                Unit(kind="sentence", start=start, end=end, block=self._block)
                for start, end in sentence_spans(self._text, *span)
            )

    def _close(self) -> None:
        self._finish_item()
        self._finish_paragraph()
        self._in_list = self._in_table = False
        self._block += 1


def _read(text: str) -> list[Unit]:
    return _Reader(text).read()


def _bounded(text: str, found: list[Unit]) -> Iterator[Unit]:
    for unit in found:
        for start, end in _cut(text, unit.start, unit.end):
            trimmed = _trimmed(text, start, end)
            if _WORD.search(text, *trimmed):
                yield replace(unit, start=trimmed[0], end=trimmed[1])


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    while end - start > LONGEST:
        space = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        stop = space if space > 0 else start + LONGEST
        yield start, stop
        start = stop
    yield start, end


def _trimmed(text: str, start: int, end: int) -> Span:
    """The span without white space, NUL and pictures at its ends."""
    while True:
        before = (start, end)
        while start < end and (text[start].isspace() or text[start] == "\x00"):
            start += 1
        while end > start and (text[end - 1].isspace() or text[end - 1] == "\x00"):
            end -= 1
        if picture := _PICTURE.match(text, start, end):
            start = picture.end()
        if text[end - 1 : end] == "]" and end > start:
            opening = text.rfind("[", start, end)
            if opening >= 0 and _PICTURE.fullmatch(text, opening, end):
                end = opening
        if (start, end) == before:
            return before
