"""Words as Slack's rich text, in which nothing happens: no mention, no command, no link but ours.

Slack reads mrkdwn and its markdown block for mentions, so words of models, articles and people are
never written in either, but as text elements, which it shows as they are.
https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from indexing.characters import visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Element = dict[str, Any]

_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}


def literal(text: str, **style: bool) -> Element:
    """Words of ours, or visible ones, as they stand. Slack refuses an empty text."""
    element: Element = {"type": "text", "text": text}
    if style:
        element["style"] = style
    return element


def literally(text: str) -> list[Element]:
    """One paragraph as it stands; nothing where there is nothing to see."""
    seen = visible(text)
    return [literal(seen)] if seen.strip() else []


def link(url: str, text: str) -> Element:
    """A link of ours to a `bot.inert.safe_url`."""
    return {"type": "link", "url": url, "text": text}


def inline(text: str) -> list[Element]:
    """One paragraph in which Markdown's emphasis and code are kept, and of its links the words."""
    tokens = _parser().parseInline(visible(text))
    children = tokens[0].children or [] if tokens else []
    return list(_merged(_elements(children)))


def section(elements: Sequence[Element]) -> Element:
    return {"type": "rich_text_section", "elements": list(elements)}


def block(sections: Sequence[Element]) -> Element:
    """A block of sections, which stand below each other."""
    return {"type": "rich_text", "elements": list(sections)}


def as_text(elements: Sequence[Element]) -> str:
    """The words alone."""
    return "".join(str(each.get("text", "")) for each in elements)


def _elements(tokens: Sequence[Token]) -> Iterator[Element]:
    open_styles: dict[str, bool] = {}
    for token in tokens:
        kind, _, step = token.type.rpartition("_")
        if step in {"open", "close"} and kind in _STYLES:
            open_styles.pop(_STYLES[kind], None)
            if step == "open":
                open_styles[_STYLES[kind]] = True
        elif token.type in {"softbreak", "hardbreak"}:
            yield _styled("\n", open_styles)
        elif token.type == "code_inline" and token.content:
            yield _styled(token.content, {**open_styles, "code": True})
        elif token.content:  # text, and HTML and images as the words that they are written in
            yield _styled(token.content, open_styles)


def _styled(text: str, styles: Mapping[str, bool]) -> Element:
    return literal(text, **styles)


def _merged(elements: Iterator[Element]) -> Iterator[Element]:
    last: Element | None = None
    for element in elements:
        if last is not None and last.get("style") == element.get("style"):
            last["text"] += element["text"]
            continue
        if last is not None:
            yield last
        last = element
    if last is not None:
        yield last


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only where an answer is written

    return MarkdownIt("commonmark").enable("strikethrough")
