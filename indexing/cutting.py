"""A block that is longer than a chunk, cut where it hurts least; the parts joined are the block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from indexing.models import BlockKind


def cut(text: str, kind: BlockKind, *, count: Callable[[str], int], room: int) -> Iterator[str]:
    """Parts of at most `room` tokens each, in order; `"".join(parts) == text`.

    Lists and steps are cut between items, tables between rows, code between lines, all else
    between sentences; what is still too long between lines, words, and at last characters.
    """
    yield from _cut(text, _LEVELS[kind], count, room)


def longest_start(text: str, *, count: Callable[[str], int], room: int) -> str:
    """As many whole words from the start as fit in `room` tokens; of a longer word, its start."""
    return next(_longest_parts(text, count, room), "").strip()


def _cut(
    text: str,
    levels: Sequence[Callable[[str], Sequence[str]]],
    count: Callable[[str], int],
    room: int,
) -> Iterator[str]:
    if count(text.strip()) <= room:
        yield text
    elif not levels:
        yield from _longest_parts(text, count, room)
    else:
        for part in levels[0](text):
            yield from _cut(part, levels[1:], count, room)


def _items(text: str) -> Sequence[str]:
    """Cut before each line that is not indented."""
    return re.split(r"(?<=\n)(?=\S)", text)


def _lines(text: str) -> Sequence[str]:
    return text.splitlines(keepends=True)


def _longest_parts(text: str, count: Callable[[str], int], room: int) -> Iterator[str]:
    """As many whole words as fit, then again; a word that does not fit is cut inside."""

    def fits(part: str) -> bool:
        return count(part.strip()) <= room

    ends = [match.end() for match in re.finditer(r"\S+\s*", text)] or [len(text)]
    start = first = 0
    while start < len(text):
        first = _past_the_last_that_fits(text, start, ends, first=first, fits=fits)
        end = ends[first - 1] if first else start
        if end <= start:  # not even one word
            inside = range(start + 1, ends[first] + 1)
            found = _past_the_last_that_fits(text, start, inside, first=0, fits=fits)
            end = inside[max(0, found - 1)]
            first += end == ends[first]
        yield text[start:end]
        start = end


def _past_the_last_that_fits(
    text: str, start: int, ends: Sequence[int], *, first: int, fits: Callable[[str], bool]
) -> int:
    """The first position in `ends[first:]` up to which the text from `start` does not fit.

    Tried in growing steps, so that only texts of about the final length are ever counted.
    """
    low, step = first, 1
    while low + step <= len(ends) and fits(text[start : ends[low + step - 1]]):
        low, step = low + step, step * 2
    high = min(low + step, len(ends) + 1)
    while high - low > 1:  # what ends at low - 1 fits, what ends at high - 1 does not
        middle = (low + high) // 2
        if fits(text[start : ends[middle - 1]]):
            low = middle
        else:
            high = middle
    return low


_LEVELS: dict[BlockKind, Sequence[Callable[[str], Sequence[str]]]] = {
    "paragraph": (sentences, _lines),
    "quote": (_lines, sentences),
    "note": (_lines, sentences),
    "list": (_items, _lines, sentences),
    "steps": (_items, _lines, sentences),
    "table": (_lines, sentences),
    "code": (_lines,),
}
