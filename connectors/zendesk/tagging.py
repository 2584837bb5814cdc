"""The tags that an account's tickets have, and the groups that work on them: what an admin has
sorted tickets by so far.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/
https://developer.zendesk.com/api-reference/ticketing/groups/groups/
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from connectors.errors import PermissionMissing

if TYPE_CHECKING:
    from connectors.zendesk.client import Json, ZendeskClient

MOST_TAGS = 500
"""The most used; what stands behind them is in hardly any ticket."""

_LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountTags:
    """`tickets` counts those of the last 60 days by tag, the most used tag first. `groups` are
    names by id. `sorted_into` says for some tags how many tickets each group has of them."""

    tickets: Mapping[str, int]
    groups: Mapping[int, str]
    sorted_into: Mapping[str, Mapping[int, int]]


def tags_of(client: ZendeskClient) -> AccountTags:
    """What the account has. It takes a request for every hundred tags and groups, and one for a
    page of tickets. Raises ConnectorErrors, naming a scope that is missing."""
    client.check()
    tags = (each for page in client.pages("tags") for each in page.get("tags") or ())
    groups = (each for page in client.pages("groups") for each in page.get("groups") or ())
    return AccountTags(
        tickets={
            str(each["name"]): int(each.get("count") or 0)
            for each in islice(tags, MOST_TAGS)
            if each.get("name")
        },
        groups={
            int(each["id"]): str(each.get("name") or "")
            for each in groups
            if not each.get("deleted")
        },
        sorted_into=_sorted_into(client),
    )


def _sorted_into(client: ZendeskClient) -> dict[str, Counter[int]]:
    """From one page of the ticket export, which administrators only may read: others go without.
    https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/"""
    since = client.server_time - int(_LOOKED_BACK.total_seconds())
    try:
        page = client.get(
            "incremental/tickets/cursor", {"start_time": str(since), "per_page": "1000"}
        )
    except PermissionMissing:
        return {}
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    tickets: list[Json] = page.get("tickets") or []
    for each in tickets:
        if each.get("group_id") and each.get("status") != "deleted":
            for tag in each.get("tags") or ():
                found[str(tag)][int(each["group_id"])] += 1
    return dict(found)
