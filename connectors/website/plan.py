"""What a source of kind website is to read, and what its documents are to be."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from connectors.website.addresses import Scope
    from indexing.models import Audience

Discovery = Literal["both", "sitemap", "links"]

# Goes up when the same page comes out as another document than before.
_READING = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """`sitemaps` empty means those that robots.txt names, else /sitemap.xml."""

    source: str
    start_urls: tuple[str, ...]
    sitemaps: tuple[str, ...]
    discover: Discovery
    scope: Scope
    max_depth: int
    max_pages: int
    audience: Audience
    locale: str

    @property
    def fingerprint(self) -> str:
        """Changes when the same site would bring other pages, or the same pages other documents:
        then every page is read anew."""
        choice = (self.start_urls, self.discover, self.scope.include, self.scope.exclude)
        limits = (self.max_depth, self.max_pages)
        outcome = (_READING, sorted(self.audience.labels), self.locale)
        text = json.dumps((choice, limits, outcome))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def most_addresses(self) -> int:
        """How many addresses one crawl keeps in mind: more than it reads, for many lead nowhere."""
        return 20 * self.max_pages
