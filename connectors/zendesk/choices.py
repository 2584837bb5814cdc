"""What a source of articles may be narrowed to, as the account has it: for people to pick from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from connectors.errors import ConnectorError, HelpCenterNotEnabled
from connectors.validation import locale_of
from connectors.zendesk.client import Brand, Json, ZendeskClient

MOST = 300
"""More of one kind is no list that people choose from; the ids can still be written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """What is stored, and what people know it by."""

    value: str
    title: str


def choices_of(client: ZendeskClient) -> dict[str, tuple[Option, ...]]:
    """Options by the field of ZendeskConfig that takes them, without its "exclude_". Raises
    ConnectorError."""
    brands = client.brands()
    found: dict[str, list[Option]] = {
        "brands": [Option(value=each.subdomain, title=each.name) for each in brands],
        "categories": [],
        "sections": [],
        "labels": [],
        "locales": [],
    }
    for brand in brands:
        behind = f" ({brand.name})" if len(brands) > 1 else ""
        try:
            told = client.get("help_center/locales", brand=brand.subdomain)
        except HelpCenterNotEnabled:
            continue
        tags = (locale_of(str(each)) for each in told.get("locales") or ())
        found["locales"] += [Option(value=each, title=each) for each in tags]
        for kind in ("categories", "sections"):
            found[kind] += [
                Option(value=str(each["id"]), title=f"{each.get('name') or each['id']}{behind}")
                for each in _some(client, brand, kind)
            ]
        found["labels"] += [Option(value=each, title=each) for each in _labels(client, brand)]
    return {kind: tuple(_once(options)) for kind, options in found.items()}


def _some(client: ZendeskClient, brand: Brand, kind: str) -> Iterator[Json]:
    """https://developer.zendesk.com/api-reference/help_center/help-center-api/sections/"""
    pages = client.pages(f"help_center/{kind}", brand=brand.subdomain)
    yield from islice((each for page in pages for each in page.get(kind) or ()), MOST)


def _labels(client: ZendeskClient, brand: Brand) -> tuple[str, ...]:
    """None where the plan has no labels.
    https://developer.zendesk.com/api-reference/help_center/help-center-api/article_labels/"""
    try:
        pages = client.pages("help_center/articles/labels", brand=brand.subdomain)
        records = islice((each for page in pages for each in page.get("labels") or ()), MOST)
        return tuple(str(each.get("name")) for each in records)
    except ConnectorError:
        return ()


def _once(options: list[Option]) -> Iterator[Option]:
    seen: set[str] = set()
    for each in sorted(options, key=lambda option: option.title.lower()):
        if each.value not in seen and len(seen) < MOST:
            seen.add(each.value)
            yield each
