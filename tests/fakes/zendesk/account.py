"""What a Zendesk account holds, and what people do to it: publish, edit, restrict, archive.

Every change of an article moves its `updated_at`; a change of title or body moves the
translation's own. A section, category or segment changes without touching its articles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from tests.fakes.zendesk.ticketing import Ticketing

HelpCenterState = Literal["enabled", "disabled", "restricted"]


@dataclass(kw_only=True)
class Brand:
    id: int
    name: str
    subdomain: str
    locales: tuple[str, ...] = ("en-us",)
    active: bool = True
    help_center: HelpCenterState = "enabled"

    @property
    def default_locale(self) -> str:
        return self.locales[0]


@dataclass(kw_only=True)
class Category:
    id: int
    brand_id: int
    names: dict[str, str]


@dataclass(kw_only=True)
class Section:
    id: int
    brand_id: int
    category_id: int
    names: dict[str, str]
    parent_section_id: int | None = None


@dataclass(kw_only=True)
class Segment:
    id: int
    name: str
    user_type: str = "signed_in_users"
    built_in: bool = False
    tags: tuple[str, ...] = ()
    organization_ids: tuple[int, ...] = ()
    readable: bool = True


@dataclass(kw_only=True)
class Translation:
    id: int
    locale: str
    title: str
    body: str
    draft: bool
    created_at: float
    updated_at: float


@dataclass(kw_only=True)
class Article:
    id: int
    brand_id: int
    section_id: int
    source_locale: str
    created_at: float
    updated_at: float
    translations: dict[str, Translation] = field(default_factory=dict)
    segment_ids: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    promoted: bool = False
    position: int = 0
    archived: bool = False


@dataclass(kw_only=True)
class User:
    """Whom a credential stands for."""

    id: int
    name: str
    email: str
    role: Literal["admin", "agent", "end-user"]


class Account:
    """One account: its brands, each with a help center, and the users of its credentials."""

    def __init__(self, *, subdomain: str = "acme", clock: Callable[[], float]) -> None:
        self.subdomain = subdomain
        self.id = 4242
        self._clock = clock
        self._last_id = 1000
        self.brands: dict[int, Brand] = {}
        self.categories: dict[int, Category] = {}
        self.sections: dict[int, Section] = {}
        self.segments: dict[int, Segment] = {}
        self.articles: dict[int, Article] = {}
        self.bot = User(id=77, name="Support bot", email="bot@acme.example", role="admin")
        self.main = self.brand(subdomain, name="Acme")
        self.ticketing = Ticketing(clock=clock, next_id=self.next_id)

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    # --- The help center's shape

    def brand(
        self, subdomain: str, *, name: str = "", locales: Iterable[str] = ("en-us",)
    ) -> Brand:
        found = Brand(
            id=self.next_id(), name=name or subdomain, subdomain=subdomain, locales=tuple(locales)
        )
        return self.brands.setdefault(found.id, found)

    def category(self, *, brand: Brand | None = None, **names: str) -> Category:
        """Names by locale, written as keywords: en_us="Orders"."""
        found = Category(
            id=self.next_id(), brand_id=(brand or self.main).id, names=_by_locale(names)
        )
        return self.categories.setdefault(found.id, found)

    def section(
        self, category: Category, *, parent: Section | None = None, **names: str
    ) -> Section:
        found = Section(
            id=self.next_id(),
            brand_id=category.brand_id,
            category_id=category.id,
            names=_by_locale(names),
            parent_section_id=parent.id if parent else None,
        )
        return self.sections.setdefault(found.id, found)

    def segment(self, name: str, **changes: object) -> Segment:
        found = Segment(id=self.next_id(), name=name, **changes)  # type: ignore[arg-type]  # fields
        return self.segments.setdefault(found.id, found)

    def change_segment(self, segment: Segment, user_type: str) -> None:
        segment.user_type = user_type

    # --- Articles

    def publish(
        self,
        section: Section,
        title: str,
        body: str = "<p>Words.</p>",
        *,
        locale: str = "",
        draft: bool = False,
        segments: Iterable[Segment] = (),
        labels: Iterable[str] = (),
        promoted: bool = False,
    ) -> Article:
        brand = self.brands[section.brand_id]
        now = self._clock()
        found = Article(
            id=self.next_id(),
            brand_id=brand.id,
            section_id=section.id,
            source_locale=locale or brand.default_locale,
            created_at=now,
            updated_at=now,
            segment_ids=tuple(each.id for each in segments),
            labels=tuple(labels),
            promoted=promoted,
        )
        self.articles[found.id] = found
        self.translate(found, found.source_locale, title, body, draft=draft)
        return found

    def translate(
        self, article: Article, locale: str, title: str, body: str = "", *, draft: bool = False
    ) -> None:
        """A new text in this locale, or another text in place of the old one."""
        now, old = self._clock(), article.translations.get(locale)
        article.translations[locale] = Translation(
            id=old.id if old else self.next_id(),
            locale=locale,
            title=title,
            body=body,
            draft=draft,
            created_at=old.created_at if old else now,
            updated_at=now,
        )
        self._touch(article)

    def edit(self, article: Article, body: str, *, locale: str = "") -> None:
        text = article.translations[locale or article.source_locale]
        self.translate(article, text.locale, text.title, body, draft=text.draft)

    def remove_translation(self, article: Article, locale: str) -> None:
        if article.translations.pop(locale, None):
            self._touch(article)

    def set_draft(self, article: Article, draft: bool, *, locale: str = "") -> None:
        """Unpublishes (or publishes) one locale, the article's own unless another is named."""
        article.translations[locale or article.source_locale].draft = draft
        self._touch(article)

    def restrict(self, article: Article, *segments: Segment) -> None:
        article.segment_ids = tuple(each.id for each in segments)
        self._touch(article)

    def move(self, article: Article, section: Section) -> None:
        article.section_id, article.brand_id = section.id, section.brand_id
        self._touch(article)

    def label(self, article: Article, *labels: str) -> None:
        article.labels = labels
        self._touch(article)

    def vote(self, article: Article) -> None:
        """A change that no reader would notice, which the export reports all the same."""
        self._touch(article)

    def archive(self, article: Article) -> None:
        article.archived = True
        article.updated_at = self._clock()

    def restore(self, article: Article) -> None:
        article.archived = False
        self._touch(article)

    def delete(self, article: Article) -> None:
        del self.articles[article.id]

    def _touch(self, article: Article) -> None:
        article.updated_at = self._clock()

    # --- What a caller may see

    def visible(self, brand: Brand, *, staff: bool) -> list[Article]:
        """The articles of a brand, in the order of the help center. Agents see drafts and
        restricted ones; nobody sees archived ones."""
        return sorted(
            (
                each
                for each in self.articles.values()
                if each.brand_id == brand.id
                and not each.archived
                and (staff or self._is_open(each))
            ),
            key=lambda each: (each.position, each.id),
        )

    def _is_open(self, article: Article) -> bool:
        own = article.translations[article.source_locale]
        return not own.draft and not article.segment_ids


def _by_locale(names: dict[str, str]) -> dict[str, str]:
    return {key.replace("_", "-"): name for key, name in names.items()}
