"""A block that is longer than a chunk, cut where it hurts least; the parts joined are the block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from indexing.models import BlockKind

# Some tokenizers make one token of any word that is too long for them, so a megabyte of base64
# would fit any budget. Prose has 3 to 6 characters per token: this bound never touches it.
MOST_CHARACTERS_PER_TOKEN = 20


def cut(text: str, kind: BlockKind, *, count: Callable[[str], int], room: int) -> Iterator[str]:
    """Parts of at most `room` tokens each, in order; `"".join(parts) == text`.

    Lists and steps are cut between items, tables between rows, code between lines, all else
    between sentences; what is still too long between lines, words, and at last characters.
    """
    yield from _cut(text, _LEVELS[kind], count, room)


def trimmed(text: str) -> str:
    """The text as a chunk shows it: no blank lines around, the indent of its first line kept."""
    return text.strip("\n").rstrip()


def longest_start(text: str, *, count: Callable[[str], int], room: int) -> str:
    """As many whole words from the start as fit in `room` tokens; of a longer word, its start."""
    return next(_longest_parts(text, count, room), "").strip()


def _cut(
    text: str,
    levels: Sequence[Callable[[str], Sequence[str]]],
    count: Callable[[str], int],
    room: int,
) -> Iterator[str]:
    if count(trimmed(text)) <= room:
        yield text
    elif not levels:
        yield from _longest_parts(text, count, room)
    else:
        for part in _not_tiny(levels[0](text), room // 4):
            yield from _cut(part, levels[1:], count, room)


def _not_tiny(parts: Iterable[str], least: int) -> Iterator[str]:
    """The parts, joined until they have `least` characters: counting each costs as much as
    counting a long one."""
    run = ""
    for part in parts:
        run += part
        if len(run) >= least:
            yield run
            run = ""
    if run:
        yield run


def _items(text: str) -> Sequence[str]:
    """Cut before each line that is not indented."""
    return re.split(r"(?<=\n)(?=\S)", text)


def _lines(text: str) -> Sequence[str]:
    return text.splitlines(keepends=True)


def _longest_parts(text: str, count: Callable[[str], int], room: int) -> Iterator[str]:
    """As many whole words as fit, then again; a word that does not fit is cut inside."""

    def fits(part: str) -> bool:
        part = trimmed(part)
        return len(part) <= room * MOST_CHARACTERS_PER_TOKEN and count(part) <= room

    words = [match.end() for match in re.finditer(r"\S+\s*", text)] or [len(text)]
    for part in _filled(text, words, fits):
        if fits(part):
            yield part
        else:
            yield from _filled(part, range(1, len(part) + 1), fits)


def _filled(text: str, ends: Sequence[int], fits: Callable[[str], bool]) -> Iterator[str]:
    """The text cut at some of `ends`, so that each part fits or reaches only to the next end."""
    start = first = 0
    while first < len(ends):
        first = max(first + 1, _past_the_last_that_fits(text, start, ends, first=first, fits=fits))
        yield text[start : ends[first - 1]]
        start = ends[first - 1]


def _past_the_last_that_fits(
    text: str, start: int, ends: Sequence[int], *, first: int, fits: Callable[[str], bool]
) -> int:
    """A position in `ends[first:]` up to which the text from `start` fits, but for the last
    eighth or so, and one more.

    Tried in growing steps, so that only texts of about the final length are ever counted.
    """
    low, step = first, 1
    while low + step <= len(ends) and fits(text[start : ends[low + step - 1]]):
        low, step = low + step, step * 2
    high = min(low + step, len(ends) + 1)
    while high - low > 1 + (low - first) // 8:  # low - 1 fits, high - 1 does not
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
    "table": (_items, _lines, sentences),
    "code": (_lines,),
}
