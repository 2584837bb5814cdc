"""One page as a crawler reads it: what it says about itself, where it links, what it holds.

trafilatura decides where on the page its content is; the page's own markup of that part is what
is kept. trafilatura's own HTML would turn numbered steps into bullets, lose the anchors that
citations link to and some headings, and lose the very attributes by which hidden text is told.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import htmldate
import lxml.html
from lxml import etree
from trafilatura import bare_extraction
from trafilatura.htmlprocessing import prune_unwanted_nodes
from trafilatura.metadata import extract_title
from trafilatura.settings import DEFAULT_CONFIG
from trafilatura.xpaths import OVERALL_DISCARD_XPATH, REMOVE_COMMENTS_XPATH

from connectors.decoding import decode
from connectors.validation import clean_text, locale_of
from connectors.website.addresses import may_be_page, normalised
from connectors.website.fetching import ROBOTS_NAME, Answer

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
_MOST_LINKS = 5000
_NOT_PROSE = ("script", "style", "noscript", "template", "svg", "nav", "footer")
_HIDING = ("style", "hidden", "aria-hidden")
_ENOUGH = 0.9
"""How much of the content the part that is kept must hold: the rest may have strayed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageText:
    """What a page holds for readers. `locale` is "" and `edited_at` None where it does not say."""

    title: str
    body: str
    locale: str
    edited_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Directions:
    """What a page tells crawlers. `canonical` is "" where it names none; `links` are spelt as
    addresses are here, each once, in the page's order."""

    canonical: str
    index: bool
    links: tuple[str, ...]


