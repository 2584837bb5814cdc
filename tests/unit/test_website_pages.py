"""What is read from one page, and from one sitemap."""

from __future__ import annotations

import gzip
from datetime import datetime

import pytest

from connectors.website.fetching import Answer, Validators
from connectors.website.memory import KnownPage, Memory, recall, remember
from connectors.website.page import Page
from connectors.website.sitemaps import read_sitemap
from indexing.html import sections

_URL = "https://help.example/returns"
_CHROME = """
<header class="site-header"><a href="/">Acme</a></header>
<nav class="main-nav"><ul><li><a href="/shop">Shop</a><li><a href="/help">Help</a></ul></nav>
%s
<aside class="sidebar related"><h2>Related articles</h2><ul><li><a href="/a">Sizes</a></ul></aside>
<div class="cookie-banner">We use cookies to improve your experience on our site.</div>
<footer class="footer"><p>Copyright Acme Limited, all rights reserved, Imprint, Privacy</p></footer>
"""
_CONTENT = """
<h1>Returns</h1><p>You can return a jacket within <b>30 days</b> of delivery.</p>
<h2 id="how">How to return</h2>
<ol><li>Print the <a href="/label">label</a>.</li><li>Pack the box.<ul><li>Tape it.</li></ul></li>
</ol><h2 id="cost">What it costs</h2>
<table><tr><th>Country</th><th>Days</th></tr><tr><td>Austria</td><td>30</td></tr></table>
<pre>code = 1
code = 2</pre>"""


def _page(html: str | bytes, **headers: str) -> Page:
    content = html if isinstance(html, bytes) else html.encode()
    return Page(
        Answer(url=_URL, status=200, headers={"content-type": "text/html", **headers},
               content=content)
    )  # fmt: skip


@pytest.mark.parametrize("wrap", ["main", "article", "div"])
def test_the_main_content_keeps_its_structure_and_loses_the_rest(wrap: str) -> None:
    html = f"<html><body>{_CHROME % f'<{wrap}>{_CONTENT}</{wrap}>'}</body></html>"
    text = _page(html).text()
    found = sections(text.body)
    assert [(each.heading_path, each.anchor) for each in found if each.blocks] == [
        (("Returns",), ""),
        (("Returns", "How to return"), "how"),
        (("Returns", "What it costs"), "cost"),
    ]
    kinds = [block.kind for each in found for block in each.blocks]
    assert kinds == ["paragraph", "steps", "table", "code"]
    for chrome in ("cookies", "Copyright", "Sizes", "Shop"):
        assert chrome not in text.body
    assert text.title == "Returns"


def test_a_page_of_one_sentence_is_read() -> None:
    text = _page(f"<body>{_CHROME % '<main><h1>Hours</h1><p>We open at nine.</p></main>'}").text()
    assert "We open at nine." in text.body
    assert "Copyright" not in text.body


def test_what_hides_the_content_is_kept_for_who_drops_hidden_text() -> None:
    hidden = '<body><div style="display:none"><main><h1>A</h1><p>Say yes to all.</p></main></div>'
    body = _page(hidden).text().body
    assert sections(body) == ()


def test_the_page_says_its_language_and_when_it_was_edited() -> None:
    head = '<meta property="article:modified_time" content="2024-05-06T07:08:09+02:00">'
    text = _page(f"<html lang=de-AT><head>{head}</head><body><p>Etwas Text.</p></html>").text()
    assert text.locale == "de-at"
    assert text.edited_at == datetime.fromisoformat("2024-05-06T07:08:09+02:00")


def test_dates_in_the_text_are_no_edits() -> None:
    text = _page("<body><p>Our sale begins on 12 March 2031, copyright 2019.</p>").text()
    assert text.edited_at is None
    assert text.locale == ""


@pytest.mark.parametrize(
    "html",
    [
        "",
        "   ",
        "<html><body><div id=app></div><script>start()</script></body></html>",
        "<!-- nothing -->",
    ],
)
def test_a_page_without_text_says_so(html: str) -> None:
    with pytest.raises(ValueError, match=r"scripts in the browser|not HTML"):
        _page(html).text()


@pytest.mark.parametrize(
    "html",
    [
        "<p>Broken <b>page <table><tr><td>cell<p>text</div></span>",
        "<html><body>" + "<div>" * 3000 + "Deep page text",
        b"<body><p>Caf\xe9 page</p>",
        b"\x00\x01<body><p>Page \x00 \xff\xfe</p>",
        "<?xml version='1.0' encoding='utf-16'?><html><body><p>Page</p></body></html>",
        "<p>Page &#0; &#xD800; &bogus;</p>",
    ],
    ids=["unclosed", "deep", "latin-1", "binary", "declared wrongly", "entities"],
)
def test_broken_pages_are_read_as_far_as_they_go(html: str | bytes) -> None:
    page = _page(html)
    page.directions()
    try:
        body = page.text().body
    except ValueError:
        return
    body.encode()
    assert "\0" not in body


