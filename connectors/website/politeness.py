"""Does what a site asks of crawlers: which pages to leave alone, and how long to wait.

robots.txt is read by Protego, not by the standard library, which knows neither the wildcards
nor the rule of the longest match of RFC 9309, and so reads pages that their owner closed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from protego import Protego

from connectors.decoding import decode
from connectors.errors import RateLimited, SourceMisconfigured, SourceUnavailable
from connectors.website.addresses import host_of, normalised, origin_of
from connectors.website.fetching import ROBOTS_NAME, Problem

if TYPE_CHECKING:
    from connectors.website.fetching import Answer, Fetcher

LARGEST_ROBOTS = 1024 * 1024
"""Bytes of a robots.txt; RFC 9309 asks for half of that at least."""

LONGEST_DELAY = 60.0
"""Seconds between two requests, however many a robots.txt asks for: beyond that a site is better
left out than crawled for weeks."""


class Pace:
    """Keeps the time between two requests to one host."""

    def __init__(
        self,
        *,
        interval: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._interval = interval
        self._clock = clock
        self._sleep = sleep
        self._next: dict[str, float] = {}

    def wait(self, host: str, delay: float = 0.0) -> None:
        """Returns when the host may be asked again; `delay` is what it asks for, in seconds."""
        now = self._clock()
        due = self._next.get(host, now)
        if due > now:
            self._sleep(due - now)
        self._next[host] = max(now, due) + max(self._interval, min(delay, LONGEST_DELAY))

    def pause(self, seconds: float) -> None:
        """Waits because a server said that it is too much."""
        self._sleep(seconds)


class Robots:
    """The robots.txt of each site that is met, read once."""

    def __init__(self, *, fetcher: Fetcher, pace: Pace) -> None:
        self._fetcher = fetcher
        self._pace = pace
        self._rules: dict[str, Protego] = {}

    def allows(self, url: str) -> bool:
        """Raises as `rules` does."""
        return self._of(url).can_fetch(url, ROBOTS_NAME)

    def delay(self, url: str) -> float:
        """Seconds to wait between requests; 0 where the site does not say."""
        rules = self._of(url)
        rate = rules.request_rate(ROBOTS_NAME)
        waits = (rules.crawl_delay(ROBOTS_NAME), rate.seconds / rate.requests if rate else None)
        return max((each for each in waits if each), default=0.0)

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the site names."""
        named = (normalised(each, base=url) for each in self._of(url).sitemaps)
        return tuple(dict.fromkeys(each for each in named if each))

    def _of(self, url: str) -> Protego:
        """The rules for an address. A site without them allows everything; one whose rules
        cannot be read is left alone, as RFC 9309 asks. Raises SourceUnavailable then,
        SourceMisconfigured where the site must not be visited at all."""
        origin = origin_of(url)
        if origin not in self._rules:
            self._pace.wait(host_of(url))
            self._rules[origin] = _rules(
                f"{origin}/robots.txt",
                self._fetcher.get(f"{origin}/robots.txt", limit=LARGEST_ROBOTS),
            )
        return self._rules[origin]


def _rules(url: str, answer: Answer | Problem) -> Protego:
    if isinstance(answer, Problem):
        if answer.kind == "refused":
            raise SourceMisconfigured(f"{answer.url} {answer.reason}")
        why = answer.reason
    elif answer.status == 200:
        return Protego.parse(decode(answer.content).text)
    elif answer.status == 429:
        raise RateLimited(
            f"{url}: the site asks to slow down. Raise the pause between requests.",
            retry_after=retry_after(answer),
        )
    elif 400 <= answer.status < 500:
        return Protego.parse("")
    else:
        why = f"was answered with status {answer.status}."
    raise SourceUnavailable(
        f"{url} {why} A site whose rules for crawlers cannot be read is left alone; nothing is "
        "removed, and it is tried again next time."
    )


def retry_after(answer: Answer) -> float:
    """Seconds that a server asks to wait; 0 where it does not say so in seconds."""
    value = answer.headers.get("retry-after", "").strip()
    return float(value) if value.isdecimal() and len(value) < 10 else 0.0
