"""Which sections become chunks of their own: headings without text do not, if it can be helped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from indexing.models import Block, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def settled(sections: Sequence[Section]) -> Iterator[Section]:
    """The sections, all with blocks, and with the words of every heading.

    A heading with nothing under it stands in the path of the sibling that follows; several in
    a row, or one that no sibling follows, become a text of their own.
    """
    empty: list[Section] = []
    for section in sections:
        if not section.blocks:
            empty.append(section)
            continue
        if len(empty) == 1 and _siblings(empty[0], section):
            path = (*empty[0].heading_path, section.heading_path[-1])
            yield replace(section, heading_path=path, anchor=section.anchor or empty[0].anchor)
        else:
            yield from _as_text(empty)
            yield section
        empty = []
    yield from _as_text(empty)


def _as_text(headings: Sequence[Section]) -> Iterator[Section]:
    if headings:
        text = "\n".join(section.heading_path[-1] for section in headings)
        yield Section(
            heading_path=headings[0].heading_path[:-1],
            anchor=headings[0].anchor,
            blocks=(Block(kind="paragraph", text=text),),
        )


def merged(
    sections: Sequence[Section], *, measure: Callable[[str], int], below: int
) -> Iterator[Section]:
    """The sections, each run of siblings joined until it has `below` tokens.

    A joined section stands under the siblings' parent, at the anchor of the first; the
    headings that its path no longer says become lines of its text.
    """
    group: list[Section] = []
    size = 0
    for section in sections:
        if group and (size >= below or not _siblings(group[-1], section)):
            yield _joined(group)
            group, size = [], 0
        group.append(section)
        size += sum(measure(block.text) for block in section.blocks)
    if group:
        yield _joined(group)


def _siblings(one: Section, other: Section) -> bool:
    return (
        bool(one.heading_path and other.heading_path)
        and one.heading_path[:-1] == other.heading_path[:-1]
    )


def _joined(group: Sequence[Section]) -> Section:
    if len(group) == 1:
        return group[0]
    blocks: list[Block] = []
    for section in group:
        blocks.append(Block(kind="paragraph", text=section.heading_path[-1]))
        blocks.extend(section.blocks)
    return Section(
        heading_path=group[0].heading_path[:-1], anchor=group[0].anchor, blocks=tuple(blocks)
    )
