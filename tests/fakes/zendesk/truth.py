"""What the account shows now, told by its state alone: what an index of it must come to hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tests.fakes.zendesk.account import Account, Article, Brand, Segment


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One article in one language, and who may read it."""

    title: str
    body: str
    audience: frozenset[str]
    heading_path: tuple[str, ...]
    labels: tuple[str, ...]


def shown(account: Account, *, exclude_labels: Collection[str] = ()) -> dict[str, Shown]:
    """Every document that somebody may be shown, by the id that the connector gives it."""
    return {
        f"article:{article.id}:{text.locale}": Shown(
            title=text.title,
            body=text.body,
            audience=_audience(account, article),
            heading_path=_heading_path(account, article, text.locale),
            labels=article.labels,
        )
        for article in account.articles.values()
        if not article.archived
        and _is_open(account.brands[article.brand_id])
        and not set(article.labels) & set(exclude_labels)
        for text in article.translations.values()
        if not text.draft
    }


def _is_open(brand: Brand) -> bool:
    return brand.active and brand.help_center != "disabled"


def _audience(account: Account, article: Article) -> frozenset[str]:
    if account.brands[article.brand_id].help_center == "restricted":
        return frozenset({"agents"})
    labels = (_label(account.segments[each]) for each in article.segment_ids)
    return frozenset(labels) or frozenset({"public"})


def _label(segment: Segment) -> str:
    """Nobody can tell who is in a segment that cannot be read: agents only."""
    if not segment.readable:
        return "agents"
    if segment.tags or segment.organization_ids:
        return f"segment:{segment.id}"
    return "agents" if segment.user_type == "staff" else "signed_in"


def _heading_path(account: Account, article: Article, locale: str) -> tuple[str, ...]:
    section = account.sections[article.section_id]
    names = [section.names]
    while section.parent_section_id is not None:
        section = account.sections[section.parent_section_id]
        names.append(section.names)
    names.append(account.categories[section.category_id].names)
    return tuple(each.get(locale, next(iter(each.values()))) for each in reversed(names))
