"""Lists as lines: "- item", "3. step", "term: meaning"; what belongs to an item stands indented."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from lxml import etree

from indexing.visibility import is_dropped

if TYPE_CHECKING:
    from collections.abc import Iterator

TextOf = Callable[[etree._Element], str]


def items_of(element: etree._Element, text_of: TextOf, text_with: TextOf) -> Iterator[str]:
    """The lines of a list; what belongs to an item is indented below it.

    `text_of` reads what is inside an element, `text_with` the element itself.
    """
    number = _number(element.get("start"), 1)
    marker = "- "
    for child in element:
        if not isinstance(child.tag, str) or is_dropped(child):
            continue
        if child.tag != "li":  # a list straight inside a list, as many editors write it
            margin = " " * len(marker)
            yield from _indented(text_with(child), margin, margin)
            continue
        number = _number(child.get("value"), number)
        marker = f"{number}. " if element.tag == "ol" else "- "
        number += 1
        yield from _indented(text_of(child), marker, " " * len(marker))


def definitions_of(element: etree._Element, text_of: TextOf) -> Iterator[str]:
    """ "term: meaning" lines; a term without a meaning, and a further meaning, stand alone."""
    term = ""
    for child in element.iter("dt", "dd"):
        if is_dropped(child) or next(child.iterancestors("dl")) is not element:
            continue
        text = text_of(child)
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
