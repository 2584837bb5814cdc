"""Plain text as sections: paragraphs, lists, and the headings that a line alone makes certain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from indexing.characters import one_line, tidy_lines, visible
from indexing.models import Block, BlockKind, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_UNDERLINE = re.compile(r"\s*(?:={3,}|-{3,}|~{3,}|\*{3,})\s*")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s")
_BULLET = re.compile(r"\s*[-*\u2022\u00b7\u2013]\s")
_BARE_BULLET = re.compile(r"\s*[-*\u2022\u00b7\u2013]\s*")
_LONGEST_HEADING = 70


def sections_of_text(text: str) -> tuple[Section, ...]:
    """The text's sections: all headings stand on one level and have no anchor."""
    lines = [line.rstrip() for line in visible(text).expandtabs(4).split("\n")]
    sections: list[Section] = []
    path: tuple[str, ...] = ()
    start = position = 0
    while position < len(lines):
        if taken := _heading_lines(lines, position):
            sections.extend(_section(path, lines[start:position]))
            path = (one_line(lines[position]).rstrip(":"),)
            position += taken
            start = position
        else:
            position += 1
    sections.extend(_section(path, lines[start:]))
    return tuple(sections)


def _section(path: tuple[str, ...], lines: Sequence[str]) -> Iterator[Section]:
    blocks = tuple(_blocks(lines))
    if path or blocks:
        yield Section(heading_path=path, anchor="", blocks=blocks)


def _heading_lines(lines: Sequence[str], position: int) -> int:
    """How many lines the heading at this line takes: 0 where there is none.

    An underlined line, or a line in capitals at the start of a paragraph: on support notes
    that were saved as text, both are headings nearly always.
    """
    line = lines[position].strip()
    if not line or (position and lines[position - 1].strip()):
        return 0
    if len(line) > _LONGEST_HEADING or not any(char.isalpha() for char in line):
        return 0
    below = lines[position + 1].strip() if position + 1 < len(lines) else ""
    if _UNDERLINE.fullmatch(below) and len(below) * 2 >= len(line):
        return 2
    return int(
        _is_capitals(line) and any(rest.strip() for rest in lines[position + 1 : position + 5])
    )


def _is_capitals(line: str) -> bool:
    letters = [char for char in line if char.isalpha()]
    return (
        line == line.upper() != line.lower()
        and len(letters) >= 4
        and len(letters) * 3 >= len(line.replace(" ", "")) * 2
        and len(line.split()) <= 9
        and not line.endswith((".", ",", ";", "!", "?"))
        and line[0].isalnum()
    )


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    """Paragraphs, parted by blank lines; a run of list lines is a block of its own."""
    paragraph: list[str] = []
    kind: BlockKind = "paragraph"
    for line in [*lines, ""]:
        if _BARE_BULLET.fullmatch(line):
            continue
        found = _kind(line, kind)
        if not line.strip() or found != kind:
            yield from _block(kind, paragraph)
            paragraph = []
        kind = found
        if line.strip():
            paragraph.append(line)


def _kind(line: str, current: BlockKind) -> BlockKind:
    if not line.strip():
        return "paragraph"
    if current == "steps" and line[0] == " ":  # what belongs to a step is indented below it
        return "steps"
    if _NUMBERED.match(line):
        return "steps"
    if _BULLET.match(line):
        return "list"
    return current if current in ("list", "steps") else "paragraph"


def _block(kind: BlockKind, lines: Sequence[str]) -> Iterator[Block]:
    if kind == "paragraph":
        text = tidy_lines("\n".join(lines))
    else:
        margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
        text = "\n".join(_keeping_indent(line[margin:]) for line in lines)
    if text.strip():
        yield Block(kind=kind, text=text)


def _keeping_indent(line: str) -> str:
    return " " * (len(line) - len(line.lstrip())) + one_line(line)
