"""The Zendesk client, and zenpy on it, over real HTTP: the stand-in makes every fault it can."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.errors import (
    AccountNotFound,
    ConnectorError,
    CredentialsRejected,
    HelpCenterNotEnabled,
    PermissionMissing,
    RateLimited,
    RequestRejected,
    SourceMisconfigured,
    SourceUnavailable,
)
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.client import ZendeskClient
from connectors.zendesk.login import ApiToken, OAuthClient
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk

OAUTH = OAuthClient(client_id="supportbot", client_secret="the-client-secret")
TOKEN = ApiToken(email="bot@acme.example", token="the-api-token")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def zendesk(clock: FakeClock) -> Iterator[FakeZendesk]:
    with FakeZendesk(clock=clock) as running:
        yield running


def account(zendesk: FakeZendesk, **changes: Any) -> ZendeskAccount:
    settings: dict[str, Any] = {
        "subdomain": "acme",
        "credentials": OAUTH,
        "base_url": zendesk.base_url,
        "timeout": 5.0,
        "clock": zendesk.clock,
        "sleep": zendesk.clock.sleep,  # type: ignore[attr-defined]  # the fixture's clock is a fake
    }
    return ZendeskAccount(**{**settings, **changes})


@pytest.fixture
def client(zendesk: FakeZendesk) -> Iterator[ZendeskClient]:
    with account(zendesk).client() as made:
        yield made


def articles(zendesk: FakeZendesk, number: int) -> list[int]:
    section = zendesk.account.section(zendesk.account.category(en_us="C"), en_us="S")
    return [zendesk.account.publish(section, f"Article {n}").id for n in range(number)]


def test_zenpy_reads_through_the_session(zendesk: FakeZendesk, client: ZendeskClient) -> None:
    ids = articles(zendesk, 103)
    zendesk.account.segment("VIP", tags=("vip",))

    user = client.check()
    found = [each.id for each in client.zenpy.help_center.articles()]

    assert (user.id, user.role) == (zendesk.account.bot.id, "admin")
    assert found == ids  # two pages
    assert [each.name for each in client.zenpy.help_center.user_segments()] == ["VIP"]
    assert [each.subdomain for each in client.brands()] == ["acme"]
    assert {each.host for each in zendesk.journal} == {"acme.zendesk.com"}


def test_zenpy_remembers_nothing(client: ZendeskClient) -> None:
    assert client.zenpy.cache.status() == "Cache disabled"


def test_each_brand_answers_on_its_own_host(zendesk: FakeZendesk, client: ZendeskClient) -> None:
    outlet = zendesk.account.brand("acme-outlet")
    zendesk.account.brand("acme-closed").help_center = "disabled"
    zendesk.account.brand("acme-soon").help_center = "restricted"
    section = zendesk.account.section(zendesk.account.category(brand=outlet, en_us="C"), en_us="S")
    article = zendesk.account.publish(section, "Outlet hours")

    assert [(each.subdomain, each.open_to_all) for each in client.brands()] == [
        ("acme", True),
        ("acme-outlet", True),
        ("acme-soon", False),
    ]
    assert client.get("help_center/articles", brand="acme")["articles"] == []
    (page,) = client.pages("help_center/articles", brand="acme-outlet")
    assert [each["id"] for each in page["articles"]] == [article.id]


def test_pages_go_on_from_a_cursor(zendesk: FakeZendesk, client: ZendeskClient) -> None:
    ids = articles(zendesk, 250)

    first, *rest = client.pages("help_center/articles")
    resumed = client.pages("help_center/articles", after=first["meta"]["after_cursor"])

    assert [each["id"] for page in rest for each in page["articles"]] == ids[100:]
    assert [page["articles"] for page in resumed] == [page["articles"] for page in rest]


def test_a_token_is_asked_for_anew_before_it_ends(
    zendesk: FakeZendesk, client: ZendeskClient, clock: FakeClock
) -> None:
    client.check()
    client.check()
    assert zendesk.access.issued == 1

    clock.advance(1800)
    client.check()

    assert zendesk.access.issued == 2
    assert {each.status for each in zendesk.journal} == {200}  # nobody saw an expired token


def test_a_token_that_was_revoked_is_replaced_once(
    zendesk: FakeZendesk, client: ZendeskClient
) -> None:
    client.check()
    zendesk.access.revoke_all()

    assert client.check().role == "admin"
    assert [each.status for each in zendesk.calls("me")] == [200, 401, 200]


def test_workers_share_one_token(zendesk: FakeZendesk) -> None:
    shared, together = account(zendesk), threading.Barrier(4)

    def work() -> None:
        with shared.client() as client:
            together.wait()
            client.check()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert zendesk.access.issued == 1
    assert len(zendesk.calls("me")) == 4


def test_the_legacy_token_works_and_says_when_it_stops(
    zendesk: FakeZendesk, caplog: pytest.LogCaptureFixture
) -> None:
    legacy = account(zendesk, credentials=TOKEN)

    with legacy.client() as client:
        assert client.check().role == "admin"
    assert "2027-04-30" in legacy.notices[0]
    assert "2027-04-30" in caplog.text
    assert account(zendesk).notices == ()


def _wrong_secret(_: FakeZendesk) -> dict[str, Any]:
    return {"credentials": OAuthClient(client_id="supportbot", client_secret="wrong")}


def _fewer_scopes(zendesk: FakeZendesk) -> dict[str, Any]:
    zendesk.access.allowed_scopes = frozenset({"tickets:read"})
    return {}


def _scope_too_narrow(zendesk: FakeZendesk) -> dict[str, Any]:
    return {"scopes": ("tickets:read",)}


def _tokens_off(zendesk: FakeZendesk) -> dict[str, Any]:
    zendesk.access.tokens_allowed = False
    return {"credentials": TOKEN}


def _end_user(zendesk: FakeZendesk) -> dict[str, Any]:
    zendesk.account.bot.role = "end-user"
    return {}


def _other_account(_: FakeZendesk) -> dict[str, Any]:
    return {"subdomain": "acmee"}


def _other_account_legacy(_: FakeZendesk) -> dict[str, Any]:
    return {"subdomain": "acmee", "credentials": TOKEN}


def _nobody_listens(_: FakeZendesk) -> dict[str, Any]:
    return {"base_url": "http://127.0.0.1:9", "credentials": TOKEN}


@pytest.mark.parametrize(
    ("arrange", "kind", "says"),
    [
        (_wrong_secret, CredentialsRejected, "ZENDESK_CLIENT_SECRET"),
        (_fewer_scopes, PermissionMissing, "without the scope read"),
        (_scope_too_narrow, PermissionMissing, "users:read"),
        (_tokens_off, CredentialsRejected, "2027-04-30"),
        (_end_user, PermissionMissing, "end-user"),
        (_other_account, AccountNotFound, "ZENDESK_SUBDOMAIN"),
        (_other_account_legacy, AccountNotFound, "acmee.zendesk.com"),
        (_nobody_listens, SourceUnavailable, "cannot be reached"),
    ],
)
def test_every_refusal_says_what_to_do(
    zendesk: FakeZendesk,
    arrange: Callable[[FakeZendesk], dict[str, Any]],
    kind: type[ConnectorError],
    says: str,
) -> None:
    asking = account(zendesk, **arrange(zendesk)).client()
    with asking as client, pytest.raises(kind, match=says) as caught:
        client.check()
    assert "the-client-secret" not in str(caught.value)
    assert "the-api-token" not in str(caught.value)


def test_an_anonymous_answer_is_not_taken_for_a_login(zendesk: FakeZendesk) -> None:
    with account(zendesk).client() as client:
        client._session.auth = None  # as a proxy that drops the header would make it
        with pytest.raises(CredentialsRejected, match="anonymous"):
            client.check()


def test_a_brand_without_help_center_is_named(zendesk: FakeZendesk, client: ZendeskClient) -> None:
    zendesk.account.main.help_center = "disabled"

    with pytest.raises(HelpCenterNotEnabled, match=r"acme\.zendesk\.com has no help center"):
        client.get("help_center/locales")


def test_what_is_gone_is_none_and_what_is_wrong_is_an_error(
    zendesk: FakeZendesk, client: ZendeskClient
) -> None:
    assert client.find("help_center/articles/1") is None
    with pytest.raises(RequestRejected, match=r"page\[after\]"):
        client.get("help_center/articles", {"page[after]": "nonsense"})


def test_zendesks_own_refusal_to_say_when_is_waited_out_in_full(
    zendesk: FakeZendesk, client: ZendeskClient, clock: FakeClock
) -> None:
    client.check()
    zendesk.failures.plan(429, matching="GET .*locales", retry_after="37", times=2)

    client.get("help_center/locales")

    assert clock.slept == [37, 37]
    assert [each.status for each in zendesk.calls("locales")] == [429, 429, 200]


def test_a_wait_beyond_all_patience_is_left_to_the_schedule(
    zendesk: FakeZendesk, clock: FakeClock
) -> None:
    zendesk.failures.plan(429, matching="locales", retry_after="3600")
    with account(zendesk, longest_wait=120).client() as client:
        with pytest.raises(RateLimited) as caught:
            client.get("help_center/locales")
        with pytest.raises(RateLimited):
            client.get("help_center/locales")

    assert caught.value.retry_after == 3600
    assert clock.slept == []
    assert len(zendesk.calls("locales")) == 1  # the second did not even ask


def test_the_account_is_never_made_to_refuse(zendesk: FakeZendesk, clock: FakeClock) -> None:
    zendesk.limits.per_minute["help_center"] = 10
    with account(zendesk, sync_share=0.5).sync_client() as client:
        for _ in range(30):
            client.get("help_center/locales")

    assert {each.status for each in zendesk.calls("locales")} == {200}
    assert sum(clock.slept) >= 4 * 60  # 30 requests at 5 of 10 a minute


def test_a_sync_leaves_room_for_replies(zendesk: FakeZendesk, clock: FakeClock) -> None:
    zendesk.limits.per_minute["help_center"] = 20
    shared = account(zendesk, sync_share=0.5)
    with shared.sync_client() as sync, shared.client() as replies:
        for _ in range(10):
            sync.get("help_center/locales")
        assert clock.slept == []
        for _ in range(10):
            replies.get("help_center/locales")
        assert clock.slept == []
        sync.get("help_center/locales")

    assert clock.slept != []
    assert {each.status for each in zendesk.calls("locales")} == {200}


def test_what_other_applications_use_is_seen_in_the_headers(
    zendesk: FakeZendesk, clock: FakeClock
) -> None:
    zendesk.limits.per_minute["help_center"] = 20
    with account(zendesk).client() as client:
        client.get("help_center/locales")
        zendesk.limits.use("help_center", 18)
        client.get("help_center/locales")
        assert clock.slept == []
        client.get("help_center/locales")

    assert clock.slept == [60]
    assert {each.status for each in zendesk.calls("locales")} == {200}


@pytest.mark.parametrize("fault", [500, 503, "reset"])
def test_reading_survives_a_disturbance(
    zendesk: FakeZendesk, client: ZendeskClient, clock: FakeClock, fault: Any
) -> None:
    zendesk.failures.plan(fault, matching="locales", times=2)

    assert client.get("help_center/locales")["default_locale"] == "en-us"
    assert clock.slept == [1, 2]


def test_reading_survives_a_time_out(zendesk: FakeZendesk) -> None:
    zendesk.failures.plan("timeout", matching="locales")
    with account(zendesk, timeout=0.3).client() as client:
        assert client.get("help_center/locales")["default_locale"] == "en-us"


def test_a_disturbance_that_stays_is_told(zendesk: FakeZendesk, client: ZendeskClient) -> None:
    zendesk.failures.plan(503, matching="locales", times=99)

    with pytest.raises(SourceUnavailable, match="503"):
        client.get("help_center/locales")
    assert len(zendesk.calls("locales")) == 4


@pytest.mark.parametrize("fault", ["reset", 503, "timeout"])
def test_what_writes_is_never_sent_twice(zendesk: FakeZendesk, fault: Any) -> None:
    zendesk.failures.plan(fault, matching="PUT", times=9)
    with account(zendesk, timeout=0.3).client() as client, pytest.raises(SourceUnavailable):
        client.zenpy.tickets.add_tags(1, ["x"])

    assert [each.method for each in zendesk.calls("tags")] == ["PUT"]


def test_what_was_refused_for_its_rate_may_be_sent_again(
    zendesk: FakeZendesk, client: ZendeskClient, clock: FakeClock
) -> None:
    zendesk.failures.plan(429, matching="PUT", retry_after="5")
    zendesk.failures.plan(200, matching="PUT")

    response = client._session.put("https://acme.zendesk.com/api/v2/tickets/1/tags.json", timeout=5)

    assert response.status_code == 200
    assert clock.slept == [5]


def test_links_out_of_the_account_are_not_followed(
    zendesk: FakeZendesk, client: ZendeskClient
) -> None:
    client.check()
    asked = len(zendesk.journal)

    with pytest.raises(SourceMisconfigured, match=r"evil\.example"):
        client._session.get("https://evil.example/api/v2/users/me.json", timeout=5)
    assert len(zendesk.journal) == asked
