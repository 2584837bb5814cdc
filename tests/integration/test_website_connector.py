"""Crawls of a real server on this machine: what is delivered, what is gone, what stays."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Checkpoint, Delete, Failed, Upsert
from connectors.errors import RateLimited, SourceMisconfigured, SourceUnavailable
from connectors.registry import kind_of
from connectors.website.connector import WebsiteConnector
from connectors.website.crawl import MOST_FAILURES
from indexing.models import Audience
from tests.fakes.clock import FakeClock
from tests.fakes.website import FakeWebsite, Reply, article, redirect


@pytest.fixture
def site() -> Iterator[FakeWebsite]:
    with FakeWebsite() as running:
        yield running


class Reading:
    """A connector to the site, and what its last crawl told, by path."""

    def __init__(self, site: FakeWebsite, **options: Any) -> None:
        self.clock = FakeClock()
        options.setdefault("start_urls", (f"{site.url}/",))
        options.setdefault("min_interval", 0.0)
        options.setdefault("ports", frozenset({site.port}))
        options.setdefault("allow_private_hosts", frozenset({"127.0.0.1"}))
        self.connector = WebsiteConnector(
            source="site", clock=self.clock, sleep=self.clock.sleep, **options
        )
        self._url = site.url
        self.cursor = ""
        self.documents: list[Any] = []
        self.deleted: list[str] = []
        self.failed: dict[str, str] = {}

    def crawl(self, *, full: bool = False) -> Reading:
        self.documents, self.deleted, self.failed = [], [], {}
        for change in self.connector.changes("" if full else self.cursor):
            if isinstance(change, Upsert):
                self.documents.append(change.document)
            elif isinstance(change, Delete):
                self.deleted.append(self._path(change.document_id))
            elif isinstance(change, Failed):
                self.failed[self._path(change.document_id)] = change.reason
            elif isinstance(change, Checkpoint):
                self.cursor = change.cursor
        return self

    @property
    def pages(self) -> list[str]:
        return [self._path(each.id) for each in self.documents]

    def live(self) -> list[str]:
        return [self._path(each) for each in self.connector.live_ids()]

    def _path(self, url: str) -> str:
        return url.removeprefix(self._url)


def _small(site: FakeWebsite) -> None:
    """A start page that leads to two others, one of which leads further."""
    site.pages |= {
        "/": article("Home", links=["/a", "/b", "/file.pdf", "https://other.example/x"]),
        "/a": article("Sizes", links=["/a/deep", "/"]),
        "/b": article("Returns"),
        "/a/deep": article("Deep", links=["/a"]),
    }


def test_links_lead_to_every_page_of_the_host(site: FakeWebsite) -> None:
    _small(site)
    reading = Reading(site, audience=Audience.agents(), locale="de").crawl()
    assert reading.pages == ["/", "/a", "/b", "/a/deep"]
    assert reading.live() == ["/", "/a", "/a/deep", "/b"]
    first = reading.documents[0]
    assert (first.title, first.kind, first.locale) == ("Home", "page", "en")
    assert (first.source, first.url) == ("site", f"{site.url}/")
    assert first.audience == Audience.agents()
    assert not reading.failed
    assert "SupportBot" in site.journal[0].headers["user-agent"]


def test_depth_patterns_and_page_limits_hold(site: FakeWebsite) -> None:
    _small(site)
    assert Reading(site, max_depth=1).crawl().pages == ["/", "/a", "/b"]
    assert Reading(site, exclude=("/a",)).crawl().pages == ["/", "/b"]
    # A start page outside the pattern still shows the way.
    assert Reading(site, include=("/a*",)).crawl().pages == ["/a", "/a/deep"]
    limited = Reading(site, max_pages=2).crawl()
    assert limited.pages == ["/", "/a"]
    assert "Raise max_pages" in limited.failed["max_pages"]


def test_sitemaps_are_found_by_robots_txt_through_indexes_and_packed(site: FakeWebsite) -> None:
    _small(site)
    listed = (
        f"<urlset><url><loc>{site.url}/b</loc></url><url><loc>{site.url}/c</loc></url></urlset>"
    )
    site.pages |= {
        "/c": article("Hidden corner"),
        "/robots.txt": Reply(body=f"Sitemap: {site.url}/index.xml".encode(), type="text/plain"),
        "/index.xml": Reply(
            body=f"<sitemapindex><sitemap><loc>{site.url}/1.xml.gz</loc></sitemap></sitemapindex>"
            .encode()
        ),
        "/1.xml.gz": Reply(body=gzip.compress(listed.encode()), type="application/gzip"),
    }  # fmt: skip
    assert Reading(site, discover="sitemap").crawl().pages == ["/", "/b", "/c"]
    assert Reading(site).crawl().pages == ["/", "/b", "/c", "/a", "/a/deep"]


def test_the_usual_place_of_a_sitemap_is_tried(site: FakeWebsite) -> None:
    site.pages |= {
        "/": article("Home"),
        "/c": article("Corner"),
        "/sitemap.xml": Reply(body=f"{site.url}/c".encode(), type="text/plain"),
    }
    assert Reading(site).crawl().pages == ["/", "/c"]


def test_a_sitemap_that_cannot_be_read_removes_nothing(site: FakeWebsite) -> None:
    _small(site)
    site.pages["/sitemap.xml"] = Reply(status=500)
    reading = Reading(site).crawl()
    assert "status 500" in reading.failed["/sitemap.xml"]
    with pytest.raises(SourceUnavailable, match="sitemap"):
        reading.live()


def test_a_page_counts_once_under_its_canonical_address(site: FakeWebsite) -> None:
    same = '<link rel="canonical" href="/b">'
    site.pages |= {
        "/": article("Home", links=["/b?print=1", "/b", "/alias", "/far"]),
        "/b": article("Returns", head=same),
        "/b?print=1": article("Returns", "Printed: a jacket goes back.", head=same),
        "/alias": redirect("/b"),
        "/far": article("Far", head='<link rel="canonical" href="https://other.example/far">'),
    }
    reading = Reading(site).crawl()
    assert reading.live() == ["/", "/b", "/far"]
    last = {each.id: each for each in reading.documents}
    assert "Printed" not in last[f"{site.url}/b"].body
    assert not reading.crawl().documents


def test_robots_txt_and_noindex_are_heeded(site: FakeWebsite) -> None:
    _small(site)
    site.pages["/robots.txt"] = Reply(
        body=b"User-agent: *\nDisallow: /a$\nCrawl-delay: 3\n", type="text/plain"
    )
    site.pages["/b"] = article("Returns", head='<meta name="robots" content="noindex">')
    reading = Reading(site).crawl()
    assert reading.pages == ["/"]
    assert "/a" not in site.asked()
    assert set(reading.clock.slept) == {3.0}


@pytest.mark.parametrize("status", [500, 503])
def test_a_site_whose_robots_txt_fails_is_left_alone(site: FakeWebsite, status: int) -> None:
    _small(site)
    site.pages["/robots.txt"] = Reply(status=status)
    with pytest.raises(SourceUnavailable, match=r"robots\.txt"):
        Reading(site).crawl()
    assert site.asked() == []


def test_unchanged_pages_are_not_sent_again(site: FakeWebsite) -> None:
    _small(site)
    reading = Reading(site).crawl()
    site.journal.clear()
    assert reading.crawl().pages == []
    assert site.asked(304) == site.asked()
    assert reading.live() == ["/", "/a", "/a/deep", "/b"]
    site.pages["/a/deep"] = article("Deep", "Something new stands here, and it is true.")
    assert reading.crawl().pages == ["/a/deep"]


def test_other_readers_get_every_page_anew(site: FakeWebsite) -> None:
    _small(site)
    cursor = Reading(site).crawl().cursor
    narrower = Reading(site, audience=Audience.agents())
    narrower.cursor = cursor
    assert {each.audience for each in narrower.crawl().documents} == {Audience.agents()}
    assert len(narrower.documents) == 4


def test_pages_that_are_gone_are_deleted(site: FakeWebsite) -> None:
    _small(site)
    reading = Reading(site).crawl()
    del site.pages["/b"]
    site.pages["/a/deep"] = Reply(status=410)
    assert sorted(reading.crawl().deleted) == ["/a/deep", "/b"]
    assert reading.live() == ["/", "/a"]
    site.pages["/b"] = article("Returns")
    assert reading.crawl(full=True).pages == ["/", "/a", "/b"]


def test_a_page_that_moved_or_was_closed_leaves_its_old_address(site: FakeWebsite) -> None:
    _small(site)
    reading = Reading(site).crawl()
    site.pages |= {
        "/a": redirect("/new"),
        "/new": article("Sizes", "They run small, so take one more.", links=["/a/deep"]),
        "/b": Reply(status=403),
        "/a/deep": redirect("https://elsewhere.example/deep", 301),
    }
    assert sorted(reading.crawl().deleted) == ["/a", "/a/deep", "/b"]
    assert reading.live() == ["/", "/new"]


@pytest.mark.parametrize(
    "trouble", [Reply(status=500), Reply(status=503), redirect("https://sorry.example/", 302)]
)
def test_a_page_in_trouble_stays(site: FakeWebsite, trouble: Reply) -> None:
    _small(site)
    reading = Reading(site).crawl()
    site.pages["/a"] = trouble
    assert list(reading.crawl().failed) == ["/a"]
    assert reading.deleted == []
    # What only /a leads to is known from before.
    assert reading.live() == ["/", "/a", "/a/deep", "/b"]


def test_a_first_crawl_that_errors_cut_short_removes_nothing(site: FakeWebsite) -> None:
    _small(site)
    site.pages["/a"] = Reply(status=502)
    reading = Reading(site).crawl()
    with pytest.raises(SourceUnavailable, match=r"/a was answered with status 502"):
        reading.live()
    site.pages["/a"] = article("Sizes", links=["/a/deep"])
    assert reading.crawl().pages == ["/a", "/a/deep"]
    assert reading.live() == ["/", "/a", "/a/deep", "/b"]


def test_a_site_that_is_down_ends_the_crawl_and_keeps_what_was_found(site: FakeWebsite) -> None:
    links = [f"/{number}" for number in range(40)]
    site.pages["/"] = article("Home", links=links)
    site.pages |= {each: article(f"Page {each}") for each in links[:5]}
    site.pages |= {each: Reply(status=503) for each in links[5:]}
    reading = Reading(site)
    with pytest.raises(SourceUnavailable, match="did not answer properly"):
        reading.crawl()
    assert len(site.asked()) == 6 + MOST_FAILURES
    assert len(json.loads(reading.cursor)["pages"]) == 6
    site.pages |= {each: article(f"Page {each}") for each in links[5:]}
    assert len(reading.crawl().pages) == 35
    assert len(reading.live()) == 41


def test_a_site_that_turns_everything_away_removes_nothing(site: FakeWebsite) -> None:
    _small(site)
    reading = Reading(site).crawl()
    site.pages = dict.fromkeys(site.pages, Reply(status=403))
    assert reading.crawl().deleted == []
    with pytest.raises(SourceUnavailable, match="closed"):
        reading.live()


def test_a_start_page_that_is_gone_removes_nothing(site: FakeWebsite) -> None:
    _small(site)
    reading = Reading(site).crawl()
    site.pages = {}
    reading.crawl(full=True)
    assert "Name another start address" in reading.failed["/"]
    with pytest.raises(SourceUnavailable):
        reading.live()


def test_a_new_page_that_fails_at_first_is_found_though_its_parent_does_not_change(
    site: FakeWebsite,
) -> None:
    _small(site)
    reading = Reading(site).crawl()
    site.pages["/b"] = article("Returns", links=["/new"])
    site.pages["/new"] = Reply(status=500)
    assert reading.crawl().pages == ["/b"]
    assert reading.live() == ["/", "/a", "/a/deep", "/b", "/new"]
    site.pages["/new"] = article("New", links=["/newer"])
    site.pages["/newer"] = article("Newer")
    assert reading.crawl().pages == ["/new", "/newer"]


def test_a_wider_choice_finds_what_unchanged_pages_lead_to(site: FakeWebsite) -> None:
    _small(site)
    cursor = Reading(site, exclude=("/a*",)).crawl().cursor
    wider = Reading(site)
    wider.cursor = cursor
    wider.crawl()
    assert wider.live() == ["/", "/a", "/a/deep", "/b"]


def test_too_many_requests_are_waited_out_or_end_the_crawl(site: FakeWebsite) -> None:
    _small(site)
    site.pages["/b"] = Reply(status=429, headers={"Retry-After": "30"})
    reading = Reading(site)
    with pytest.raises(RateLimited) as raised:
        reading.crawl()
    assert raised.value.retry_after == 30
    assert 30 in reading.clock.slept
    assert site.asked().count("/b") == 2


def test_a_killed_crawl_goes_on_from_its_checkpoint(site: FakeWebsite) -> None:
    links = [f"/{number}" for number in range(109)]
    site.pages["/"] = article("Home", links=links)
    site.pages |= {each: article(f"Page {each}") for each in links}
    reading = Reading(site, max_pages=1000)
    for change in reading.connector.changes(""):
        if isinstance(change, Checkpoint):
            reading.cursor = change.cursor
            break
    site.journal.clear()
    assert len(reading.crawl().pages) == 10
    assert len(site.asked(304)) == 100
    assert len(reading.live()) == 110


def test_private_hosts_are_refused_unless_named(site: FakeWebsite) -> None:
    _small(site)
    with pytest.raises(SourceMisconfigured, match="allow_private_hosts"):
        Reading(site, allow_private_hosts=frozenset()).crawl()
    with pytest.raises(SourceMisconfigured, match="ports"):
        Reading(site, ports=frozenset())
    assert site.journal == []


def test_a_page_that_redirects_into_the_network_is_refused_and_told(site: FakeWebsite) -> None:
    # "localhost" is as loopback as 127.0.0.1, but nobody named it.
    site.pages |= {
        "/": article("Home", links=["/in", "/meta"]),
        "/in": redirect(f"http://localhost:{site.port}/secret"),
        "/meta": redirect("http://169.254.169.254/latest/"),
        "/secret": article("Secret"),
    }
    reading = Reading(
        site, start_urls=(f"{site.url}/", f"http://localhost:{site.port}/"), discover="links"
    )
    with pytest.raises(SourceMisconfigured, match=r"localhost leads to .*not a public address"):
        reading.crawl()
    assert Reading(site).crawl().pages == ["/"]
    assert "/secret" not in site.asked()


def test_what_is_no_page_or_no_text_does_not_stop_the_others(site: FakeWebsite) -> None:
    site.pages |= {
        "/": article("Home", links=["/json", "/huge", "/loop", "/app", "/odd", "/b"]),
        "/json": Reply(body=b"{}", type="application/json"),
        "/huge": Reply(endless=True),
        "/loop": redirect("/loop"),
        "/app": Reply(body=b"<div id=app></div><script>go()</script>"),
        "/odd": Reply(body=b"<p>Broken <b>text <table><td>here \xff and there"),
        "/b": article("Returns"),
    }
    reading = Reading(site).crawl()
    assert reading.pages == ["/", "/odd", "/b"]
    assert set(reading.failed) == {"/huge", "/loop", "/app"}
    assert {"/", "/odd", "/b"} <= set(reading.live())


def test_the_registry_builds_it_from_settings(site: FakeWebsite) -> None:
    _small(site)
    settings = {
        "start_urls": [f"{site.url}/"],
        "discover": "links",
        "include": ["/a*"],
        "min_interval": "0",
        "audience": "agents",
        "ports": [str(site.port)],
        "allow_private_hosts": ["127.0.0.1"],
    }
    kind = kind_of("website")
    stored = kind.parse(settings).model_dump(mode="json")
    changes = kind.build(stored, source="kb").changes("")
    found = [each.document for each in changes if isinstance(each, Upsert)]
    assert [each.title for each in found] == ["Sizes", "Deep"]
    assert {each.audience for each in found} == {Audience.agents()}
    with pytest.raises(SourceMisconfigured, match="start_urls"):
        kind.parse({"start_urls": ["ftp://h.example/"]})
    with pytest.raises(SourceMisconfigured, match="start_urls"):
        kind.parse({})