class Page:
    """A parsed page. Raises ValueError for what holds no element at all."""

    def __init__(self, answer: Answer) -> None:
        declared = _CHARSET.search(answer.headers.get("content-type", ""))
        text = decode(answer.content, charset=declared.group(1) if declared else "").text
        # Without huge_tree: what nests deeper than 256 levels is no page that people wrote.
        parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        try:
            root: Any = lxml.html.document_fromstring(clean_text(text).encode(), parser=parser)
        except (etree.LxmlError, ValueError, AssertionError) as error:
            raise ValueError(f"is not HTML that can be read ({error}).") from error
        self._root = root
        self._url = answer.url
        self._headers = answer.headers

    def directions(self) -> Directions:
        words = self._robots_words()
        base = next((each.get("href") for each in self._root.iter("base") if each.get("href")), "")
        base = normalised(base, base=self._url) or self._url
        canonical = next(
            (each.get("href") or "" for each in self._root.iter("link") if _has(each, "canonical")),
            "",
        )
        follow = words.isdisjoint({"nofollow", "none"})
        return Directions(
            canonical=normalised(canonical, base=base) if canonical.strip() else "",
            index=words.isdisjoint({"noindex", "none"}),
            links=self._links(base) if follow else (),
        )

    def text(self) -> PageText:
        """The page's main content as HTML with its structure. Raises ValueError where it has
        none, as pages have that a browser must put together first."""
        part = _main_part(self._root)
        body = _with_hiding_ancestors(part)
        if not "".join(part.itertext()).strip():
            raise ValueError(
                "holds no text as it is sent. Pages that are put together by scripts in the "
                "browser cannot be read; if it is not for readers, exclude it."
            )
        return PageText(
            title=self._title(),
            body=clean_text(body),
            locale=locale_of(self._root.get("lang") or self._meta("og:locale")),
            edited_at=_edited_at(self._root),
        )

    def _links(self, base: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for each in self._root.iter("a", "area"):
            if not each.get("href") or _has(each, "nofollow"):
                continue
            address = normalised(each.get("href"), base=base)
            if address and may_be_page(address):
                found[address] = None
            if len(found) >= _MOST_LINKS:
                break
        return tuple(found)

    def _robots_words(self) -> set[str]:
        """What <meta name="robots"> and X-Robots-Tag say to all crawlers and to this one."""
        ours = {"robots", ROBOTS_NAME.lower()}
        said = [
            each.get("content") or ""
            for each in self._root.iter("meta")
            if (each.get("name") or "").strip().lower() in ours
        ]
        said += _of_header(self._headers.get("x-robots-tag", ""))
        return {word.strip().lower() for text in said for word in text.split(",")}

    def _meta(self, name: str) -> str:
        return next(
            (each.get("content") or "" for each in self._root.iter("meta") if _named(each, name)),
            "",
        )

    def _title(self) -> str:
        written = self._root.findtext(".//title") or ""
        return " ".join(clean_text(extract_title(self._root) or written or self._url).split())


def _of_header(value: str) -> list[str]:
    """X-Robots-Tag, of which "otherbot: noindex, nofollow" speaks to that one only."""
    said: list[str] = []
    crawler = ""
    for each in value.split(","):
        name, colon, rule = each.partition(":")
        if colon and name.strip().lower() not in {"unavailable_after", "max-snippet"}:
            crawler, each = name.strip().lower(), rule  # noqa: PLW2901  # the rule behind its name
        if crawler in {"", ROBOTS_NAME.lower()}:
            said.append(each)
    return said


def _has(element: Any, relation: str) -> bool:
    return relation in (element.get("rel") or "").lower().split()


def _named(element: Any, name: str) -> bool:
    return name in {element.get("property"), element.get("name")}


def _edited_at(root: Any) -> datetime | None:
    """The date that the page's head states. Others are left alone: dates in the text may be of
    anything, and Last-Modified is often when the page was put together."""
    head = root.find("head")
    if head is None:
        return None
    alone = lxml.html.Element("html")
    alone.append(copy.deepcopy(head))
    try:
        found = htmldate.find_date(
            alone, extensive_search=False, original_date=False, outputformat="%Y-%m-%dT%H:%M:%S%z"
        )
        instant = datetime.fromisoformat(found) if found else None
    except (ValueError, OverflowError, TypeError):  # a date that no calendar has
        return None
    if instant is None:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _main_part(root: Any) -> Any:
    """A copy of the smallest part of the page that holds its content, without what trafilatura
    knows as navigation, sharing, cookies, comments and the like."""
    page = copy.deepcopy(root)
    for each in list(page.iter("script", "style", "noscript", "template")):
        each.drop_tree()
    body = page.find("body")
    body = page if body is None else body
    part = _region(body, _content(page))
    part = _semantic(body) if part is None else part
    prune_unwanted_nodes(part, [*OVERALL_DISCARD_XPATH, *REMOVE_COMMENTS_XPATH], with_backup=True)
    for each in list(part.iter(*_NOT_PROSE)):
        if each is not part:
            each.drop_tree()
    return part


def _content(page: Any) -> str:
    """The text that trafilatura takes for the page's content, with single spaces; or ""."""
    settings = copy.deepcopy(DEFAULT_CONFIG)
    # A help page may be two sentences long; below this trafilatura falls back to plain text.
    settings["DEFAULT"]["min_extracted_size"] = "1"
    found = bare_extraction(
        copy.deepcopy(page),
        fast=True,
        favor_recall=True,
        include_comments=False,
        include_tables=True,
        include_formatting=True,
        config=settings,
    )
    text = getattr(found, "text", None)
    return _single_spaced(text) if text else ""


def _region(body: Any, content: str) -> Any | None:
    """The deepest element that holds nearly all of the content, or None."""
    if not content:
        return None
    places = _Places(content)
    found: dict[Any, int] = {}
    for event, element in etree.iterwalk(body, events=("start", "end")):  # as it is read
        if event == "start":
            found[element] = places.length(element.text)
        elif element is not body:
            # What follows an element is its parent's; the element itself is done by now.
            found[element.getparent()] += found[element] + places.length(element.tail)
    if found[body] < len(content) / 2:  # the page was put together another way than it is read
        return None
    wanted = _ENOUGH * min(found[body], len(content))
    part = body
    while True:
        deeper = next((each for each in part if found.get(each, 0) >= wanted), None)
        if deeper is None or deeper.tag in {"p", "table", "ul", "ol", "dl", "pre", "blockquote"}:
            return part
        part = deeper


class _Places:
    """Finds pieces of a page in its content, which has them in the same order: near the last one
    first, so that a long page does not take the square of its length."""

    _NEAR = 20_000
    _LONG = 40  # characters that do not recur by chance

    def __init__(self, content: str) -> None:
        self._content = content
        self._at = 0

    def length(self, text: str | None) -> int:
        """How many characters of the text belong to the content: all or none."""
        text = _single_spaced(text)
        if not text:
            return 0
        start, stop = max(0, self._at - self._NEAR), self._at + self._NEAR + len(text)
        at = self._content.find(text, start, stop)
        if at < 0 and len(text) >= self._LONG:
            at = self._content.find(text)
        if at >= 0 and len(text) >= self._LONG:
            self._at = at + len(text)
        elif at >= self._at:
            self._at = min(at + len(text), self._at + self._LONG)
        return len(text) if at >= 0 else 0


def _semantic(body: Any) -> Any:
    for tag in ("main", "article"):
        parts = body.findall(f".//{tag}")
        if len(parts) == 1 and "".join(parts[0].itertext()).strip():
            return parts[0]
    return body


def _with_hiding_ancestors(part: Any) -> str:
    """The part as HTML, inside whatever hides it: indexing drops what no reader sees."""
    html: str = etree.tostring(part, encoding="unicode", method="html", with_tail=False)
    for ancestor in part.iterancestors():
        kept = {name: ancestor.get(name) for name in _HIDING if ancestor.get(name) is not None}
        if kept:
            shell = etree.Element("div", kept)
            opened = etree.tostring(shell, encoding="unicode", method="html")
            html = opened.removesuffix("</div>") + html + "</div>"
    return html


def _single_spaced(text: str | None) -> str:
    return " ".join((text or "").split())
