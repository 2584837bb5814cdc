"""The help center's part of the API: lists, single objects, and the incremental export."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.fakes.zendesk.access import Caller
from tests.fakes.zendesk.account import Account, Article, Brand
from tests.fakes.zendesk.paging import page
from tests.fakes.zendesk.rendering import Rendering

Json = dict[str, Any]
Answer = tuple[int, Json]

NOT_FOUND: Answer = (404, {"error": "RecordNotFound", "description": "Not found"})
NO_ENDPOINT: Answer = (404, {"error": "InvalidEndpoint", "description": "Not found"})
FORBIDDEN: Answer = (
    403,
    {
        "error": {
            "title": "Forbidden",
            "message": "You do not have access to this page. Please contact the account owner of "
            "this help desk for further help.",
        }
    },
)

_LOCALE = re.compile(r"/(?P<locale>[a-z]{2}(?:-[a-z0-9]+)?)(?=/)")


@dataclass(kw_only=True)
class Behaviour:
    """What the reference leaves open, so that both answers can be tried."""

    export_page: int = 1000
    export_ends: str = "null"  # or "repeats": the last page leads to itself
    export_sideloads: bool = True
    branch_sideloads: bool = True
    segments_readable: bool = True


class HelpCenter:
    """One brand's help center as one caller sees it."""

    def __init__(
        self,
        account: Account,
        brand: Brand,
        caller: Caller,
        *,
        origin: str,
        behaviour: Behaviour,
    ) -> None:
        self._account = account
        self._brand = brand
        self._caller = caller
        self._url = f"{origin}/api/v2/help_center"
        self._rendering = Rendering(account, brand, origin=origin)
        self._behaviour = behaviour

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        """The answer to a path below /api/v2/help_center, without ".json"."""
        if self._brand.help_center == "disabled" or not self._brand.active:
            return NOT_FOUND
        found = _LOCALE.match(path)
        locale = found["locale"] if found else ""
        rest = path[found.end() :] if found else path
        url = f"{self._url}{path}.json"
        for pattern, answer in self._routes.items():
            match = re.fullmatch(pattern, rest)
            if match:
                return answer(self, *match.groups(), locale=locale, query=query, url=url)
        return NO_ENDPOINT

    def _locales(self, **_: Any) -> Answer:
        brand = self._brand
        return 200, {"locales": list(brand.locales), "default_locale": brand.default_locale}

    def _articles(self, *, locale: str, query: Mapping[str, str], url: str) -> Answer:
        wanted = frozenset(filter(None, query.get("label_names", "").split(",")))
        found = [
            each
            for each in self._visible()
            if (not locale or locale in each.translations) and wanted <= frozenset(each.labels)
        ]
        include = query.get("include", "").split(",")
        answer = page("articles", found, query, url=url)
        shown: list[Article] = answer["articles"]
        answer["articles"] = [
            self._rendering.article(each, locale=locale, translations="translations" in include)
            for each in shown
        ]
        return 200, answer

    def _article(self, number: str, *, locale: str, query: Mapping[str, str], **_: Any) -> Answer:
        article = self._find(number)
        if article is None or (locale and locale not in article.translations):
            return NOT_FOUND
        with_translations = "translations" in query.get("include", "").split(",")
        shown = self._rendering.article(article, locale=locale, translations=with_translations)
        return 200, {"article": shown}

    def _translations(self, number: str, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        article = self._find(number)
        if article is None:
            return NOT_FOUND
        texts = [self._rendering.translation(article, e) for e in article.translations.values()]
        return 200, page("translations", texts, query, url=url)

    def _translation(self, number: str, tag: str, **_: Any) -> Answer:
        article = self._find(number)
        if article is None or tag not in article.translations:
            return NOT_FOUND
        text = article.translations[tag]
        return 200, {"translation": self._rendering.translation(article, text)}

    def _sections(self, *, locale: str, query: Mapping[str, str], url: str) -> Answer:
        found = [
            self._rendering.section(each, locale=locale, translations=self._sideloads(query))
            for each in self._account.sections.values()
            if each.brand_id == self._brand.id and (not locale or locale in each.names)
        ]
        return 200, page("sections", found, query, url=url)

    def _categories(self, *, locale: str, query: Mapping[str, str], url: str) -> Answer:
        found = [
            self._rendering.category(each, locale=locale, translations=self._sideloads(query))
            for each in self._account.categories.values()
            if each.brand_id == self._brand.id and (not locale or locale in each.names)
        ]
        return 200, page("categories", found, query, url=url)

    def _labels(self, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        """Every label in use. https://developer.zendesk.com/api-reference/help_center/
        help-center-api/article_labels/#list-all-labels"""
        names = sorted({name for each in self._visible() for name in each.labels})
        found = [{"id": number, "name": name} for number, name in enumerate(names, start=1)]
        return 200, page("labels", found, query, url=url)

    def _segments(self, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        if not self._caller.is_staff or not self._behaviour.segments_readable:
            return FORBIDDEN
        found = [self._rendering.segment(e) for e in self._account.segments.values() if e.readable]
        return 200, page("user_segments", found, query, url=url)

    def _segment(self, number: str, **_: Any) -> Answer:
        segment = self._account.segments.get(int(number))
        if not self._caller.is_staff or not self._behaviour.segments_readable:
            return FORBIDDEN
        if segment is None or not segment.readable:
            return NOT_FOUND
        return 200, {"user_segment": self._rendering.segment(segment)}

    def _segments_of(self, number: str, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        """The segments that a user is in. https://developer.zendesk.com/api-reference/
        help_center/help-center-api/user_segments/#list-user-segments"""
        person = self._account.ticketing.people.get(int(number))
        if not self._caller.is_staff or not self._behaviour.segments_readable:
            return FORBIDDEN
        if person is None:
            return NOT_FOUND
        found = [
            self._rendering.segment(each)
            for each in self._account.segments.values()
            if (each.user_type != "staff" or person.role != "end-user")
            and set(each.tags) <= set(person.tags)
            and (not each.organization_ids or person.organization_id in each.organization_ids)
        ]
        return 200, page("user_segments", found, query, url=url)

    def _export(self, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        """Every article that changed at or after start_time. The last page leads nowhere; an
        empty one has no end_time either. Archived ones are not in it, nor is any trace."""
        if not self._caller.is_staff:
            return FORBIDDEN
        start, size = int(query.get("start_time", "0")), self._behaviour.export_page
        changed = sorted(
            (each for each in self._visible() if int(each.updated_at) >= start),
            key=lambda each: (int(each.updated_at), each.id),
        )
        some = changed[:size]
        end = int(some[-1].updated_at) if some else None
        more = len(changed) > size or (bool(some) and self._behaviour.export_ends == "repeats")
        sideloads = self._behaviour.export_sideloads and "translations" in query.get("include", "")
        follow = f"{url}?{urlencode({**query, 'start_time': str(end)})}"
        return 200, {
            "articles": [self._rendering.article(each, translations=sideloads) for each in some],
            "count": len(some),
            "end_time": end,
            "next_page": follow if more else None,
        }

    def _visible(self) -> list[Article]:
        return self._account.visible(self._brand, staff=self._caller.is_staff)

    def _find(self, number: str) -> Article | None:
        return next((each for each in self._visible() if each.id == int(number)), None)

    def _sideloads(self, query: Mapping[str, str]) -> bool:
        return self._behaviour.branch_sideloads and "translations" in query.get("include", "")

    _routes: Mapping[str, Callable[..., Answer]] = {
        r"/locales": _locales,
        r"/articles": _articles,
        r"/articles/labels": _labels,
        r"/articles/(\d+)": _article,
        r"/articles/(\d+)/translations": _translations,
        r"/articles/(\d+)/translations/([\w-]+)": _translation,
        r"/sections": _sections,
        r"/categories": _categories,
        r"/user_segments": _segments,
        r"/user_segments/(\d+)": _segment,
        r"/users/(\d+)/user_segments": _segments_of,
        r"/incremental/articles": _export,
    }