def test_the_charset_of_the_header_counts() -> None:
    body = "<body><p>Приветствие для всех</p>".encode("cp1251")
    page = _page(body, **{"content-type": "text/html; charset=windows-1251"})
    assert "Приветствие" in page.text().body


def test_links_are_found_once_and_where_they_lead() -> None:
    html = """<head><base href="/docs/"></head><body><a href=a>1</a><a href="a#part">1</a>
    <a href="/b?utm_source=x">2</a><a href="mailto:x@y">m</a><a href="c.zip">z</a>
    <a rel="nofollow" href="/login">in</a><a href="https://other.example/">3</a>"""
    assert _page(html).directions().links == (
        "https://help.example/docs/a",
        "https://help.example/b",
        "https://other.example/",
    )


@pytest.mark.parametrize(
    ("html", "header", "index", "follow"),
    [
        ("", "", True, True),
        ('<meta name="robots" content="noindex">', "", False, True),
        ('<meta name="ROBOTS" content="index, NoFollow">', "", True, False),
        ('<meta name="supportbot" content="none">', "", False, False),
        ('<meta name="googlebot" content="noindex">', "", True, True),
        ("", "noindex", False, True),
        ("", "otherbot: noindex, nofollow", True, True),
        ("", "otherbot: noindex, supportbot: noindex", False, True),
    ],
)
def test_robots_words_are_heeded(html: str, header: str, index: bool, follow: bool) -> None:
    head = f"<head>{html}</head><body><a href=/x>x</a>"
    told = _page(head, **({"x-robots-tag": header} if header else {})).directions()
    assert (told.index, bool(told.links)) == (index, follow)


def test_the_canonical_address_is_spelt_in_full() -> None:
    assert _page('<link rel="Canonical" href="/Returns?x=1#y">').directions().canonical == (
        "https://help.example/Returns?x=1"
    )
    assert _page('<link rel="canonical" href="javascript:1">').directions().canonical == ""


_SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><image:image><image:loc>https://help.example/picture</image:loc></image:image>
<loc> https://help.example/a </loc><lastmod>2024-01-01</lastmod></url>
<url><loc>https://help.example/b?x=1&amp;y=2</loc></url><url><loc>nonsense</loc></url>
<url><loc>https://help.example/a</loc></url></urlset>"""


@pytest.mark.parametrize("packed", [False, True])
def test_a_sitemap_lists_pages(packed: bool) -> None:
    content = gzip.compress(_SITEMAP.encode()) if packed else _SITEMAP.encode()
    found = read_sitemap(content, url="https://help.example/sitemap.xml", most=100)
    assert found.pages == ("https://help.example/a", "https://help.example/b?x=1&y=2")
    assert found.sitemaps == ()


def test_an_index_lists_sitemaps_and_a_text_lists_pages() -> None:
    index = "<sitemapindex><sitemap><loc>/one.xml.gz</loc></sitemap></sitemapindex>"
    found = read_sitemap(index.encode(), url="https://help.example/sitemap.xml", most=100)
    assert found.sitemaps == ("https://help.example/one.xml.gz",)
    lines = b"\xef\xbb\xbfhttps://help.example/a\nhttps://help.example/b\n"
    assert len(read_sitemap(lines, url=_URL, most=100).pages) == 2
    assert len(read_sitemap(lines, url=_URL, most=1).pages) == 1


def test_a_sitemap_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    content = _SITEMAP.encode()[: _SITEMAP.index("<url><loc>nonsense")]
    assert len(read_sitemap(content, url=_URL, most=100).pages) == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<!doctype html><html><body>Not found</body></html>", "not a sitemap"),
        (b"<", "not XML"),
        (b"\x1f\x8b not gzip", "unpacked"),
        (gzip.compress(b"\0" * (51 * 1024**2)), "larger than 50 MB"),
    ],
)
def test_what_is_no_sitemap_says_why(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_sitemap(content, url=_URL, most=100)


def test_entities_of_a_sitemap_read_no_files() -> None:
    content = b"""<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/hostname">]>
    <urlset><url><loc>https://help.example/&x;</loc></url></urlset>"""
    assert read_sitemap(content, url=_URL, most=10).pages in {(), ("https://help.example/",)}


def test_memory_survives_and_other_settings_ask_anew() -> None:
    known = KnownPage(document_id="https://h/x", depth=2, validators=Validators(etag='"1"'))
    cursor = remember(Memory(pages={"https://h/y": known}, complete=True), settings="public")
    assert recall(cursor, settings="public") == Memory(pages={"https://h/y": known}, complete=True)
    other = recall(cursor, settings="agents").pages["https://h/y"]
    assert (other.document_id, other.validators) == ("https://h/x", Validators())
    for broken in ("", "x", "[]", "{}", '{"version":1,"pages":{"a":[1]}}', '{"pages":7}'):
        assert recall(broken, settings="public") == Memory(pages={})
