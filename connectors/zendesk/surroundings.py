"""What stands beside a brand's articles: languages, sections, categories, and who is who."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import HelpCenterNotEnabled, PermissionMissing
from connectors.help_center import Sideloads
from connectors.validation import locale_of
from connectors.zendesk.client import Brand, ZendeskClient
from connectors.zendesk.progress import fact
from connectors.zendesk.scope import Places, Scope

Json = dict[str, Any]

_WHO = (
    "user_type",
    "tags",
    "or_tags",
    "organization_ids",
    "group_ids",
    "added_user_ids",
)
_WHERE = ("name", "category_id", "parent_section_id")


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpCenterOfBrand:
    """One brand's help center. `locales` are all that it has, whether the source takes them in
    or not."""

    brand: Brand
    locales: tuple[str, ...]
    sideloads: Sideloads
    places: Places
    facts: dict[str, str]


def segments_of(client: ZendeskClient, brand: Brand) -> tuple[Json, ...]:
    """The account's user segments; none where the credentials may not read them, which makes
    every restricted article one for agents.
    https://developer.zendesk.com/api-reference/help_center/help-center-api/user_segments/"""
    try:
        return tuple(_all(client, brand, "user_segments"))
    except (PermissionMissing, HelpCenterNotEnabled):
        return ()


def help_center_of(
    client: ZendeskClient, brand: Brand, scope: Scope, segments: Sequence[Json]
) -> HelpCenterOfBrand:
    """Reads what stands beside the brand's articles. Raises HelpCenterNotEnabled."""
    told = client.get("help_center/locales", brand=brand.subdomain)
    spoken = tuple(str(each) for each in told.get("locales") or ())
    wanted = [each for each in spoken if scope.admits_locale(locale_of(each))]
    sections = _named(client, brand, "sections", wanted)
    categories = _named(client, brand, "categories", wanted)
    sideloads = Sideloads()
    sideloads.add({"sections": sections, "categories": categories, "user_segments": list(segments)})
    return HelpCenterOfBrand(
        brand=brand,
        locales=tuple(map(locale_of, spoken)),
        sideloads=sideloads,
        places=Places(sections),
        facts={
            f"brand:{brand.id}": fact(brand.open_to_all),
            **_facts("section", sections, _WHERE),
            **_facts("category", categories, _WHERE),
            **_facts("segment", segments, _WHO),
        },
    )


def _named(client: ZendeskClient, brand: Brand, kind: str, locales: Sequence[str]) -> list[Json]:
    """Sections or categories with their names in every language. They may come along; where
    they do not, each language's list is read."""
    found = list(_all(client, brand, kind, include="translations"))
    if len(locales) < 2 or all("translations" in each for each in found):
        return found
    names: dict[Any, list[Json]] = {}
    for locale in locales:
        for each in _all(client, brand, kind, under=f"{locale}/"):
            names.setdefault(each.get("id"), []).append(
                {"locale": locale, "title": each.get("name")}
            )
    return [{**each, "translations": names.get(each.get("id"), [])} for each in found]


def _all(
    client: ZendeskClient, brand: Brand, kind: str, *, under: str = "", include: str = ""
) -> Iterable[Json]:
    parameters = {"include": include} if include else {}
    for page in client.pages(f"help_center/{under}{kind}", parameters, brand=brand.subdomain):
        yield from page.get(kind) or ()


def _facts(kind: str, objects: Iterable[Json], fields: Sequence[str]) -> dict[str, str]:
    return {
        f"{kind}:{each.get('id')}": fact(
            *(each.get(name) for name in fields),
            sorted(
                (str(text.get("locale")), str(text.get("title")))
                for text in each.get("translations") or ()
            ),
        )
        for each in objects
    }
