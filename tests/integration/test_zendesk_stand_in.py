"""The Zendesk stand-in is only worth testing against if it answers as Zendesk documents."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import Article, FakeZendesk, sign
from tests.fakes.zendesk.specification import schema_of

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "help_center_oas.yaml"
LOGIN = ("bot@acme.example/token", "the-api-token")


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk(clock=FakeClock()) as running:
        yield running


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.auth = LOGIN
        yield session


@pytest.fixture(scope="module")
def openapi() -> Any:
    if not SPEC.exists():
        pytest.skip("needs the published OpenAPI document in ../shared/specs")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the library's own parts
        import yaml
        from openapi_core import OpenAPI

        return OpenAPI.from_dict(yaml.load(SPEC.read_text(), Loader=yaml.CSafeLoader))


def article_of(zendesk: FakeZendesk) -> Article:
    account = zendesk.account
    account.main.locales = ("en-us", "de")
    category = account.category(en_us="Orders", de="Bestellungen")
    section = account.section(category, en_us="Returns", de="Rückgaben")
    nested = account.section(category, parent=section, en_us="Abroad")
    segment = account.segment("VIP", tags=("vip",))
    article = account.publish(
        nested, "Sending it back", "<p>Within 45 days.</p>", segments=[segment], labels=["returns"]
    )
    account.translate(article, "de", "Zurückschicken", "<p>Binnen 45 Tagen.</p>", draft=True)
    return article


def test_answers_hold_to_the_published_document(
    zendesk: FakeZendesk, http: requests.Session, openapi: Any
) -> None:
    from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

    article = article_of(zendesk)
    segment = article.segment_ids[0]
    paths = (
        "en-us/articles?page[size]=1",
        "en-us/articles?per_page=1",
        f"de/articles/{article.id}",
        f"articles/{article.id}/translations",
        f"articles/{article.id}/translations/de",
        "en-us/sections",
        "de/categories",
        "locales",
        "user_segments",
        f"user_segments/{segment}",
    )
    for path in paths:
        response = http.get(f"{zendesk.base_url}/api/v2/help_center/{path}")
        assert response.status_code == 200, path
        request = requests.Request("GET", _as_documented(response.url))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            openapi.validate_response(
                RequestsOpenAPIRequest(request), RequestsOpenAPIResponse(response)
            )


def _as_documented(url: str) -> str:
    parts = urlsplit(url)
    return f"https://acme.zendesk.com{parts.path}"


def test_the_document_would_notice_a_wrong_answer(openapi: Any) -> None:
    from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
    from openapi_core.exceptions import OpenAPIError

    answer = requests.Response()
    answer.status_code = 200
    answer.headers["Content-Type"] = "application/json"
    answer._content = b'{"articles": [{"id": "seven", "title": "x"}]}'
    request = requests.Request("GET", "https://acme.zendesk.com/api/v2/help_center/de/articles")
    with pytest.raises(OpenAPIError):
        openapi.validate_response(RequestsOpenAPIRequest(request), RequestsOpenAPIResponse(answer))


def test_ticketing_holds_to_the_published_document(
    zendesk: FakeZendesk, http: requests.Session
) -> None:
    ticketing = zendesk.account.ticketing
    ticketing.macro("M", "Hi", restriction={"type": "Group", "id": 1})
    ticket = ticketing.ticket(ticketing.person("Ann"), "Tents", "How?")
    schemas = schema_of(
        "MacrosResponse", "TicketCommentsResponse", "CursorBasedExportIncrementalTicketsResponse"
    )
    paths = (
        "macros.json?page[size]=1&active=true",
        f"tickets/{ticket.id}/comments.json?include=users",
        "incremental/tickets/cursor.json?start_time=0&include=metric_sets",
    )
    for schema, path in zip(schemas, paths, strict=True):
        answer = http.get(f"{zendesk.base_url}/api/v2/{path}").json()
        schema.validate(answer)
        (record,) = next(each for each in answer.values() if isinstance(each, list))
        record["id"] = "seven"
        assert not schema.is_valid(answer)


def test_both_ways_of_paging_lead_through_everything(
    zendesk: FakeZendesk, http: requests.Session
) -> None:
    section = zendesk.account.section(zendesk.account.category(en_us="C"), en_us="S")
    expected = [zendesk.account.publish(section, f"Article {n}").id for n in range(5)]
    first = f"{zendesk.base_url}/api/v2/help_center/articles.json"

    def follow(url: str | None, next_of: Any) -> list[int]:
        found: list[int] = []
        while url:
            page = http.get(url).json()
            found += [each["id"] for each in page["articles"]]
            url = next_of(page)
        return found

    assert follow(f"{first}?page[size]=2", lambda page: page["links"]["next"]) == expected
    assert follow(f"{first}?per_page=2", lambda page: page["next_page"]) == expected
    too_deep = http.get(f"{first}?page=101&per_page=2")
    assert (too_deep.status_code, too_deep.json()["error"]) == (400, "InvalidPaginationDepth")
    too_large = http.get(f"{first}?page[size]=101")
    assert too_large.status_code == 400


def test_the_export_repeats_its_boundary_and_ends_with_nulls(
    zendesk: FakeZendesk, http: requests.Session
) -> None:
    zendesk.behaviour.export_page = 2
    section = zendesk.account.section(zendesk.account.category(en_us="C"), en_us="S")
    ids = []
    for n in range(3):
        ids.append(zendesk.account.publish(section, f"Article {n}").id)
        zendesk.clock.advance(10)  # type: ignore[attr-defined]  # the fixture's clock is a fake
    url = f"{zendesk.base_url}/api/v2/help_center/incremental/articles.json?start_time=0"

    first = http.get(url).json()
    second = http.get(first["next_page"]).json()
    beyond = http.get(f"{url}{int(zendesk.clock())}").json()

    assert [each["id"] for each in first["articles"]] == ids[:2]
    assert [each["id"] for each in second["articles"]] == ids[1:]  # the boundary comes twice
    assert (second["next_page"], second["end_time"]) == (None, first["end_time"] + 10)
    assert (beyond["articles"], beyond["next_page"], beyond["end_time"]) == ([], None, None)


def test_signatures_are_those_of_the_documented_example() -> None:
    secret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    body = b'{"event":"ticket.updated","id":123}'

    assert sign(secret, "2021-03-25T05:09:27Z", body) == (
        "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM="
    )


def test_anonymous_callers_see_what_is_open_and_nothing_else(zendesk: FakeZendesk) -> None:
    account = zendesk.account
    section = account.section(account.category(en_us="C"), en_us="S")
    open_one = account.publish(section, "Open")
    account.publish(section, "Draft", draft=True)
    account.publish(section, "Restricted", segments=[account.segment("VIP")])
    api = f"{zendesk.base_url}/api/v2"

    listed = requests.get(f"{api}/help_center/en-us/articles", timeout=5).json()
    me = requests.get(f"{api}/users/me.json", timeout=5)

    assert [each["id"] for each in listed["articles"]] == [open_one.id]
    assert (me.status_code, me.json()["user"]["id"]) == (200, None)
    assert requests.get(f"{api}/brands.json", timeout=5).status_code == 401
