"""The articles of a Zendesk account: all brands, all languages, as one stream of changes.

The first run lists everything and can go on where it was stopped. Later runs ask for what
changed, brand by brand, in a loop of our own: the export's boundary is inclusive, its last page
may lead to itself, and it says nothing of what was archived, which is what the sweep is for.
https://developer.zendesk.com/documentation/help_center/help-center-api/understanding-incremental-article-exports/
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from connectors.base import Calls, Change, Checkpoint, Cursor, Delete, Failed, Upsert
from connectors.errors import HelpCenterNotEnabled, RequestRejected, SourceMisconfigured
from connectors.help_center import article_of, document_id
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.client import Brand, ZendeskClient
from connectors.zendesk.progress import Progress, fact, progress_of, still_true
from connectors.zendesk.reading import ArticleReader, unreadable_note
from connectors.zendesk.scope import Scope
from connectors.zendesk.surroundings import HelpCenterOfBrand, help_center_of, segments_of
from indexing.models import Audience

Json = dict[str, Any]

EXPORT_PAGE = 1000
_WITH_TEXTS = {"include": "translations"}
# The export starts so many seconds before the listing did: Zendesk's clocks need not agree.
_OVERLAP = 60


class ArticlesConnector:
    """One source of articles. `audience` is who may read what Zendesk shows to everybody."""

    sweeps_each_run = False

    def __init__(
        self,
        *,
        account: ZendeskAccount,
        source: str,
        scope: Scope | None = None,
        audience: Audience | None = None,
        export_page: int = EXPORT_PAGE,
    ) -> None:
        self._account = account
        self._source = source
        self._scope = scope or Scope()
        self._audience = audience or Audience.public()
        self._export_page = export_page
        self._calls = Calls()

    @property
    def api_calls(self) -> int:
        return self._calls.sent

    def changes(self, cursor: Cursor, *, again: Collection[str] = ()) -> Iterator[Change]:
        """Everything, or what changed since the cursor, with a checkpoint after each page.
        Segments that cannot be read are told as failures beside the articles, which are there
        for agents. Raises a ConnectorError that says what the admin must do."""
        with self._account.sync_client(self._calls) as client:
            run = self._run(client)
            yield from run.changes(cursor, again)

    def live_ids(self) -> Iterator[str]:
        """Ids of what is published and in scope now, from a full listing. Raises a
        ConnectorError before the first id where the listing is not complete."""
        with self._account.sync_client(self._calls) as client:
            return iter(self._run(client).live_ids())

    def changes_of(self, article_id: str) -> Iterator[Change]:
        """What one article means now, for when Zendesk says that it was published or
        unpublished: its documents, and deletions for where it is not or no longer shown."""
        with self._account.sync_client(self._calls) as client:
            yield from self._run(client).one(article_id)

    def _run(self, client: ZendeskClient) -> _Run:
        client.check()
        return _Run(
            client=client,
            centers=self._centers(client),
            source=self._source,
            scope=self._scope,
            audience=self._audience,
            export_page=self._export_page,
        )

    def _centers(self, client: ZendeskClient) -> tuple[HelpCenterOfBrand, ...]:
        brands = client.brands()
        if not brands:
            raise HelpCenterNotEnabled(
                f"No brand of {client.subdomain}.zendesk.com has a help center. Activate Guide "
                "in Zendesk first."
            )
        wanted = [each for each in brands if self._scope.admits_brand(each)]
        if not wanted:
            raise SourceMisconfigured(
                "None of the account's brands is in the source's scope. It has: "
                f"{', '.join(each.subdomain for each in brands)}."
            )
        segments = segments_of(client, wanted[0])
        return tuple(help_center_of(client, each, self._scope, segments) for each in wanted)


class _Run:
    """One pass over the help centers, whole or of what changed."""

    def __init__(
        self,
        *,
        client: ZendeskClient,
        centers: Sequence[HelpCenterOfBrand],
        source: str,
        scope: Scope,
        audience: Audience,
        export_page: int,
    ) -> None:
        self._client = client
        self._centers = centers
        self._export_page = export_page
        self._unreadable: set[str] = set()
        self._readers = {
            each.brand.id: ArticleReader(
                client=client,
                center=each,
                scope=scope,
                source=source,
                audience=audience,
                unreadable=self._unreadable,
            )
            for each in centers
        }
        self._facts = {"scope": fact(_sorted(scope), sorted(audience.labels))}
        for each in centers:
            self._facts.update(each.facts)

    def changes(self, cursor: Cursor, again: Collection[str]) -> Iterator[Change]:
        old = progress_of(cursor)
        left = {article_of(each) for each in again} - {""}
        for change in self._since(cursor, old):
            if isinstance(change, Upsert):
                left.discard(article_of(change.document.id))
            elif isinstance(change, Delete | Failed):
                left.discard(article_of(change.document_id))
            yield change
        for article in sorted(left):
            yield from self.one(article)
        yield from self._segments(old.unreadable_segments if old else ())

    def _since(self, cursor: Cursor, old: Progress | None) -> Iterator[Change]:
        if old is not None and still_true(old, self._facts):
            self._unreadable.update(old.unreadable_segments)
            progress = old.model_copy(update={"facts": self._facts})
            follow = self._export if old.complete else self._list
            yield from follow(progress, later=True)
        else:
            yield from self._list(self._beginning(), later=bool(cursor))

    def _segments(self, before: Sequence[str]) -> Iterator[Change]:
        """Those that cannot be read, and those of the last run (`before`) that now can."""
        for each in sorted(set(before) - self._unreadable):
            yield Delete(document_id=f"user_segment:{each}")
        for each in sorted(self._unreadable):
            reason = unreadable_note((each,)).replace("this is", "its articles are")
            yield Failed(document_id=f"user_segment:{each}", reason=reason)

    def live_ids(self) -> dict[str, None]:
        return {
            name: None
            for center in self._centers
            for page in self._pages(center.brand, "")
            for article in page.get("articles") or ()
            for name in self._readers[center.brand.id].live_ids(article)
        }

    def one(self, article_id: str) -> Iterator[Change]:
        locales: dict[str, None] = {}
        for center in self._centers:
            found = self._client.find(
                f"help_center/articles/{article_id}", _WITH_TEXTS, brand=center.brand.subdomain
            )
            if found is not None and isinstance(found.get("article"), dict):
                yield from self._readers[center.brand.id].changes(
                    found["article"], later=True, exhaustive=True
                )
                return
            locales.update(dict.fromkeys(center.locales))
        for locale in locales:
            yield Delete(document_id=document_id(article_id, locale))

    def _beginning(self) -> Progress:
        start = self._client.server_time - _OVERLAP
        return Progress(facts=self._facts, since={each.brand.id: start for each in self._centers})

    def _list(self, progress: Progress, *, later: bool) -> Iterator[Change]:
        """Every article, from where `progress` stands."""
        for center in self._centers:
            brand = center.brand.id
            if brand in progress.listed:
                continue
            for page in self._resumed(center.brand, progress.after):
                yield from self._listed(page, self._readers[brand], later=later)
                after = (page.get("meta") or {}).get("after_cursor") or ""
                progress = self._noted(progress, after=after)
                yield Checkpoint(cursor=progress.cursor())
            progress = self._noted(progress, listed=(*progress.listed, brand), after="")
        progress = self._noted(progress, complete=True, listed=())
        yield Checkpoint(cursor=progress.cursor())

    @staticmethod
    def _listed(page: Json, reader: ArticleReader, *, later: bool) -> Iterator[Change]:
        """Deletions come last: one between two documents would part what is indexed together."""
        changes = [
            change
            for article in page.get("articles") or ()
            for change in reader.changes(article, later=later, exhaustive=later)
        ]
        yield from (each for each in changes if not isinstance(each, Delete))
        yield from (each for each in changes if isinstance(each, Delete))

    def _resumed(self, brand: Brand, after: str) -> Iterator[Json]:
        """The pages from a cursor on; all of them where Zendesk no longer takes the cursor."""
        try:
            yield from self._pages(brand, after)
        except RequestRejected:
            if not after:
                raise
            yield from self._pages(brand, "")

    def _pages(self, brand: Brand, after: str) -> Iterator[Json]:
        return self._client.pages(
            "help_center/articles", _WITH_TEXTS, brand=brand.subdomain, after=after
        )

    def _export(self, progress: Progress, *, later: bool) -> Iterator[Change]:
        """What changed in each brand. Where more changed in one second than a page holds, the
        export cannot be followed, and everything is listed instead."""
        for center in self._centers:
            brand, seen = center.brand, set[tuple[object, object]]()
            while True:
                start = progress.since[brand.id]
                page = self._client.get(
                    "help_center/incremental/articles",
                    {"start_time": str(start), **_WITH_TEXTS},
                    brand=brand.subdomain,
                )
                articles = page.get("articles") or ()
                for article in articles:
                    version = (article.get("id"), article.get("updated_at"))
                    if version not in seen:
                        seen.add(version)
                        yield from self._readers[brand.id].changes(
                            article, later=later, exhaustive=True
                        )
                end = page.get("end_time")
                if not isinstance(end, int) or end <= start:
                    if page.get("next_page") and len(articles) >= self._export_page:
                        yield from self._list(self._beginning(), later=later)
                        return
                    break
                progress = self._noted(progress, since={**progress.since, brand.id: end})
                yield Checkpoint(cursor=progress.cursor())
                if not page.get("next_page"):
                    break
        yield Checkpoint(cursor=self._noted(progress).cursor())

    def _noted(self, progress: Progress, **changes: object) -> Progress:
        unreadable = tuple(sorted(self._unreadable))
        return progress.model_copy(update={**changes, "unreadable_segments": unreadable})


def _sorted(scope: Scope) -> list[tuple[list[str], list[str]]]:
    choices = (scope.brands, scope.categories, scope.sections, scope.labels, scope.locales)
    return [(sorted(each.include), sorted(each.exclude)) for each in choices]
