"""The account's objects as Zendesk's JSON.

https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.fakes.zendesk.account import (
    Account,
    Article,
    Brand,
    Category,
    Section,
    Segment,
    Translation,
    User,
)

Json = dict[str, Any]


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Rendering:
    """Objects as the brand at `origin` ("https://acme.zendesk.com") shows them."""

    def __init__(self, account: Account, brand: Brand, *, origin: str) -> None:
        self._account = account
        self._brand = brand
        self._origin = origin
        self._api = f"{origin}/api/v2/help_center"

    def article(self, article: Article, *, locale: str = "", translations: bool = False) -> Json:
        text = article.translations[locale or article.source_locale]
        shown = {
            "id": article.id,
            "url": f"{self._api}/{text.locale}/articles/{article.id}.json",
            "html_url": self._link(text.locale, "articles", article.id),
            "author_id": self._account.bot.id,
            "comments_disabled": False,
            "draft": text.draft,
            "promoted": article.promoted,
            "position": article.position,
            "vote_sum": 0,
            "vote_count": 0,
            "section_id": article.section_id,
            "created_at": stamp(article.created_at),
            "updated_at": stamp(article.updated_at),
            "edited_at": stamp(text.updated_at),
            "name": text.title,
            "title": text.title,
            "source_locale": article.source_locale,
            "locale": text.locale,
            "outdated": False,
            "outdated_locales": [],
            "user_segment_id": article.segment_ids[0] if article.segment_ids else None,
            "user_segment_ids": list(article.segment_ids),
            "permission_group_id": 1,
            "content_tag_ids": [],
            "label_names": list(article.labels),
            "body": text.body,
        }
        if translations:
            shown["translations"] = [
                self.translation(article, each) for each in article.translations.values()
            ]
        return shown

    def translation(self, article: Article, text: Translation) -> Json:
        return {
            "id": text.id,
            "url": f"{self._api}/articles/{article.id}/translations/{text.locale}.json",
            "html_url": self._link(text.locale, "articles", article.id),
            "source_id": article.id,
            "source_type": "Article",
            "locale": text.locale,
            "title": text.title,
            "body": text.body,
            "outdated": False,
            "draft": text.draft,
            "hidden": False,
            "created_at": stamp(text.created_at),
            "updated_at": stamp(text.updated_at),
            "updated_by_id": self._account.bot.id,
            "created_by_id": self._account.bot.id,
        }

    def section(self, section: Section, *, locale: str = "", translations: bool = False) -> Json:
        return self._branch(section, "sections", locale, translations) | {
            "category_id": section.category_id,
            "parent_section_id": section.parent_section_id,
            "sorting": "manual",
            "theme_template": "section_page",
        }

    def category(self, category: Category, *, locale: str = "", translations: bool = False) -> Json:
        return self._branch(category, "categories", locale, translations)

    def _branch(
        self, branch: Section | Category, kind: str, locale: str, translations: bool
    ) -> Json:
        own = next(iter(branch.names))
        shown = {
            "id": branch.id,
            "url": f"{self._api}/{locale or own}/{kind}/{branch.id}.json",
            "html_url": self._link(locale or own, kind, branch.id),
            "position": 0,
            "created_at": stamp(0),
            "updated_at": stamp(0),
            "name": branch.names[locale or own],
            "description": "",
            "locale": locale or own,
            "source_locale": own,
            "outdated": False,
        }
        if translations:
            shown["translations"] = [
                {
                    "id": branch.id * 100 + number,
                    "source_id": branch.id,
                    "source_type": "Section" if kind == "sections" else "Category",
                    "locale": tag,
                    "title": name,
                    "body": "",
                    "draft": False,
                    "hidden": False,
                    "outdated": False,
                }
                for number, (tag, name) in enumerate(branch.names.items())
            ]
        return shown

    def segment(self, segment: Segment) -> Json:
        return {
            "id": segment.id,
            "name": segment.name,
            "user_type": segment.user_type,
            "built_in": segment.built_in,
            "group_ids": [],
            "organization_ids": list(segment.organization_ids),
            "tags": list(segment.tags),
            "or_tags": [],
            "added_user_ids": [],
            "created_at": stamp(0),
            "updated_at": stamp(0),
        }

    def brand(self, brand: Brand) -> Json:
        return {
            "id": brand.id,
            "url": f"{self._origin}/api/v2/brands/{brand.id}.json",
            "name": brand.name,
            "brand_url": f"https://{brand.subdomain}.zendesk.com",
            "subdomain": brand.subdomain,
            "host_mapping": None,
            "has_help_center": brand.help_center != "disabled",
            "help_center_state": brand.help_center,
            "active": brand.active,
            "default": brand is self._account.main,
            "is_deleted": False,
            "logo": None,
            "ticket_form_ids": [],
            "signature_template": "",
            "created_at": stamp(0),
            "updated_at": stamp(0),
        }

    def _link(self, locale: str, kind: str, object_id: int) -> str:
        return f"https://{self._brand.subdomain}.zendesk.com/hc/{locale}/{kind}/{object_id}"


def user(found: User | None) -> Json:
    """A user; without a credential Zendesk answers with a user that has no id."""
    if found is None:
        return {
            "id": None,
            "name": "Anonymous user",
            "email": "invalid@example.com",
            "role": "end-user",
            "verified": False,
        }
    return {
        "id": found.id,
        "name": found.name,
        "email": found.email,
        "role": found.role,
        "verified": True,
        "active": True,
        "suspended": False,
        "locale": "en-US",
        "time_zone": "UTC",
        "created_at": stamp(0),
        "updated_at": stamp(0),
        "url": f"https://acme.zendesk.com/api/v2/users/{found.id}.json",
    }
