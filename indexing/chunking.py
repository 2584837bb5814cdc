"""Sections to chunks: as much of one section as fits the embedding model, never cut at random."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from indexing.characters import one_line
from indexing.cutting import MOST_CHARACTERS_PER_TOKEN, cut, longest_start, trimmed
from indexing.errors import DocumentRejected
from indexing.merging import merged, settled
from indexing.models import Block, Chunk, Document, Section
from indexing.sections import sections_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_SMALLEST_BUDGET = 16


def chunk(
    document: Document,
    *,
    count_tokens: Callable[[str], int],
    budget: int,
    merge_below: int = 0,
) -> tuple[Chunk, ...]:
    """The document's chunks in reading order, each `embedded_text` at most `budget` tokens.

    The texts of the chunks joined are the text of the article: nothing is lost or said twice.
    `merge_below` joins a section of fewer tokens with the sibling that follows. It is off: the
    embedded text carries title and headings, so a short section is a precise target (often one
    answered question), and joined it would lose its own heading and anchor.
    Raises DocumentRejected when the body holds no text.
    """
    if budget < _SMALLEST_BUDGET:
        raise ValueError(f"A chunk needs a budget of at least {_SMALLEST_BUDGET} tokens.")
    sections = tuple(settled(sections_of(document.body, document.media_type)))
    if not sections:
        raise DocumentRejected(_why_empty(document))
    measure = _measure(count_tokens)
    if merge_below:
        sections = tuple(merged(sections, measure=measure, below=merge_below))
    return tuple(_chunks(document, sections, measure, count_tokens, budget))


def _why_empty(document: Document) -> str:
    has = "has a title but no text" if one_line(document.title) else "is empty"
    what = "only markup" if document.body.strip() else "nothing"
    return (
        f"Document {document.id} of {document.source} {has}: its body holds {what}. "
        "Write its text, or unpublish it."
    )


def _measure(count_tokens: Callable[[str], int]) -> Callable[[str], int]:
    """Counts each text once: tokenizing is what chunking spends its time on."""
    known: dict[str, int] = {}

    def measure(text: str) -> int:
        size = known.get(text)
        if size is None:
            size = max(count_tokens(text), len(text) // MOST_CHARACTERS_PER_TOKEN)
            known[text] = size
        return size

    return measure


def _chunks(
    document: Document,
    sections: Sequence[Section],
    measure: Callable[[str], int],
    count_tokens: Callable[[str], int],
    budget: int,
) -> Iterator[Chunk]:
    title = one_line(document.title)
    seen: Counter[str] = Counter()
    ordinal = 0
    for section in sections:
        head = _head(title, section.heading_path, measure, budget // 2)
        for text in _texts(section.blocks, head, measure, budget):
            embedded = head + text
            yield Chunk(
                id=_id(document, embedded, seen[embedded]),
                ordinal=ordinal,
                heading_path=section.heading_path,
                anchor=section.anchor,
                text=text,
                embedded_text=embedded,
                tokens=count_tokens(embedded),
            )
            seen[embedded] += 1
            ordinal += 1


def _head(title: str, path: tuple[str, ...], measure: Callable[[str], int], room: int) -> str:
    """Title and headings as they stand before the text, shortened to `room` tokens: the outer
    headings go first, then the ends of title and last heading."""
    if path and path[0].casefold() == title.casefold():
        path = path[1:]
    while len(path) > 1 and measure(_joined(title, path)) > room:
        path = path[1:]
    if measure(_joined(title, path)) > room:
        title = longest_start(title, count=measure, room=room // 2 if path else room)
        left = room - measure(_joined(title, ()))
        path = tuple(longest_start(last, count=measure, room=left) for last in path)
    return _joined(title, path)


def _joined(title: str, path: tuple[str, ...]) -> str:
    lines = [line for line in (title, " > ".join(path)) if line]
    return "".join(f"{line}\n" for line in lines) + ("\n" if lines else "")


def _texts(
    blocks: Sequence[Block], head: str, measure: Callable[[str], int], budget: int
) -> Iterator[str]:
    """The section's text in runs that fit under the head.

    A section that needs n chunks is shared out evenly over them: a greedy fill would leave a
    last chunk of a line or two, which says little on its own.
    """
    atoms = list(_atoms(blocks, head, measure, budget))
    room = budget - measure(head)
    total = sum(size for _, size in atoms)
    fair = total / -(-total // room) if total else room
    run: list[tuple[str, int]] = []
    for atom in atoms:
        while run and (_size(run) + atom[1] > room or _size(run) >= fair):
            text, run = _longest_run(run, head, measure, budget)
            yield text
        run.append(atom)
    while run:
        text, run = _longest_run(run, head, measure, budget)
        yield text


def _atoms(
    blocks: Sequence[Block], head: str, measure: Callable[[str], int], budget: int
) -> Iterator[tuple[str, int]]:
    """Blocks, or where one is too long its parts, with their tokens; joined they are the text."""
    base = measure(head)

    def under_head(text: str) -> int:
        # Counts add up but for a token or two at the seam: it matters near the budget only.
        size = base + measure(text)
        return measure(head + text) if budget * 9 < size * 10 < budget * 11 else size

    for block in blocks:
        for part in cut(f"{block.text}\n\n", block.kind, count=under_head, room=budget):
            if part.strip():
                yield part, max(0, under_head(trimmed(part)) - base)


def _longest_run(
    run: list[tuple[str, int]], head: str, measure: Callable[[str], int], budget: int
) -> tuple[str, list[tuple[str, int]]]:
    """The text of as many atoms as fit, and the atoms left: counts need not add up exactly."""
    for size in range(len(run), 0, -1):
        text = trimmed("".join(part for part, _ in run[:size]))
        if measure(head + text) <= budget:
            break
    return text, run[size:]


def _size(run: Sequence[tuple[str, int]]) -> int:
    return sum(size for _, size in run)


def _id(document: Document, embedded: str, occurrence: int) -> str:
    digest = blake2b(digest_size=16)
    for part in (document.source, document.id, embedded, str(occurrence)):
        data = part.encode("utf-8", errors="surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
