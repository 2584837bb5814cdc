"""The ticketing part of the API: lists that are not of the help center."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.zendesk.access import Caller
from tests.fakes.zendesk.account import Account, Brand
from tests.fakes.zendesk.help_center import FORBIDDEN, NO_ENDPOINT, Answer
from tests.fakes.zendesk.paging import page
from tests.fakes.zendesk.rendering import Rendering, stamp
from tests.fakes.zendesk.ticketing import Macro

Json = dict[str, Any]


class Support:
    """The account's Support as an agent sees it."""

    def __init__(self, account: Account, brand: Brand, caller: Caller, *, origin: str) -> None:
        self._account = account
        self._caller = caller
        self._origin = origin
        self._url = f"{origin}/api/v2"
        self._rendering = Rendering(account, brand, origin=origin)

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        """The answer to a path below /api/v2, without ".json"."""
        for pattern, answer in self._routes.items():
            match = re.fullmatch(pattern, path)
            if match:
                return answer(self, *match.groups(), query=query, url=f"{self._url}{path}.json")
        return NO_ENDPOINT

    def _brands(self, *, query: Mapping[str, str], url: str) -> Answer:
        brands = [self._rendering.brand(each) for each in self._account.brands.values()]
        return 200, page("brands", brands, query, url=url, default=100)

    def _macros(self, *, query: Mapping[str, str], url: str) -> Answer:
        """All macros, other agents' own ones too: that is what administrators are shown."""
        wanted = {"true": {True}, "false": {False}}.get(query.get("active", ""), {True, False})
        found = [
            self._macro(each)
            for each in self._account.ticketing.macros.values()
            if each.active in wanted
        ]
        return 200, page("macros", found, query, url=url, default=100)

    def _macro(self, macro: Macro) -> Json:
        return {
            "id": macro.id,
            "url": f"{self._url}/macros/{macro.id}.json",
            "title": macro.title,
            "active": macro.active,
            "default": False,
            "description": macro.description,
            "position": 1,
            "actions": [{"field": field, "value": value} for field, value in macro.actions],
            "restriction": macro.restriction,
            "created_at": stamp(0),
            "updated_at": stamp(macro.updated_at),
        }

    def _groups(self, *, query: Mapping[str, str], url: str) -> Answer:
        groups = [
            {
                "id": each.id,
                "url": f"{self._url}/groups/{each.id}.json",
                "name": each.name,
                "description": "",
                "default": False,
                "deleted": False,
                "is_public": True,
                "created_at": stamp(0),
                "updated_at": stamp(0),
            }
            for each in self._account.ticketing.groups.values()
        ]
        return 200, page("groups", groups, query, url=url, default=100)

    def _forms(self, **_: Any) -> Answer:
        """Not paged; only plans that have forms have any."""
        forms = self._account.ticketing.forms.values()
        if not forms:
            return FORBIDDEN
        return 200, {
            "ticket_forms": [
                {
                    "id": each.id,
                    "url": f"{self._url}/ticket_forms/{each.id}.json",
                    "name": each.name,
                    "raw_name": each.name,
                    "display_name": each.name,
                    "active": True,
                    "default": position == 1,
                    "end_user_visible": True,
                    "in_all_brands": True,
                    "position": position,
                    "restricted_brand_ids": [],
                    "ticket_field_ids": [],
                    "created_at": stamp(0),
                    "updated_at": stamp(0),
                }
                for position, each in enumerate(forms, start=1)
            ],
            "count": len(forms),
            "next_page": None,
            "previous_page": None,
        }

    def _tags(self, *, query: Mapping[str, str], url: str) -> Answer:
        """The most used first; the page is found by the tag's place among them."""
        used = Counter(
            tag for each in self._account.ticketing.tickets.values() for tag in each.tags
        )
        places = enumerate(used.most_common(), start=1)
        tags = [{"id": place, "name": name, "count": number} for place, (name, number) in places]
        answer = page("tags", tags, query, url=url, default=100)
        for each in answer["tags"]:
            del each["id"]
        return 200, answer

    def _ratings(self, *, query: Mapping[str, str], url: str) -> Answer:
        since = float(query.get("start_time", "0"))
        found = [
            {
                "id": each.id,
                "url": f"{self._url}/satisfaction_ratings/{each.id}.json",
                "assignee_id": each.assignee_id,
                "group_id": each.group_id,
                "requester_id": each.requester.id,
                "ticket_id": each.id,
                "score": each.score,
                "comment": each.rating_comment,
                "created_at": stamp(each.updated_at),
                "updated_at": stamp(each.updated_at),
            }
            for each in self._account.ticketing.tickets.values()
            if each.score in {"good", "bad"}
            and query.get("score", each.score) == each.score
            and each.updated_at >= since
        ]
        return 200, page("satisfaction_ratings", found, query, url=url, default=100)

    _routes: Mapping[str, Callable[..., Answer]] = {
        r"/brands": _brands,
        r"/macros": _macros,
        r"/groups": _groups,
        r"/ticket_forms": _forms,
        r"/tags": _tags,
        r"/satisfaction_ratings": _ratings,
    }
