"""The website connector: the pages of a site as one stream of changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.base import Calls, Change, Cursor
from connectors.errors import SourceMisconfigured, SourceUnavailable
from connectors.validation import locale_of
from connectors.website.addresses import (
    DEFAULT_PORTS,
    Scope,
    host_name,
    host_of,
    normalised,
    port_of,
)
from connectors.website.crawl import Crawl
from connectors.website.fetching import Fetcher
from connectors.website.network import Resolve, resolve
from connectors.website.plan import Discovery, Plan
from connectors.website.politeness import Pace
from connectors.website.visiting import Visitor
from indexing.models import Audience

if TYPE_CHECKING:
    import httpcore2


class WebsiteConnector:
    """One website, or the part of it that `include` and `exclude` (glob patterns on the path)
    leave. Pages are read on the hosts of `start_urls` only.

    `min_interval` is the pause between two requests to a host, in seconds; a robots.txt may ask
    for more. `seconds` is the time for one request. `ports` are allowed besides 80 and 443.
    `allow_private_hosts` names hosts that may be in a private network: sites of one's own.
    `clock`, `sleep`, `resolve` and `network` are the outside world.
    """

    sweeps_each_run = True

    def __init__(
        self,
        *,
        source: str,
        start_urls: Sequence[str],
        sitemaps: Sequence[str] = (),
        discover: Discovery = "both",
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        max_depth: int = 10,
        max_pages: int = 5000,
        min_interval: float = 1.0,
        seconds: float = 30.0,
        audience: Audience | None = None,
        locale: str = "en-us",
        ports: frozenset[int] = frozenset(),
        allow_private_hosts: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        resolve: Resolve = resolve,
        network: httpcore2.NetworkBackend | None = None,
    ) -> None:
        ports = ports | frozenset(DEFAULT_PORTS.values())
        starts = tuple(dict.fromkeys(_address(each, ports) for each in start_urls))
        if not starts:
            raise SourceMisconfigured("start_urls: name at least one address to start from.")
        self._plan = Plan(
            source=source,
            start_urls=starts,
            sitemaps=tuple(dict.fromkeys(_address(each, ports) for each in sitemaps)),
            discover=discover,
            scope=Scope(
                hosts=frozenset(map(host_of, starts)),
                ports=ports,
                include=tuple(include),
                exclude=tuple(exclude),
            ),
            max_depth=max_depth,
            max_pages=max_pages,
            audience=audience or Audience.public(),
            locale=locale_of(locale),
        )
        self._min_interval = min_interval
        self._seconds = seconds
        self._ports = ports
        self._private = frozenset(filter(None, map(host_name, allow_private_hosts)))
        self._clock = clock
        self._sleep = sleep
        self._resolve = resolve
        self._network = network
        self._last: Crawl | None = None
        self._calls = Calls()

    @property
    def api_calls(self) -> int:
        return self._calls.sent

    def changes(self, cursor: Cursor, *, again: Collection[str] = ()) -> Iterator[Change]:
        """A crawl. With a cursor, pages that the server says are unchanged are not delivered,
        unless they are among those to be told of `again`.
        Raises SourceUnavailable when the site or its robots.txt cannot be read, RateLimited when
        it asks for a pause, SourceMisconfigured when it leads where it must not."""
        self._last = None
        with Fetcher(
            allow_private_hosts=self._private,
            ports=self._ports,
            seconds=self._seconds,
            calls=self._calls,
            resolve=self._resolve,
            network=self._network,
        ) as fetcher:
            pace = Pace(interval=self._min_interval, clock=self._clock, sleep=self._sleep)
            visitor = Visitor(fetcher=fetcher, pace=pace, hosts=self._plan.scope.hosts)
            crawl = Crawl(plan=self._plan, visitor=visitor, cursor=cursor, again=again)
            yield from crawl.run()
        self._last = crawl

    def live_ids(self) -> Iterator[str]:
        """Ids of the pages that the crawl which `changes` has just made found to exist; without
        one, it makes one. Raises SourceUnavailable, before the first id, when errors cut that
        crawl short, or when it found no page at all."""
        if self._last is None:
            for _change in self.changes(""):
                pass
        crawl, self._last = self._last, None
        if crawl is None or crawl.books.cut_short:
            why = crawl.books.cut_short if crawl else ""
            raise SourceUnavailable(
                f"Not every page could be looked for, so nothing was removed: {why} If that page "
                "is to stay as it is, exclude it."
            )
        return iter(sorted(crawl.books.live))


def _address(text: str, ports: frozenset[int]) -> str:
    address = normalised(text)
    if not address:
        raise SourceMisconfigured(
            f"{text!r} is not an address to start from: it must begin with https:// or http://, "
            "without user name and password."
        )
    if port_of(address) not in ports:
        raise SourceMisconfigured(
            f"{urlsplit(address).netloc}: port {port_of(address)} is not allowed. Name it in ports "
            "if it is meant."
        )
    return address
