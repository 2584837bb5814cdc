"""Visits a site as its owner wants it: within its hosts, its robots.txt and its pace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

from connectors.errors import RateLimited
from connectors.website.addresses import host_of, origin_of
from connectors.website.fetching import Answer, Problem
from connectors.website.politeness import Pace, Robots, retry_after
from connectors.website.sitemaps import LARGEST_SITEMAP

if TYPE_CHECKING:
    from connectors.website.fetching import Fetcher, ProblemKind, Validators

LARGEST_PAGE = 5 * 1024 * 1024
"""Bytes of one page; more is not something that people read."""

_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_LONGEST_PAUSE = 60.0
_USUAL_PAUSE = 10.0


class Visitor:
    """All requests of one crawl go through here."""

    def __init__(self, *, fetcher: Fetcher, pace: Pace, hosts: frozenset[str]) -> None:
        self._fetcher = fetcher
        self._pace = pace
        self._hosts = hosts
        self.robots = Robots(fetcher=fetcher, pace=pace)

    def page(
        self,
        url: str,
        *,
        validators: Callable[[str], Validators],
        onward: Callable[[str], ProblemKind | None],
    ) -> Answer | Problem:
        """A page of the site. `onward` is asked about each address that it redirects to: None
        to follow, or what is wrong with it. Raises as Robots does, and RateLimited when the
        site asks for more patience than a sync has."""

        def admit(hop: str) -> Problem | None:
            if host_of(hop) not in self._hosts:
                return _elsewhere(hop)
            kind = None if hop == url else onward(hop)
            if kind is not None:
                reason = f"leads to {hop}, which was read already or is left out."
                return Problem(kind=kind, url=hop, reason=reason, lasting=True)
            if not self.robots.allows(hop):
                reason = "must not be read by crawlers, says the site's robots.txt."
                return Problem(kind="barred", url=hop, reason=reason, lasting=True)
            self._pace.wait(host_of(hop), self.robots.delay(hop))
            return None

        return self._patiently(
            lambda: self._fetcher.get(
                url, limit=LARGEST_PAGE, types=_PAGES, admit=admit, validators=validators
            )
        )

    def sitemap(self, url: str) -> Answer | Problem:
        """A sitemap. It may lie on any public host, as its format allows: what it lists is
        checked anyway."""

        def admit(hop: str) -> Problem | None:
            ours = host_of(hop) in self._hosts
            self._pace.wait(host_of(hop), self.robots.delay(hop) if ours else 0.0)
            return None

        return self._patiently(lambda: self._fetcher.get(url, limit=LARGEST_SITEMAP, admit=admit))

    def _patiently(self, ask: Callable[[], Answer | Problem]) -> Answer | Problem:
        answer = ask()
        if _too_much(answer):
            pause = retry_after(answer) or _USUAL_PAUSE
            if pause <= _LONGEST_PAUSE:
                self._pace.pause(pause)
                answer = ask()
        if _too_much(answer):
            raise RateLimited(
                f"{answer.url}: the site asks to slow down (status 429). Raise the pause between "
                "requests; the crawl goes on from here next time.",
                retry_after=retry_after(answer),
            )
        return answer


def _too_much(answer: Answer | Problem) -> TypeGuard[Answer]:
    return isinstance(answer, Answer) and answer.status == 429


def _elsewhere(url: str) -> Problem:
    origin = origin_of(url)
    return Problem(
        kind="elsewhere",
        url=url,
        reason=f"leads to {origin}, which is another site. If it is meant, use its address as a "
        "start address.",
    )
