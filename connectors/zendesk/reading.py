"""One article of the API as the changes it means: who may read it, and which locales are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors import help_center
from connectors.base import Change, Delete, Failed, Upsert
from connectors.findings import Finding, Unusable
from connectors.validation import locale_of
from connectors.zendesk.client import ZendeskClient
from connectors.zendesk.scope import Scope
from connectors.zendesk.surroundings import HelpCenterOfBrand
from indexing.models import Audience, Document

Json = Mapping[str, Any]


class ArticleReader:
    """Reads the articles of one brand for one source. `audience` is who reads what Zendesk
    leaves open to everybody; `unreadable` collects the segments that were met and not known."""

    def __init__(
        self,
        *,
        client: ZendeskClient,
        center: HelpCenterOfBrand,
        scope: Scope,
        source: str,
        audience: Audience,
        unreadable: set[str],
    ) -> None:
        self._client = client
        self._center = center
        self._scope = scope
        self._source = source
        self._audience = audience
        self._unreadable = unreadable

    def changes(self, article: Json, *, later: bool, exhaustive: bool) -> Iterator[Change]:
        """What the article means for an index that (`later`) may hold it already. `exhaustive`
        deletes it in every locale of the help center that it is not, or no longer, in."""
        told: set[str] = set()
        for found in self._findings(article):
            name = found.id if isinstance(found, Document) else found.document_id
            told.add(name)
            if isinstance(found, Unusable):
                yield Failed(
                    document_id=name or f"article:{article.get('id')}",
                    reason=f"article {article.get('id')}: {found.reason}",
                )
                exhaustive = exhaustive and not found.hides
            elif isinstance(found, Document) and self._admits(article, found.locale):
                yield Upsert(document=found)
            elif later:
                yield Delete(document_id=name)
        if exhaustive:
            gone = sorted(self._everywhere(article) - told)
            yield from (Delete(document_id=each) for each in gone)

    def live_ids(self, article: Json) -> Iterator[str]:
        """The ids under which the article belongs in an index now. Where that cannot be told
        it keeps those that it may have."""
        for found in self._findings(article):
            if isinstance(found, Unusable) and found.hides:
                yield from sorted(self._everywhere(article))
            elif isinstance(found, Unusable):
                yield found.document_id
            elif isinstance(found, Document) and self._admits(article, found.locale):
                yield found.id

    def _admits(self, article: Json, locale: str) -> bool:
        return self._scope.admits_locale(locale) and self._scope.admits_article(
            article, self._center.places
        )

    def _findings(self, article: Json) -> Iterator[Finding]:
        note = self._note(article)
        for found in help_center.findings(
            self._with_translations(article),
            sideloads=self._center.sideloads,
            source=self._source,
            locale=self._center.locales[0] if self._center.locales else "en-us",
            audience=self._audience,
        ):
            yield self._shown(found, note) if isinstance(found, Document) else found

    def _shown(self, document: Document, note: str) -> Document:
        metadata = {**document.metadata, "brand": self._center.brand.name}
        if note:
            metadata["audience_note"] = note
        if self._center.brand.open_to_all:
            return replace(document, metadata=metadata)
        return replace(document, metadata=metadata, audience=Audience.agents())

    def _note(self, article: Json) -> str:
        one = article.get("user_segment_id")
        ids = [str(each) for each in article.get("user_segment_ids") or ([one] if one else [])]
        unknown = self._center.sideloads.audience(ids)[1] if ids else ()
        self._unreadable.update(unknown)
        return unreadable_note(unknown) if unknown else ""

    def _with_translations(self, article: Json) -> Json:
        """They come with the article where the list can do that; else they are asked for."""
        if "translations" in article or not article.get("id"):
            return article
        pages = self._client.pages(
            f"help_center/articles/{article['id']}/translations", brand=self._center.brand.subdomain
        )
        return {
            **article,
            "translations": [text for page in pages for text in page.get("translations") or ()],
        }

    def _everywhere(self, article: Json) -> set[str]:
        """The article's id in every locale that it may have been in."""
        texts = article.get("translations")
        locales = {locale_of(str(each.get("locale"))) for each in texts or ()}
        number = str(article.get("id"))
        return {
            help_center.document_id(number, each) for each in locales | set(self._center.locales)
        }


def unreadable_note(segments: tuple[str, ...]) -> str:
    return (
        f"User segment {', '.join(segments)} cannot be read with these credentials, so this is "
        "kept to agents. Use an OAuth client of a Help Center manager."
    )
