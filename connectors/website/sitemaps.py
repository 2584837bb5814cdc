"""Sitemaps: XML and text, plain or gzip, and the indexes that list further ones.

Parsed here, with lxml: trafilatura's reader fetches by itself and cannot be given a guarded
fetcher; ultimate-sitemap-parser can, but guesses at a dozen places where a sitemap may lie (each
a request), and keeps pages in pickled temporary files. Format: https://www.sitemaps.org/protocol.html
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from connectors.decoding import decode
from connectors.website.addresses import normalised
from connectors.website.fetching import unpacked

LARGEST_SITEMAP = 50 * 1024 * 1024
"""Bytes of one sitemap, unpacked: the protocol's own limit."""

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sitemap:
    """What one sitemap lists, in its order and each once: pages, or further sitemaps."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read_sitemap(content: bytes, *, url: str, most: int) -> Sitemap:
    """The first `most` addresses of a sitemap, as they are spelt here. Raises ValueError, which
    says why, for what is no sitemap."""
    if content.startswith(_GZIP):
        content = _unpacked(content)
    start = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<") or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        listed = _xml(content)
    else:
        lines = decode(content).text.splitlines()
        listed = (("url", each) for each in lines)
    pages: dict[str, None] = {}
    sitemaps: dict[str, None] = {}
    for kind, text in listed:
        address = normalised(text, base=url if kind == "sitemap" else "")
        if address:
            (sitemaps if kind == "sitemap" else pages)[address] = None
        if len(pages) + len(sitemaps) >= most:
            break
    return Sitemap(pages=tuple(pages), sitemaps=tuple(sitemaps))


def _unpacked(content: bytes) -> bytes:
    try:
        plain = unpacked(content, limit=LARGEST_SITEMAP)
    except zlib.error as error:
        raise ValueError(f"cannot be unpacked ({error}).") from error
    if plain is None:
        raise ValueError(f"is larger than {LARGEST_SITEMAP // 1024**2} MB unpacked.")
    return plain


def _xml(content: bytes) -> Iterator[tuple[str, str]]:
    """("url" or "sitemap", its <loc>). No entities, no network; what is cut off or broken is
    read as far as it goes, but it must begin as a sitemap does."""
    events = etree.iterparse(
        io.BytesIO(content),
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )
    begun = False
    try:
        for event, element in events:
            name = etree.QName(element).localname
            if not begun:
                _check_root(name)
                begun = True
            if event == "end" and name in {"url", "sitemap"}:
                place = element.find("{*}loc")
                # An image or a video may have a <loc> too, in a namespace of its own.
                if place is not None and _namespace(place) == _namespace(element):
                    yield name, place.text or ""
                _forget(element)
    except etree.XMLSyntaxError as error:
        if not begun:
            raise ValueError(
                f"is not a sitemap: it is not XML that can be read ({error})."
            ) from error
    if not begun:
        raise ValueError("is not a sitemap: it is not XML that can be read.")


def _check_root(name: str) -> None:
    if name not in {"urlset", "sitemapindex"}:
        raise ValueError(f"is not a sitemap: it begins with <{name}>.")


def _namespace(element: etree._Element) -> str | None:
    return etree.QName(element).namespace


def _forget(element: etree._Element) -> None:
    """Frees what was read: a sitemap may hold 50,000 addresses."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]  # type: ignore[union-attr]  # who has siblings has a parent
