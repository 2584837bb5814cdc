"""What of an article's markup a reader sees: hidden text is dropped, not only styled away.

Text that no reader sees is a road for planted instructions, so it must never reach a passage.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

_DROPPED = frozenset(
    {
        *("script", "style", "template", "noscript", "svg", "iframe", "nav", "head", "title"),
        *("object", "embed", "audio", "video", "canvas", "map", "select", "datalist", "applet"),
        *("frame", "frameset", "noframes"),
    }
)
_MEDIA = frozenset({"iframe", "video"})
_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:!|;|$)|font-size\s*:\s*0(?:\.0+)?[a-z%]*\s*(?:!|;|$))",
    re.IGNORECASE,
)
_CONTENTS_NAMES = frozenset(
    {"toc", "table-of-contents", "tableofcontents", "table_of_contents", "article-toc"}
)
_CALLOUT = re.compile(
    r"(?:^|[-_])(?:note|warning|warn|tip|info|callout|alert|caution|important|danger|admonition"
    r"|notice|hint|attention)(?:$|[-_])",
    re.IGNORECASE,
)
_CALLOUT_TAGS = frozenset({"div", "aside", "section", "p", "article", "blockquote"})
_LISTED = ("h1", "h2", "h3", "h4", "h5", "h6")


def classes_of(element: etree._Element) -> list[str]:
    return (element.get("class") or "").split()


def is_dropped(element: etree._Element, *, media: bool = True) -> bool:
    """True where nothing inside is article text: code of the page, hidden, or a generated
    table of contents. With `media=False`, videos are judged by whether they are hidden only."""
    if element.tag in _DROPPED and (media or element.tag not in _MEDIA):
        return True
    if not element.attrib:
        return False
    if element.tag == "a" and element.get("href") == "#top":  # "Back to top" says nothing
        return True
    return _is_hidden(element) or _is_named_contents(element)


def _is_hidden(element: etree._Element) -> bool:
    hidden = element.get("hidden")
    return (
        (hidden is not None and hidden.lower() != "false")
        or (element.get("aria-hidden") or "").strip().lower() == "true"
        or bool(_HIDING.search(element.get("style") or ""))
    )


def _is_named_contents(element: etree._Element) -> bool:
    names = {(element.get("id") or "").lower(), *(name.lower() for name in classes_of(element))}
    return not names.isdisjoint(_CONTENTS_NAMES) or element.get("role") in (
        "navigation",
        "doc-toc",
    )


def is_contents(element: etree._Element) -> bool:
    """True for a list that is nothing but links into its own page."""
    links = [link for link in element.iter("a") if (link.get("href") or "").startswith("#")]
    if len(links) < 2:
        return False
    return sum(_letters(link) for link in links) == _letters(element)


def _letters(element: etree._Element) -> int:
    return len("".join(shown_text(element).split()))


def is_callout(element: etree._Element) -> bool:
    """True for a note, a warning, a tip set apart from the text; a wrapper that happens to be
    named like one but holds sections of the article is none."""
    if element.tag not in _CALLOUT_TAGS:
        return False
    if element.get("role") not in ("note", "alert") and not any(
        _CALLOUT.search(name) for name in classes_of(element)
    ):
        return False
    return len(list(element.iter(*_LISTED))) <= 1


def alternative(element: etree._Element) -> bool:
    """True for Mozilla's `<span class="for" data-for="mac">`: one of several wordings, each for
    some readers; all are kept."""
    return element.get("data-for") is not None and "for" in classes_of(element)


def shown_text(element: etree._Element, *, own: bool = True) -> str:
    """The text inside as it stands, white space and all, without what is hidden; a `<br>` is a
    line end. `own=False` leaves out the text before the first child. Safe at any depth."""
    parts = [element.text or ""] if own else []
    stack = [iter(element)]
    tails: list[str] = []
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
            parts.append(tails.pop() if tails else "")
        elif is_dropped(child):
            parts.append(child.tail or "")
        else:
            parts.append("\n" if child.tag == "br" else child.text or "")
            tails.append(child.tail or "")
            stack.append(iter(child))
    return "".join(parts)
