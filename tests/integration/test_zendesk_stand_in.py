"""The Zendesk stand-in is only worth testing against if it answers as Zendesk documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import Article, FakeZendesk, sign
from tests.fakes.zendesk.deliveries import Disorder
from tests.fakes.zendesk.receiver import Receiver
from tests.fakes.zendesk.specification import schema_of
from tests.waiting import PATIENCE

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
    ticketing.group("Returns")
    ticketing.form("Order")
    ann = ticketing.person("Ann", tags=("vip",))
    says: dict[str, Any] = {"flags": (4,), "attachments": 2}
    ticket = ticketing.ticket(ann, "Tents", "How?", says=says, tags=("tent",))
    ticketing.rate(ticket, "good")
    hook = zendesk.deliveries.webhook("http://127.0.0.1:9/")
    rule: dict[str, Any] = {
        "title": "Tell",
        "conditions": {"all": [{"field": "update_type", "operator": "is", "value": "Create"}]},
        "actions": [{"field": "notification_webhook", "value": [hook.id, "{}"]}],
    }
    http.post(f"{zendesk.base_url}/api/v2/triggers.json", json={"trigger": rule})
    paths = {
        "MacrosResponse": "macros.json?page[size]=1&active=true",
        "TicketCommentsResponse": f"tickets/{ticket.id}/comments.json?include=users",
        "CursorBasedExportIncrementalTicketsResponse": "incremental/tickets/cursor.json"
        "?start_time=0&include=metric_sets",
        "TicketAuditsResponseNoneCursor": f"tickets/{ticket.id}/audits.json",
        "GroupsResponse": "groups.json",
        "TicketFormsResponse": "ticket_forms.json",
        "TagsResponse": "tags.json",
        "SatisfactionRatingsResponse": "satisfaction_ratings.json",
        "TriggersResponse": "triggers.json",
    }
    for schema, path in zip(schema_of(*paths), paths.values(), strict=True):
        answer = _without_nulls(http.get(f"{zendesk.base_url}/api/v2/{path}").json())
        schema.validate(answer)
        record = next(each for each in answer.values() if isinstance(each, list))[0]
        record["id" if "id" in record else "name"] = ["seven"]
        assert not schema.is_valid(answer)


def test_one_ticket_and_its_update_hold_to_the_published_document(
    zendesk: FakeZendesk, http: requests.Session
) -> None:
    ticketing = zendesk.account.ticketing
    ticket = ticketing.ticket(ticketing.person("Ann"), "Tents", "How?")
    url = f"{zendesk.base_url}/api/v2/tickets/{ticket.id}.json"
    shown, updated, people = schema_of("TicketResponse", "TicketUpdateResponse", "UsersResponse")

    answer = http.get(f"{url}?include=users,comment_count").json()
    said = {"html_body": "<p>So.</p>", "public": True}
    change: dict[str, Any] = {"comment": said, "status": "solved"}

    shown.validate(_without_nulls(answer))
    people.validate(_without_nulls({"users": answer["users"]}))
    assert answer["ticket"]["comment_count"] == 1
    updated.validate(_without_nulls(http.put(url, json={"ticket": change}).json()))


def _without_nulls(answer: Any) -> Any:
    """The document knows nothing that is not set, where real accounts answer null."""
    if isinstance(answer, dict):
        return {key: _without_nulls(each) for key, each in answer.items() if each is not None}
    return [_without_nulls(each) for each in answer] if isinstance(answer, list) else answer


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

    listed = requests.get(f"{api}/help_center/en-us/articles", timeout=PATIENCE).json()
    me = requests.get(f"{api}/users/me.json", timeout=PATIENCE)

    assert [each["id"] for each in listed["articles"]] == [open_one.id]
    assert (me.status_code, me.json()["user"]["id"]) == (200, None)
    assert requests.get(f"{api}/brands.json", timeout=PATIENCE).status_code == 401


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


def test_each_update_is_told_in_the_documented_envelope(
    zendesk: FakeZendesk, receiver: Receiver
) -> None:
    ticketing = zendesk.account.ticketing
    hook = zendesk.deliveries.webhook(
        receiver.url, "ticket.created", "ticket.comment_added", "ticket.status_changed"
    )
    ann = ticketing.person("Ann")
    ticket = ticketing.ticket(ann, "Tents", "How?", status="pending")
    ticketing.reply(ticket, "Anybody?")

    assert zendesk.deliveries.flush() == 3
    told = [json.loads(body) for _, body in receiver.came]
    assert [each["type"].removeprefix("zen:event-type:ticket.") for each in told] == [
        "created",
        "comment_added",
        "status_changed",
    ]
    assert told[0]["detail"]["status"] == "PENDING"
    assert told[1]["detail"]["id"] == str(ticket.id)
    assert told[1]["event"]["comment"] == {
        "id": str(ticket.comments[1].id),
        "body": "Anybody?",
        "is_public": True,
        "author": {"id": str(ann.id), "is_staff": False, "name": "Ann"},
    }
    assert told[1]["event"]["meta"]["sequence"]["id"] == told[2]["event"]["meta"]["sequence"]["id"]
    head, body = receiver.came[0]
    moment = head["X-Zendesk-Webhook-Signature-Timestamp"]
    digest = hmac.new(hook.secret.encode(), moment.encode() + body, hashlib.sha256).digest()
    assert head["X-Zendesk-Webhook-Signature"] == base64.b64encode(digest).decode()


def test_a_trigger_sends_its_own_body_when_its_conditions_are_met(
    zendesk: FakeZendesk, receiver: Receiver, http: requests.Session
) -> None:
    ticketing = zendesk.account.ticketing
    hook = zendesk.deliveries.webhook(receiver.url)
    body = '{"ticket": "{{ticket.id}}", "by": "{{current_user.id}}", "x": "{{unknown}}"}'
    conditions = [
        {"field": "role", "operator": "is", "value": "end_user"},
        {"field": "comment_is_public", "operator": "is", "value": "true"},
    ]
    rule: dict[str, Any] = {
        "title": "Tell",
        "conditions": {"all": conditions},
        "actions": [{"field": "notification_webhook", "value": [hook.id, body]}],
    }
    url = f"{zendesk.base_url}/api/v2/triggers.json"
    assert http.post(url, json={"trigger": rule}).status_code == 201
    rule["conditions"] = {"all": [{"field": "moon", "operator": "is", "value": "full"}]}
    assert http.post(url, json={"trigger": rule}).status_code == 422

    ann = ticketing.person("Ann")
    ticket = ticketing.ticket(ann, "Tents", "How?")
    ticketing.comment(ticket, ticketing.person("Carl", role="agent"), "So.")
    zendesk.deliveries.flush()

    (found,) = [json.loads(sent) for _, sent in receiver.came]
    assert found == {"ticket": str(ticket.id), "by": str(ann.id), "x": ""}


def test_deliveries_are_repeated_as_documented(zendesk: FakeZendesk, receiver: Receiver) -> None:
    ticketing = zendesk.account.ticketing
    zendesk.deliveries.webhook(receiver.url, "ticket.created")

    def calls(*answers: tuple[int, str]) -> int:
        receiver.came.clear()
        receiver.answers = list(answers)
        ticketing.ticket(ticketing.person("Ann"), "Tents", "How?")
        zendesk.deliveries.flush()
        assert len(set(receiver.invocations())) == 1
        return len(receiver.came)

    assert calls((500, "")) == 1
    assert calls((409, ""), (409, "")) == 3
    assert calls(*[(409, "")] * 9) == 4
    assert calls((429, "30")) == 2
    assert calls((429, "")) == 1
    assert calls((503, "90")) == 1


def test_too_many_failures_break_the_circuit(zendesk: FakeZendesk, receiver: Receiver) -> None:
    ticketing = zendesk.account.ticketing
    zendesk.deliveries.webhook(receiver.url, "ticket.created")
    receiver.answers = [(500, "")] * 100
    for number in range(25):
        ticketing.ticket(ticketing.person("Ann"), f"Ticket {number}", "How?")
    deliveries = zendesk.deliveries
    while delivery := deliveries.due():
        deliveries.send(delivery)

    assert (len(receiver.came), len(deliveries.pending)) == (20, 5)
    zendesk.clock.advance(5)  # type: ignore[attr-defined]  # the fixture's clock is a fake
    assert deliveries.due() is not None


def test_webhooks_are_lost_doubled_and_late_when_a_test_asks_for_it(
    zendesk: FakeZendesk, receiver: Receiver
) -> None:
    ticketing = zendesk.account.ticketing
    zendesk.deliveries.webhook(receiver.url, "ticket.created")
    zendesk.deliveries.disorder = Disorder(random=Random(7), lost=0.2, doubled=0.2, late=0.5)
    made = [str(ticketing.ticket(ticketing.person("A"), "T", "How?").id) for _ in range(50)]
    zendesk.deliveries.flush()

    came = [json.loads(body)["detail"]["id"] for _, body in receiver.came]
    lost = [json.loads(each.body)["detail"]["id"] for each in zendesk.deliveries.lost]
    assert set(came) | set(lost) == set(made)
    assert lost
    assert len(receiver.invocations()) > len(set(receiver.invocations()))
    assert came != sorted(came, key=int)


def test_deliveries_can_go_out_by_themselves(zendesk: FakeZendesk, receiver: Receiver) -> None:
    ticketing = zendesk.account.ticketing
    zendesk.deliveries.webhook(receiver.url, "ticket.created")
    zendesk.deliveries.start()
    ticketing.ticket(ticketing.person("Ann"), "Tents", "How?")

    assert receiver.arrivals.acquire(timeout=PATIENCE)
    zendesk.deliveries.stop()
    assert (len(receiver.came), zendesk.deliveries.pending) == (1, [])


def test_placeholders_in_comments_are_carried_out(
    zendesk: FakeZendesk, http: requests.Session
) -> None:
    ticketing = zendesk.account.ticketing
    ticket = ticketing.ticket(ticketing.person("Ann"), "Tents", "How?")
    ticketing.comment(ticket, ticketing.person("Carl", role="agent"), "SECRET", public=False)
    html = "<p>{{ticket.latest_comment}}|{{nonsense}}|&#123;&#123;ticket.title&#125;&#125;</p>"

    url = f"{zendesk.base_url}/api/v2/tickets/{ticket.id}.json"
    http.put(url, json={"ticket": {"comment": {"html_body": html}}})

    assert ticket.comments[-1].text == "Carl: SECRET||Tents"
    assert ticket.comments[-1].public is True  # as the first comment, because nobody said


def test_customers_reopen_and_follow_up_and_agents_merge(zendesk: FakeZendesk) -> None:
    ticketing = zendesk.account.ticketing
    ann, carl = ticketing.person("Ann"), ticketing.person("Carl", role="agent")
    first, second = (ticketing.ticket(ann, title, "How?") for title in ("Tents", "Stoves"))
    ticketing.change(first, status="solved", by=carl)

    assert ticketing.reply(first, "Still not.") is first
    assert first.status == "open"
    ticketing.merge(second, first, carl)
    assert (second.status, second.tags) == ("closed", ("closed_by_merge",))
    assert [each.public for each in first.comments] == [True, True, False]
    follow_up = ticketing.reply(second, "Me again.")
    assert (follow_up.follows, len(second.comments)) == (second.id, 2)


def test_the_kinds_of_webhooks_exclude_each_other(
    zendesk: FakeZendesk, http: requests.Session
) -> None:
    url = f"{zendesk.base_url}/api/v2/webhooks"
    wanted: dict[str, Any] = {
        "name": "Supportbot",
        "endpoint": "http://127.0.0.1:9/",
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": ["conditional_ticket_events", "zen:event-type:ticket.created"],
    }
    assert http.post(url, json={"webhook": wanted}).status_code == 400
    wanted["subscriptions"] = ["zen:event-type:ticket.created"]
    made = http.post(url, json={"webhook": wanted}).json()["webhook"]
    other = {"webhook": {"subscriptions": ["conditional_ticket_events"]}}
    assert http.patch(f"{url}/{made['id']}", json=other).status_code == 400
    assert http.patch(f"{url}/{made['id']}", json={"webhook": {"name": "S"}}).status_code == 204
    zendesk.account.bot.role = "agent"
    assert http.get(url).status_code == 403
