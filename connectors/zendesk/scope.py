"""Which articles of an account a source takes in: by brand, place, label and language. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.validation import locale_of
from connectors.zendesk.client import Brand

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What is wanted and what is not; nothing wanted means everything is."""

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude)

    def admits(self, values: Collection[str]) -> bool:
        """Whether one of the values is wanted and none is unwanted."""
        return self.exclude.isdisjoint(values) and (
            not self.include or not self.include.isdisjoint(values)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The choices of one source. Brands go by id, subdomain or name, categories and sections by
    id (a section with those below it), labels without regard to case."""

    brands: Choice = field(default_factory=Choice)
    categories: Choice = field(default_factory=Choice)
    sections: Choice = field(default_factory=Choice)
    labels: Choice = field(default_factory=Choice)
    locales: Choice = field(default_factory=Choice)

    def admits_brand(self, brand: Brand) -> bool:
        return self.brands.admits({brand.id, brand.subdomain.lower(), brand.name.lower()})

    def admits_locale(self, locale: str) -> bool:
        return self.locales.admits({locale})

    def admits_article(self, article: Json, places: Places) -> bool:
        """Whether the article stands where the source looks. One in a section that is not known
        is left out as soon as places matter: it could be an unwanted one."""
        labels = article.get("label_names")
        if not self.labels.admits({str(each).lower() for each in labels or ()}):
            return False
        if not self.categories and not self.sections:
            return True
        place = places.of(str(article.get("section_id")))
        return (
            place is not None
            and self.sections.admits(place.sections)
            and self.categories.admits({place.category})
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A section with those above it, and their category."""

    sections: tuple[str, ...]
    category: str


class Places:
    """Where every section of a help center stands."""

    def __init__(self, sections: Collection[Json]) -> None:
        self._sections = {str(each.get("id")): each for each in sections}

    def of(self, section_id: str) -> Place | None:
        above: list[str] = []
        category = ""
        while section_id in self._sections and section_id not in above:
            section = self._sections[section_id]
            above.append(section_id)
            category = category or str(section.get("category_id") or "")
            section_id = str(section.get("parent_section_id"))
        return Place(sections=tuple(above), category=category) if above else None


def choice(include: Collection[str] = (), exclude: Collection[str] = ()) -> Choice:
    """A choice of names or ids, however they are capitalised."""
    return Choice(
        include=frozenset(each.strip().lower() for each in include),
        exclude=frozenset(each.strip().lower() for each in exclude),
    )


def locale_choice(include: Collection[str] = (), exclude: Collection[str] = ()) -> Choice:
    return Choice(
        include=frozenset(map(locale_of, include)), exclude=frozenset(map(locale_of, exclude))
    )
