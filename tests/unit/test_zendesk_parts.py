"""The parts of the Zendesk client and connector that do no I/O."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError

from connectors.errors import SourceMisconfigured
from connectors.registry import Accounts, kind_of
from connectors.zendesk import failures, session
from connectors.zendesk.addresses import Addresses, subdomain_of
from connectors.zendesk.client import Brand
from connectors.zendesk.limits import Standing, retry_after, standing_of
from connectors.zendesk.progress import Progress, progress_of, still_true
from connectors.zendesk.scope import Places, Scope, choice

DATE = "Sun, 01 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "37"}, 37),
        ({"Retry-After": "0.5"}, 0),
        ({"Retry-After": "Sun, 01 Nov 2026 10:01:30 GMT", "Date": DATE}, 90),
        ({"Retry-After": "Sun, 01 Nov 2026 09:00:00 GMT", "Date": DATE}, 0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_both_families_of_headers_tell_the_pools_state() -> None:
    new = {"ratelimit-limit": "700", "ratelimit-remaining": "3", "ratelimit-reset": "12"}
    old = {"X-Rate-Limit": "200", "X-Rate-Limit-Remaining": "7"}

    assert standing_of(new) == Standing(limit=700, remaining=3, resets_in=12)
    assert standing_of(old) == Standing(limit=200, remaining=7, resets_in=60)
    assert standing_of({"X-Rate-Limit": "many", "X-Rate-Limit-Remaining": "7"}) is None
    assert standing_of({}) is None


@pytest.mark.parametrize(
    "text", ["acme", " Acme ", "acme.zendesk.com", "https://acme.zendesk.com/x"]
)
def test_a_subdomain_is_found_in_what_people_write(text: str) -> None:
    assert subdomain_of(text) == "acme"


@pytest.mark.parametrize("text", ["", "acme.example.com", "a b", "-x", "https://evil.example/"])
def test_what_is_no_subdomain_is_refused(text: str) -> None:
    with pytest.raises(SourceMisconfigured, match="subdomain"):
        subdomain_of(text)


def test_credentials_go_to_the_account_only() -> None:
    plain, detour = Addresses(), Addresses(base_url="http://127.0.0.1:80")

    assert plain.owns("https://acme.zendesk.com/api/v2/x")
    assert detour.owns("http://127.0.0.1:80/api/v2/x")
    for url in (
        "http://acme.zendesk.com/x",
        "https://zendesk.com.evil.example/",
        "https://evil.example/?.zendesk.com",
        "https://acme.zendesk.com@evil.example/",
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:80@evil.example/",
    ):
        assert not plain.owns(url)
        assert not detour.owns(url)


def test_scopes_that_are_wider_cover_narrower_ones() -> None:
    assert failures.missing_scopes(("hc:read", "users:read"), ("read",)) == ()
    assert failures.missing_scopes(("read", "tickets:write"), ("read", "hc:read")) == (
        "tickets:write",
    )


def test_a_host_without_a_name_says_which_setting_to_check() -> None:
    request = requests.Request("GET", "https://acmee.zendesk.com/api/v2/x").prepare()
    connection = HTTPSConnection("acmee.zendesk.com")
    reason = NameResolutionError("acmee.zendesk.com", connection, OSError())  # type: ignore[arg-type]  # any OSError does
    error = requests.ConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]  # no pool needed

    message = str(session._unreachable(request, error))

    assert "acmee.zendesk.com cannot be found" in message
    assert "ZENDESK_SUBDOMAIN" in message


def _answer(status: int, body: bytes, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, body
    response.url = "https://acme.zendesk.com/api/v2/help_center/articles.json"
    response.headers.update(headers)
    return response


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (_answer(404, b"<h1>No help desk at acme</h1>"), "AccountNotFound", "ZENDESK_SUBDOMAIN"),
        (_answer(301, b"", Location="https://new.zendesk.com/"), "SourceMisconfigured", "renamed"),
        (_answer(403, b"<html>"), "PermissionMissing", "Help Center manager"),
        (_answer(401, b"{}"), "CredentialsRejected", "suspended"),
        (_answer(502, b"<html>"), "SourceUnavailable", "status.zendesk.com"),
    ],
)
def test_refusals_have_names(answer: requests.Response, kind: str, says: str) -> None:
    failure = failures.failure_of(answer, uses_token=False)

    assert type(failure).__name__ == kind
    assert says in str(failure)


@pytest.mark.parametrize("status", [200, 404, 409, 422])
def test_what_only_the_sender_can_judge_is_left_to_it(status: int) -> None:
    assert failures.failure_of(_answer(status, b"{}"), uses_token=False) is None


SECTIONS: list[dict[str, Any]] = [
    {"id": 1, "category_id": 9, "parent_section_id": None},
    {"id": 2, "category_id": 9, "parent_section_id": 1},
    {"id": 3, "category_id": 8, "parent_section_id": 3},  # Zendesk would not; a loop must end
]


@pytest.mark.parametrize(
    ("scope", "admitted"),
    [
        (Scope(), {1, 2, 3, 4}),
        (Scope(sections=choice(["1"])), {1, 2}),
        (Scope(sections=choice(["1"], ["2"])), {1}),
        (Scope(categories=choice([], ["9"])), {3}),  # 4 is not known: it could be in 9
        (Scope(categories=choice(["9"]), sections=choice([], ["1"])), set()),
    ],
)
def test_scope_by_place(scope: Scope, admitted: set[int]) -> None:
    places = Places(SECTIONS)
    found = {n for n in (1, 2, 3, 4) if scope.admits_article({"section_id": n}, places)}

    assert found == admitted


def test_scope_by_brand_takes_any_of_its_names() -> None:
    brand = Brand(id="7", name="Acme Outlet", subdomain="acme-outlet", open_to_all=True)

    assert all(
        Scope(brands=choice([each])).admits_brand(brand)
        for each in ("7", "acme outlet", "Acme-Outlet")
    )
    assert not Scope(brands=choice(["acme"])).admits_brand(brand)


def test_a_cursor_of_another_version_means_the_start() -> None:
    progress = Progress(facts={"brand:1": "x"}, since={"1": 5}, complete=True)

    assert progress_of(progress.cursor()) == progress
    assert progress_of("") is None
    assert progress_of("not json") is None
    assert progress_of('{"facts": {}, "since": {}, "other": 1}') is None


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        ({}, True),
        ({"section:2": "new"}, True),
        ({"section:1": "renamed"}, False),
        ({"section:1": None}, True),
        ({"segment:1": "tighter"}, False),
        ({"segment:1": None}, False),
        ({"segment:2": "new"}, True),
        ({"segment:9": "readable now"}, False),
        ({"brand:2": "new"}, False),
        ({"brand:1": None}, False),
        ({"scope": "narrower"}, False),
    ],
)
def test_what_must_be_read_again(now: dict[str, str | None], holds: bool) -> None:
    facts = {"scope": "s", "brand:1": "b", "section:1": "c", "segment:1": "d"}
    old = Progress(facts=facts, since={}, unreadable_segments=("9",))
    changed = {name: each for name, each in {**facts, **now}.items() if each is not None}

    assert still_true(old, changed) is holds


def test_a_source_without_an_account_says_what_to_set() -> None:
    with pytest.raises(SourceMisconfigured, match="ZENDESK_SUBDOMAIN"):
        kind_of("zendesk").build({}, source="help")
    with pytest.raises(SourceMisconfigured, match="ZENDESK_SUBDOMAIN"):
        kind_of("zendesk").build({}, source="help", accounts=Accounts())


def test_a_sources_settings_hold_no_credentials_and_survive_being_stored() -> None:
    kind = kind_of("zendesk")
    config = kind.parse({"sections": [12, "13"], "locales": ["de_AT"], "audience": "signed_in"})

    assert (config.sections, config.locales) == (("12", "13"), ("de-at",))
    assert kind.parse(config.model_dump(mode="json")) == config
    with pytest.raises(SourceMisconfigured, match="client_secret"):
        kind.parse({"client_secret": "x"})
