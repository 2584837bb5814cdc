"""Markdown as HTML, so that one reader of HTML serves both and raw HTML inside is treated alike."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

_FRONT_MATTER = re.compile(
    r"\A\ufeff?---[ \t]*\n(?=[\w-]+[ \t]*:)(?:.*\n){1,200}?(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
_CALLOUT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*", re.IGNORECASE)
_NAMED = re.compile(r"[ \t]*\{:?[ \t]*#([\w.:-]+)[^}]*\}[ \t]*$")
_ATTRIBUTES = re.compile(r"\{:?[ \t]*[.#][^{}]*\}")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")


def rendered(markdown: str) -> str:
    """The Markdown as HTML: CommonMark with tables, without front matter, each heading with
    the anchor that GitHub gives it, GitHub's callouts as `<blockquote class="callout">`."""
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    text = _FRONT_MATTER.sub("", markdown.replace("\r\n", "\n").replace("\r", "\n"))
    tokens = parser.parse(text)
    taken: dict[str, int] = {}
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(tokens[position + 1], taken))
        elif token.type == "blockquote_open":
            _mark_callout(tokens, position)
        elif token.type == "inline":
            _drop_attributes(token)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _anchor(heading: Token, taken: dict[str, int]) -> str:
    """GitHub's rule: lower case, punctuation gone, spaces as hyphens, repeats numbered;
    `{#name}` at the end of the heading wins."""
    children = heading.children or []
    if children and (named := _NAMED.search(children[-1].content)):
        children[-1].content = children[-1].content[: named.start()]
        return named.group(1)
    words = "".join(child.content for child in children if child.type in ("text", "code_inline"))
    slug = _NOT_IN_SLUG.sub("", words.strip().lower()).replace(" ", "-")
    count = taken.get(slug, 0)
    taken[slug] = count + 1
    return f"{slug}-{count}" if count else slug


def _mark_callout(tokens: Sequence[Token], position: int) -> None:
    inline = tokens[position + 2] if position + 2 < len(tokens) else None
    if inline is None or inline.type != "inline" or not inline.children:
        return
    first = inline.children[0]
    if match := _CALLOUT.match(first.content):
        tokens[position].attrSet("class", "callout")
        rest = first.content[match.end() :]
        first.content = f"{match.group(1).capitalize()}: {rest}"


def _drop_attributes(inline: Token) -> None:
    """`[text](url){.button}` is how some sites style a link; it is no text."""
    children = inline.children or []
    for before, after in pairwise(children):
        if before.type in ("link_close", "image") and (match := _ATTRIBUTES.match(after.content)):
            after.content = after.content[match.end() :]
