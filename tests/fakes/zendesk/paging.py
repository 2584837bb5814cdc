"""Zendesk's two ways of paging. https://developer.zendesk.com/api-reference/introduction/pagination/"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]
Query = Mapping[str, str]

DEEPEST_PAGE = 100


class PagingRefused(Exception):
    """A page that Zendesk does not give; `body` is what it says."""

    def __init__(self, body: Json) -> None:
        super().__init__(body)
        self.body = body


def page(
    key: str,
    items: Sequence[Any],
    query: Query,
    *,
    url: str,
    default: int = 30,
    newest_first: bool = False,
) -> Json:
    """The page that the query asks for: {key: items of it} with what leads to the next."""
    if newest_first:
        items = items[::-1]
    if "page[size]" in query or "page[after]" in query:
        return _cursor(key, items, query, url, newest_first=newest_first)
    return _offset(key, items, query, url, default)


def _cursor(key: str, items: Sequence[Any], query: Query, url: str, *, newest_first: bool) -> Json:
    size = int(query.get("page[size]", "100"))
    if not 1 <= size <= 100:
        raise PagingRefused(_invalid("page[size] must be between 1 and 100"))
    if query.get("page[after]"):
        last = _last_shown(query["page[after]"])
        items = [each for each in items if (_id(each) < last if newest_first else _id(each) > last)]
    some, more = items[:size], len(items) > size
    after = base64.urlsafe_b64encode(f"id:{_id(some[-1])}".encode()).decode() if some else None
    link = f"{url}?{urlencode({**query, 'page[after]': after})}"
    return {
        key: some,
        "meta": {"has_more": more, "after_cursor": after, "before_cursor": None},
        "links": {"next": link if more else None, "prev": None, "first": None, "last": None},
    }


def _last_shown(cursor: str) -> int:
    """The id of the last item of the page before. Lists are in the order of ids, so that no item
    is passed over or shown twice while others come and go."""
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("id:"))
    except ValueError:
        raise PagingRefused(_invalid("page[after] is not valid")) from None


def _id(item: Any) -> int:
    return int(item["id"] if isinstance(item, dict) else item.id)


def _offset(key: str, items: Sequence[Any], query: Query, url: str, default: int) -> Json:
    number, size = int(query.get("page", "1")), int(query.get("per_page", str(default)))
    if number > DEEPEST_PAGE:
        raise PagingRefused(
            {
                "error": "InvalidPaginationDepth",
                "description": "The maximum number of pages is 100; use cursor pagination",
            }
        )
    size = min(size, 100)
    some = items[(number - 1) * size : number * size]
    pages = -(-len(items) // size)
    more = number < pages

    def link(other: int) -> str:
        return f"{url}?{urlencode({**query, 'page': other, 'per_page': size})}"

    return {
        key: some,
        "count": len(items),
        "page": number,
        "per_page": size,
        "page_count": pages,
        "next_page": link(number + 1) if more else None,
        "previous_page": link(number - 1) if number > 1 else None,
    }


def _invalid(description: str) -> Json:
    return {"error": "InvalidPaginationParameter", "description": description}
