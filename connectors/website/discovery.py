"""The pages that a site lists in its sitemaps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from connectors.base import Failed
from connectors.website.addresses import origin_of
from connectors.website.fetching import Answer, Problem
from connectors.website.sitemaps import read_sitemap

if TYPE_CHECKING:
    from connectors.website.plan import Plan
    from connectors.website.visiting import Visitor

_MOST_SITEMAPS = 500


def listed_pages(plan: Plan, visitor: Visitor) -> Iterator[str | Failed]:
    """Addresses of pages, sitemap by sitemap through all indexes; a Failed for each sitemap that
    cannot be read, behind which there may be more. Raises as Visitor does."""
    named, guessed = _named(plan, visitor)
    waiting = deque([*named, *guessed])
    known = set(waiting)
    while waiting:
        url = waiting.popleft()
        answer = visitor.sitemap(url)
        if url in guessed and isinstance(answer, Answer) and 400 <= answer.status < 500:
            continue  # a site need not have one
        try:
            sitemap = read_sitemap(_content(answer), url=url, most=plan.most_addresses)
        except ValueError as error:
            yield Failed(document_id=url, reason=f"The sitemap {url} {error}")
            continue
        yield from sitemap.pages
        following = [each for each in sitemap.sitemaps if each not in known]
        following = following[: _MOST_SITEMAPS - len(known)]
        known.update(following)
        waiting.extend(following)


def _named(plan: Plan, visitor: Visitor) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sitemaps that somebody named, and those that are looked for where they usually lie."""
    if plan.sitemaps:
        return plan.sitemaps, ()
    named: dict[str, None] = {}
    guessed: dict[str, None] = {}
    for start in plan.start_urls:
        found = visitor.robots.sitemaps(start)
        named.update(dict.fromkeys(found))
        if not found:
            guessed[f"{origin_of(start)}/sitemap.xml"] = None
    return tuple(named), tuple(each for each in guessed if each not in named)


def _content(answer: Answer | Problem) -> bytes:
    if isinstance(answer, Problem):
        raise ValueError(answer.reason)  # noqa: TRY004  # a problem is a value, not a wrong type
    if answer.status != 200:
        raise ValueError(f"was answered with status {answer.status}.")
    return answer.content
