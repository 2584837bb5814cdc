"""What a crawl found to exist, to be gone, or to be unknown: kept so that a hiccup never counts
as a removal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from connectors.base import Change, Checkpoint, Delete, Failed
from connectors.website.fetching import Validators
from connectors.website.memory import KnownPage, Memory, forgotten, remember

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Books:
    """`live` are ids of documents that exist now. `cut_short` is why more may exist than were
    met, or "". `met` are the addresses that were read, or tried."""

    def __init__(self, *, before: Memory, fingerprint: str) -> None:
        self.before = before
        self.live: set[str] = set()
        self.met: set[str] = set()
        self.cut_short = ""
        self._fingerprint = fingerprint
        self._pages = dict(before.pages)

    def known(self, url: str) -> KnownPage | None:
        return self._pages.get(url)

    def delivered(self, url: str, page: KnownPage) -> None:
        """The page at this address is this document; it was handed on as it is now."""
        self._pages[url] = page
        self.live.add(page.document_id)

    def copy(self, url: str, page: KnownPage) -> None:
        """The page at this address is another one's copy, and that one is handed on instead."""
        self._pages[url] = page

    def unchanged(self, url: str) -> None:
        self.live.add(self._pages[url].document_id)

    def failed(self, urls: Iterable[str], reason: str, *, hides: bool = False) -> Iterator[Change]:
        """A page that could not be read, by the address it was asked for and the one where that
        led: it stays. `hides` says that its links are not known now; once a whole crawl was
        made, they are known from the memory."""
        first, *others = dict.fromkeys(urls)
        names = [self._name(each) for each in (first, *others)]
        self.live.update(names)
        if hides and not self.before.complete:
            self.cut_short = self.cut_short or f"{first} {reason}"
        yield Failed(document_id=names[-1], reason=f"{first} {reason}")

    def gone(self, *urls: str) -> Iterator[Change]:
        """Deletes what was known at these addresses, unless it is alive at another one."""
        for url in dict.fromkeys(urls):
            unknown = url not in self._pages
            name = self._name(url)
            self._pages.pop(url, None)
            if name in self.live or (unknown and self.before.complete):
                continue
            for other, page in self._pages.items():
                if page.document_id == name:  # a copy: to be handed on next time
                    self._pages[other] = forgotten(page)
            yield Delete(document_id=name)

    def closed(self, pairs: list[tuple[str, str]]) -> Iterator[Change]:
        """Pages that now need a sign-in leave the index. But a site that turns away nearly every
        request has closed its door to crawlers, not its pages to readers."""
        if len(pairs) < max(1, len(self.live)):
            for pair in pairs:
                yield from self.gone(*pair)
            return
        for pair in pairs:
            yield from self.failed(pair, _CLOSED)
            self.cut_short = self.cut_short or f"{pair[0]} {_CLOSED}"

    def close(self, waiting: Mapping[str, int]) -> Checkpoint:
        """The last checkpoint of a crawl that went through."""
        if not self.live:
            self.cut_short = self.cut_short or "No page was found where the source starts."
        if not self.cut_short:
            # What was not met is swept from the index: asking whether it changed would be wrong.
            self._pages = {url: page for url, page in self._pages.items() if url in self.met}
        return self.checkpoint(waiting, complete=not self.cut_short)

    def checkpoint(self, waiting: Mapping[str, int], *, complete: bool = False) -> Checkpoint:
        """What is known so far. `waiting` are addresses that are still to be read."""
        waiting = {url: depth for url, depth in waiting.items() if url not in self._pages}
        complete = complete or self.before.complete
        memory = Memory(pages=self._pages, waiting=waiting, complete=complete)
        return Checkpoint(cursor=remember(memory, settings=self._fingerprint))

    def validators(self, url: str) -> Validators:
        page = self._pages.get(url)
        return page.validators if page else Validators()

    def _name(self, url: str) -> str:
        page = self._pages.get(url)
        return page.document_id if page else url


_CLOSED = "is closed to this crawler (status 401 or 403). Let it in, or exclude the page."
