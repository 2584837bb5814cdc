"""Zendesk help center objects as documents, wherever they come from: an export or the API.

Pure: takes the API's own JSON objects, does no I/O. What it decides is who may read an article
(never wider than Zendesk does) and what one article in one locale is called.
Objects: https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from connectors.findings import Draft, Finding, Unusable
from connectors.validation import Identifier, Text, explain, locale_of, web_address
from indexing.models import Audience, Document

SIDELOADS = ("sections", "categories", "user_segments", "translations")


class _Translation(BaseModel):
    locale: Text
    title: Text
    body: Text | None = None
    draft: bool | None = None
    hidden: bool = False
    outdated: bool = False
    html_url: str | None = None
    source_id: Identifier | None = None
    source_type: str = "Article"
    updated_at: datetime | None = None


class _Article(BaseModel):
    id: Identifier
    title: Text
    body: Text | None
    locale: Text | None = None
    source_locale: Text | None = None
    draft: bool = False
    promoted: bool | None = None
    html_url: str | None = None
    section_id: Identifier | None = None
    user_segment_id: Identifier | None = None
    user_segment_ids: list[Identifier] | None = None
    label_names: list[Text] | None = None
    outdated_locales: list[Text] | None = None
    updated_at: datetime | None = None
    edited_at: datetime | None = None
    translations: list[dict[str, Any]] | None = None

    @property
    def segment_ids(self) -> tuple[str, ...]:
        """Anyone in any of these may read it; none is everybody."""
        if self.user_segment_ids:
            return tuple(self.user_segment_ids)
        return (self.user_segment_id,) if self.user_segment_id else ()


class _Branch(BaseModel):
    """A section or a category."""

    id: Identifier
    name: Text
    category_id: Identifier | None = None
    parent_section_id: Identifier | None = None
    translations: list[dict[str, Any]] | None = None


class _Segment(BaseModel):
    id: Identifier
    user_type: str
    tags: list[Any] | None = None
    or_tags: list[Any] | None = None
    organization_ids: list[Any] | None = None
    group_ids: list[Any] | None = None
    added_user_ids: list[Any] | None = None

    def audience(self) -> Audience:
        restricted = any(
            (self.tags, self.or_tags, self.organization_ids, self.group_ids, self.added_user_ids)
        )
        if not restricted and self.user_type == "signed_in_users":
            return Audience.signed_in()
        if not restricted and self.user_type == "staff":
            return Audience.agents()
        return Audience.segments(self.id)


_Record = TypeVar("_Record", bound=BaseModel)


def _valid(kind: type[_Record], objects: object) -> Iterator[_Record]:
    """Those of a list of objects that are well formed: names and segments that cannot be read
    count as missing, and what is missing never makes an article more visible."""
    for each in objects if isinstance(objects, list) else ():
        try:
            yield kind.model_validate(each)
        except ValidationError:
            continue


class Sideloads:
    """The objects that stand beside articles: sections, categories, segments, translations."""

    def __init__(self) -> None:
        self._sections: dict[str, _Branch] = {}
        self._categories: dict[str, _Branch] = {}
        self._segments: dict[str, _Segment] = {}
        self._translations: dict[tuple[str, str], tuple[dict[str, Any], ...]] = {}

    def copy(self) -> Sideloads:
        """The same objects, to which more can be added for one file alone."""
        other = Sideloads()
        other._sections.update(self._sections)
        other._categories.update(self._categories)
        other._segments.update(self._segments)
        other._translations.update(self._translations)
        return other

    def add(self, page: Mapping[str, object]) -> None:
        """Takes in the lists named in `SIDELOADS` that the page holds."""
        self._sections.update((each.id, each) for each in _valid(_Branch, page.get("sections")))
        self._categories.update((each.id, each) for each in _valid(_Branch, page.get("categories")))
        self._segments.update(
            (each.id, each) for each in _valid(_Segment, page.get("user_segments"))
        )
        translations = page.get("translations")
        for each in translations if isinstance(translations, list) else ():
            if isinstance(each, dict):
                key = (str(each.get("source_type", "Article")).lower(), str(each.get("source_id")))
                self._translations[key] = (*self._translations.get(key, ()), each)

    def translations(self, kind: str, object_id: str) -> tuple[dict[str, Any], ...]:
        return self._translations.get((kind, object_id), ())

    def heading_path(self, section_id: str | None, locale: str) -> tuple[str, ...]:
        """Category, sections from the outermost in; "" where nothing is known of the section."""
        names: list[str] = []
        seen: set[str] = set()
        category_id: str | None = None
        while section_id and section_id not in seen and section_id in self._sections:
            seen.add(section_id)
            section = self._sections[section_id]
            names.append(self._name("section", section, locale))
            category_id = section.category_id or category_id
            section_id = section.parent_section_id
        if category_id in self._categories:
            names.append(self._name("category", self._categories[category_id], locale))
        return tuple(reversed(names))

    def _name(self, kind: str, branch: _Branch, locale: str) -> str:
        everywhere = (*(branch.translations or ()), *self.translations(kind, branch.id))
        for each in _valid(_Translation, list(everywhere)):
            if locale_of(each.locale) == locale:
                return each.title
        return branch.name

    def audience(self, segment_ids: Iterable[str]) -> tuple[Audience, tuple[str, ...]]:
        """Who is in any of these segments, and the ids that are not known. An unknown segment
        is read as agents only: too narrow can be seen and mended, too wide cannot be undone."""
        labels: frozenset[str] = frozenset()
        unknown = []
        for each in segment_ids:
            segment = self._segments.get(each)
            labels |= (segment.audience() if segment else Audience.agents()).labels
            if segment is None:
                unknown.append(each)
        return Audience(labels=labels), tuple(unknown)


def document_id(article_id: str, locale: str) -> str:
    return f"article:{article_id}:{locale}"


def article_of(document_id: str) -> str:
    """The article's id in what `document_id` made of it, or in "article:7"; "" in anything else."""
    kind, _, rest = document_id.partition(":")
    number = rest.partition(":")[0]
    return number if kind == "article" and number.isdecimal() else ""


