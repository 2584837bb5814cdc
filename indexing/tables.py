"""A table as one line per row, each cell under its own header: "Plan: Gold; Returns: 90 days".

A row read alone, as a passage or in a chat, keeps its meaning, and a long table can be cut
between any two rows without losing the header. A Markdown table would need its header again in
each piece, and reads badly where no fixed-width font shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexing.characters import one_line
from indexing.visibility import is_dropped, shown_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml import etree

_WIDEST = 60  # columns; guards against colspan="100000"
_ONE_LINE = 160  # characters; a longer row with lists in its cells keeps their lines
_REPEATED = 200  # characters; a longer cell that spans rows is not said again in each


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cell:
    text: str
    first: bool  # False where a span repeats it


def is_layout(table: etree._Element) -> bool:
    """True where a table only places things on the page: its cells are read one by one."""
    if table.get("role") in ("presentation", "none"):
        return True
    if next(table.iterdescendants("table"), None) is not None:
        return True
    return all(len(_cells(row)) <= 1 for row in table.iter("tr"))


def rows_of(table: etree._Element, text_of: Callable[[etree._Element], str]) -> Iterator[str]:
    """The caption, then one line per row with text; what is long in a row stands indented."""
    for caption in table.iter("caption"):
        if not is_dropped(caption) and (text := one_line(text_of(caption))):
            yield text
    rows = [row for row in table.iter("tr") if not is_dropped(row)]
    heads = _header_rows(rows)
    grid = list(_grid(rows, text_of))
    headers = _headers(grid[:heads])
    if heads == len(grid):
        headers, heads = [], 0
    for row in grid[heads:]:
        if line := _line(row, headers):
            yield line


def _cells(row: etree._Element) -> list[etree._Element]:
    return [cell for cell in row if cell.tag in ("td", "th") and not is_dropped(cell)]


def _header_rows(rows: list[etree._Element]) -> int:
    """How many rows at the top are headers: those of `<thead>`, else the first when all its
    cells are `<th>` or wholly bold."""
    count = 0
    for row in rows:
        parent = row.getparent()
        if parent is None or parent.tag != "thead":
            break
        count += 1
    if count or len(rows) < 2:
        return count
    cells = _cells(rows[0])
    filled = [cell for cell in cells if shown_text(cell).strip()]
    return int(len(filled) > 1 and all(cell.tag == "th" or _is_bold(cell) for cell in filled))


def _is_bold(cell: etree._Element) -> bool:
    bold = "".join(shown_text(part) for part in cell.iter("strong", "b"))
    return bold.split() == shown_text(cell).split()


def _grid(
    rows: list[etree._Element], text_of: Callable[[etree._Element], str]
) -> Iterator[list[_Cell]]:
    """The rows with every span filled in."""
    spans: dict[int, tuple[int, str]] = {}  # column -> rows still to fill, text
    for row in rows:
        line: list[_Cell] = []

        def fill(line: list[_Cell] = line) -> None:
            while len(line) in spans:
                left, text = spans.pop(len(line))
                if left > 1:
                    spans[len(line)] = (left - 1, text)
                line.append(_Cell(text=text, first=True))

        for cell in _cells(row):
            fill()
            text = "\n".join(filter(str.strip, text_of(cell).splitlines()))
            below = _span(cell.get("rowspan")) - 1
            for repeat in range(min(_span(cell.get("colspan")), max(1, _WIDEST - len(line)))):
                if below > 0:
                    spans[len(line)] = (
                        below,
                        text if len(text) <= _REPEATED and not repeat else "",
                    )
                line.append(_Cell(text=text, first=not repeat))
        fill()
        yield line


def _span(value: str | None) -> int:
    return min(int(value), 1000) if value and value.strip().isdecimal() and len(value) < 9 else 1


def _headers(rows: list[list[_Cell]]) -> list[str]:
    """One header per column; stacked header rows are read from top to bottom."""
    width = max((len(row) for row in rows), default=0)
    headers = []
    for column in range(width):
        texts = [one_line(row[column].text) for row in rows if column < len(row)]
        headers.append(" ".join(dict.fromkeys(filter(None, texts))))
    return headers


def _line(row: list[_Cell], headers: list[str]) -> str:
    cells = _named_cells(row, headers)
    if any("\n" in text for _, text in cells) and sum(len(text) for _, text in cells) > _ONE_LINE:
        # What is long stays readable: its lines, indented so that they belong to the row.
        return "\n  ".join(
            line for name, text in cells for line in f"{name}\n{text}".splitlines() if line
        )
    flat = (
        f"{name} {' / '.join(map(one_line, text.splitlines()))}".strip() for name, text in cells
    )
    return ("; " if headers else " | ").join(flat)


def _named_cells(row: list[_Cell], headers: list[str]) -> list[tuple[str, str]]:
    """("header:", text) of each filled cell, or ("", text); of two cells without headers, the
    first names the second."""
    filled = [(column, cell.text) for column, cell in enumerate(row) if cell.text and cell.first]
    if not headers and len(filled) == len(row) == 2:
        key = " / ".join(map(one_line, filled[0][1].splitlines()))
        return [(_label(key), filled[1][1])]
    names = dict(enumerate(headers))
    return [
        (_label(name) if (name := names.get(column, "")) != text else "", text)
        for column, text in filled
    ]


def _label(name: str) -> str:
    return f"{name.removesuffix(':')}:" if name else ""
