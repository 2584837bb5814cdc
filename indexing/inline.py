"""The small things inside a line: pictures, videos, keys, menus, alternatives, anchors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from indexing.characters import one_line, visible
from indexing.visibility import alternative, classes_of, is_dropped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

_PICTURE_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?|avif)$", re.IGNORECASE)
# "Fx89menuButton", "tb45-advanced-general-win10": what an uploader called the file.
_PICTURE_NAME = re.compile(r"(?=\S*(?:\d|_|-\S*-|[a-z][A-Z]\S*[a-z][A-Z]))[\w-]+", re.ASCII)
_PLAYER_TITLES = frozenset({"youtube video player", "video player", "vimeo-player", "video"})
# What a URL fragment may hold as it stands (RFC 3986); the rest is percent-encoded.
_FRAGMENT = "!$&'()*+,;=:@/?-._~"


def anchor_of(element: etree._Element) -> str:
    """The fragment that scrolls to the element, or ""."""
    name = element.get("id") or (element.get("name") if element.tag == "a" else "") or ""
    return quote(visible(name).strip(), safe=_FRAGMENT)


def picture(element: etree._Element) -> str:
    alt = one_line(element.get("alt") or "")
    if not alt or _PICTURE_FILE.search(alt) or _PICTURE_NAME.fullmatch(alt):
        return ""
    return f" [image: {alt}] "


def media(element: etree._Element) -> str:
    """What is left of a dropped element: the title of a video, when it has one of its own."""
    if element.tag not in ("iframe", "video") or is_dropped(element, media=False):
        return ""
    title = one_line(element.get("title") or element.get("aria-label") or "")
    return f" [video: {title}] " if title and title.lower() not in _PLAYER_TITLES else ""


def joint(element: etree._Element, run: Sequence[str]) -> str:
    """What must stand between two inline elements that only their styling keeps apart."""
    previous = element.getprevious()
    if previous is None or (previous.tail and previous.tail.strip()):
        return ""
    if alternative(element) and alternative(previous):
        text = "".join(run[-8:]).rstrip()
        return " " if not text or text.endswith((".", "!", "?", ":", "]")) else " / "
    if _is_key(element) and _is_key(previous):
        return " + "
    if "menu" in classes_of(element) and "menu" in classes_of(previous):
        return " > "
    return ""


def _is_key(element: etree._Element) -> bool:
    return element.tag == "kbd" or "key" in classes_of(element)