def findings(
    record: Mapping[str, object],
    *,
    sideloads: Sideloads,
    source: str,
    locale: str,
    audience: Audience,
) -> Iterator[Finding]:
    """The article in its own locale and in each translation that the objects carry.

    `locale` and `audience` are for articles that name none. Each locale's draft flag counts for
    itself, as it does in Zendesk; a translation without one shares its article's.
    """
    try:
        article = _Article.model_validate(record)
    except ValidationError as error:
        yield _unusable(record, explain(error), default_locale=locale)
        return
    own = locale_of(article.locale or article.source_locale or locale)
    found = _Reading(article=article, own=own, sideloads=sideloads, source=source)
    readers, metadata = found.readers(audience)
    yield found.document(
        _Translation(
            locale=own,
            title=article.title,
            body=article.body,
            draft=article.draft,
            html_url=article.html_url,
            updated_at=article.edited_at or article.updated_at,
            outdated=own in map(locale_of, article.outdated_locales or ()),
        ),
        readers,
        metadata,
    )
    for each in (*(article.translations or ()), *sideloads.translations("article", article.id)):
        yield from found.translation(each, readers, metadata)


class _Reading:
    """One article while its locales are told apart."""

    def __init__(self, *, article: _Article, own: str, sideloads: Sideloads, source: str) -> None:
        self._article = article
        self._sideloads = sideloads
        self._source = source
        self._told = {own}
        self._own = own

    def readers(self, default: Audience) -> tuple[Audience, dict[str, str]]:
        """Who may read every locale of it, and what to note about that."""
        metadata = {"article_id": self._article.id}
        ids = self._article.segment_ids
        if not ids:
            return default, metadata
        audience, unknown = self._sideloads.audience(ids)
        if unknown:
            metadata["audience_note"] = (
                f"User segment {', '.join(unknown)} is not in the export, so this is kept to "
                "agents. Export /api/v2/help_center/user_segments with it."
            )
        return audience, metadata

    def translation(
        self, record: dict[str, Any], readers: Audience, metadata: dict[str, str]
    ) -> Iterator[Finding]:
        try:
            found = _Translation.model_validate(record)
        except ValidationError as error:
            yield _unusable({**record, "id": self._article.id}, f"translation: {explain(error)}")
            return
        found.locale = locale_of(found.locale)
        if found.locale not in self._told:  # a list of translations repeats the article's own
            self._told.add(found.locale)
            yield self.document(found, readers, metadata)

    def document(
        self, text: _Translation, readers: Audience, metadata: dict[str, str]
    ) -> Document | Draft:
        name = document_id(self._article.id, text.locale)
        draft = self._article.draft if text.draft is None else text.draft
        if draft or text.hidden:
            return Draft(document_id=name)
        return Document(
            id=name,
            source=self._source,
            title=text.title,
            body=text.body or "",
            locale=text.locale,
            url=web_address(text.html_url) or self._address(text.locale),
            audience=readers,
            translation_group=f"article:{self._article.id}",
            heading_path=self._sideloads.heading_path(self._article.section_id, text.locale),
            labels=tuple(self._article.label_names or ()),
            promoted=bool(self._article.promoted),
            edited_at=text.updated_at,
            metadata={**metadata, **({"outdated": "true"} if text.outdated else {})},
        )

    def _address(self, locale: str) -> str:
        """The article's own address in another locale: help centers differ in one path part."""
        address = web_address(self._article.html_url)
        return address.replace(f"/hc/{self._own}/", f"/hc/{locale}/", 1)


def _unusable(record: Mapping[str, object], reason: str, *, default_locale: str = "") -> Unusable:
    """Names the document as far as it can be told; what cannot be told may hide documents."""
    number, tag = record.get("id"), record.get("locale", record.get("source_locale"))
    tag = default_locale if tag is None else tag
    known = isinstance(number, int | str) and isinstance(tag, str) and number != "" and tag
    return Unusable(
        document_id=document_id(str(number), locale_of(tag)) if known else "",  # type: ignore[arg-type]  # `known` says that it is a str
        reason=reason,
        hides=not known or bool(record.get("translations")),
    )
