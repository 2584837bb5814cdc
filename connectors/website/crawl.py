"""One crawl: from start addresses, sitemaps and remembered pages to a stream of changes."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from connectors.base import Change, Checkpoint, Failed, Upsert
from connectors.errors import ConnectorError, SourceUnavailable
from connectors.website.books import Books
from connectors.website.discovery import listed_pages
from connectors.website.fetching import Answer, Problem, ProblemKind
from connectors.website.memory import KnownPage, recall, validators_of
from connectors.website.page import Directions, Page, PageText
from indexing.models import Document

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from connectors.base import Cursor
    from connectors.website.plan import Plan
    from connectors.website.visiting import Visitor

MOST_FAILURES = 20
"""Pages in a row that get no proper answer before the site counts as down."""

_SAVES = 50  # checkpoints in one crawl, at most
_GONE_START = "is gone, and the crawl starts there. Name another start address."


class Crawl:
    """Runs once; `books` tell afterwards what exists."""

    def __init__(
        self, *, plan: Plan, visitor: Visitor, cursor: Cursor, again: Collection[str] = ()
    ) -> None:
        before = recall(cursor, settings=plan.fingerprint, again=again)
        self.books = Books(before=before, fingerprint=plan.fingerprint)
        self._plan = plan
        self._visitor = visitor
        self._queue: deque[tuple[str, int]] = deque()
        self._again: dict[str, int] = {}
        self._seen: set[str] = set()
        self._left_out = False
        self._visits = 0
        self._failures = 0
        self._closed: list[tuple[str, str]] = []

    def run(self) -> Iterator[Change]:
        """The changes, with a checkpoint now and then. Raises SourceUnavailable when the site
        does not answer, RateLimited when it asks for a pause, SourceMisconfigured when it must
        not be visited; before that, what it found is saved."""
        try:
            yield from self._find()
            yield from self._visit_all()
            if self._plan.discover != "sitemap":
                # Behind a page that did not change lie pages that only the memory knows.
                self._recall()
                yield from self._visit_all()
        except ConnectorError as error:
            self.books.cut_short = str(error)
            yield self._checkpoint()
            raise
        yield from self.books.closed(self._closed)
        if self._queue or self._left_out:
            yield Failed(
                document_id="max_pages",
                reason=f"The limit of {self._plan.max_pages} pages was reached, and the site has "
                "more. Raise max_pages, or narrow the source by include and exclude.",
            )
        yield self.books.close(self._waiting(unread={}))

    def _find(self) -> Iterator[Change]:
        for url in self._plan.start_urls:
            self._seen.add(url)
            self._queue.append((url, 0))
        if self._plan.discover == "links":
            return
        for each in listed_pages(self._plan, self._visitor):
            if isinstance(each, Failed):
                self.books.cut_short = each.reason
                yield each
            else:
                self._add(each, 0)

    def _add(self, url: str, depth: int) -> None:
        if url in self._seen or depth > self._plan.max_depth or not self._plan.scope.wants(url):
            return
        if len(self._seen) >= self._plan.most_addresses:
            self._left_out = True
            return
        self._seen.add(url)
        self._queue.append((url, depth))

    def _visit_all(self) -> Iterator[Change]:
        every = max(100, self._plan.max_pages // _SAVES)
        while self._queue and self._visits < self._plan.max_pages:
            url, depth = self._queue.popleft()
            if url in self.books.met:  # another page has led there
                continue
            self._visits += 1
            try:
                for change in self._visit(url, depth):
                    if isinstance(change, Failed):
                        self._again[url] = depth
                    yield change
            except ConnectorError:
                self._again[url] = depth
                raise
            if self._failures >= MOST_FAILURES:
                raise SourceUnavailable(
                    f"{self._failures} pages in a row did not answer properly, the last one {url}. "
                    "It is tried again next time, and nothing is removed until then."
                )
            if self._visits % every == 0:
                yield self._checkpoint()

    def _recall(self) -> None:
        for url, page in self.books.before.pages.items():
            self._add(url, page.depth)
        for url, depth in self.books.before.waiting.items():
            self._add(url, depth)

    def _checkpoint(self) -> Checkpoint:
        return self.books.checkpoint(self._waiting(unread=self.books.before.waiting))

    def _waiting(self, *, unread: Mapping[str, int]) -> dict[str, int]:
        """What the next crawl must look at although no page that changed leads there: what
        failed, what was not reached, and `unread`, what the last one left and this one has not
        come to yet."""
        left = {url: depth for url, depth in unread.items() if url not in self.books.met}
        waiting = {**self._again, **dict(self._queue), **left}
        return dict(itertools.islice(waiting.items(), self._plan.max_pages))

    def _visit(self, url: str, depth: int) -> Iterator[Change]:
        books = self.books
        start = url in self._plan.start_urls
        answer = self._visitor.page(
            url, validators=books.validators, onward=lambda hop: self._onward(hop, start=start)
        )
        books.met.update((url, answer.url))
        if isinstance(answer, Problem):
            yield from self._problem(url, answer, start=start)
            return
        pair = (url, answer.url)
        self._failures = self._failures + 1 if answer.status >= 500 else 0
        if answer.status == 200:
            yield from self._read(url, depth, answer)
        elif answer.status == 304 and books.known(answer.url):
            books.unchanged(answer.url)
            if url != answer.url:
                yield from books.gone(url)
        elif answer.status in {404, 410} and start:
            yield from books.failed(pair, _GONE_START)
            books.cut_short = books.cut_short or f"{url} {_GONE_START}"
        elif answer.status in {404, 410}:
            yield from books.gone(*pair)
        elif answer.status in {401, 403}:
            self._closed.append(pair)
            self._again[url] = depth
        else:
            reason = f"was answered with status {answer.status}."
            yield from books.failed(pair, reason, hides=True)

    def _onward(self, hop: str, *, start: bool) -> ProblemKind | None:
        if hop in self.books.met:
            return "seen"
        return None if start or self._plan.scope.wants(hop) else "barred"

    def _read(self, url: str, depth: int, answer: Answer) -> Iterator[Change]:
        try:
            page = Page(answer)
        except ValueError as error:
            yield from self.books.failed((url, answer.url), str(error))
            return
        told = page.directions()
        if self._plan.discover != "sitemap":
            for link in told.links:
                self._add(link, depth + 1)
        if told.index and self._plan.scope.wants(answer.url):
            yield from self._deliver(page, told, depth, answer)
        else:
            yield from self.books.gone(answer.url)
        if url != answer.url:
            yield from self.books.gone(url)  # it was a page once, and leads to another one now

    def _deliver(
        self, page: Page, told: Directions, depth: int, answer: Answer
    ) -> Iterator[Change]:
        books, url = self.books, answer.url
        name = url
        if told.canonical and self._plan.scope.wants(told.canonical):
            name = told.canonical
        known = KnownPage(document_id=name, depth=depth, validators=validators_of(answer.headers))
        if name != url:
            self._add(name, depth)
            # The page itself tells it better than its copy, if it is or will be read.
            if name in books.live or (name in books.before.pages and name not in books.met):
                books.copy(url, known)
                return
        try:
            text = page.text()
        except ValueError as error:
            yield from books.failed((url,), str(error))
            return
        books.delivered(url, known)
        yield Upsert(document=self._document(name, text))

    def _document(self, name: str, text: PageText) -> Document:
        return Document(
            id=name,
            source=self._plan.source,
            title=text.title,
            body=text.body,
            kind="page",
            locale=text.locale or self._plan.locale,
            url=name,
            audience=self._plan.audience,
            edited_at=text.edited_at,
        )

    def _problem(self, url: str, problem: Problem, *, start: bool) -> Iterator[Change]:
        books, pair = self.books, (url, problem.url)
        if problem.kind == "unreachable":
            self._failures += 1
            yield from books.failed(pair, problem.reason, hides=True)
            return
        self._failures = 0
        away = problem.kind == "elsewhere" and not problem.lasting
        if problem.kind in {"refused", "too_large", "broken"}:
            yield from books.failed((url,), problem.reason, hides=start)
        elif start and problem.kind != "seen":
            yield from books.failed((url,), problem.reason)
            books.cut_short = books.cut_short or f"{url} {problem.reason}"
        elif away and books.known(url):
            yield from books.failed((url,), problem.reason)
        elif not away:
            yield from books.gone(url)
