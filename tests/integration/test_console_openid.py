"""Sign-in at an OpenID Connect provider: who is let in, as what, and what is not believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import RSAKey

from bot.admin.people import People
from bot.admin.roles import Role
from tests.console import Browser, somebody
from tests.fakes.openid import CLIENT, SECRET, FakeOpenId
from tests.integration.console import Serve, serve

if TYPE_CHECKING:
    from fastapi import FastAPI
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    Pool = ConnectionPool[Connection[Any]]

__all__ = ["serve"]

MARA = {"sub": "mara-1", "email": "Mara@acme.example", "email_verified": True, "name": "Mara"}


@pytest.fixture
def provider() -> Iterator[FakeOpenId]:
    with FakeOpenId() as running:
        yield running


@pytest.fixture
def web(provider: FakeOpenId, serve: Serve) -> FastAPI:
    return serve(
        OIDC_ISSUER=provider.issuer,
        OIDC_CLIENT_ID=CLIENT,
        OIDC_CLIENT_SECRET=SECRET,
        OIDC_LABEL="Acme",
        OIDC_DOMAINS="acme.example",
    )


def leave(browser: Browser, next_page: str = "/admin/") -> str:
    answer = browser.get("/sign-in/openid", params={"next": next_page})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def come_back(browser: Browser, provider: FakeOpenId, **claims: Any) -> Any:
    told = provider.sign_in(leave(browser), **claims)
    return browser.get("/sign-in/openid/back", params=told)


def test_who_is_of_the_domain_is_let_in_as_a_viewer_and_known_again_by_subject(
    web: FastAPI, pool: Pool, provider: FakeOpenId
) -> None:
    browser, people = Browser(web, pool), People(pool=pool)
    assert "Continue with Acme" in browser.page("/sign-in").get_text()

    told = provider.sign_in(leave(browser, "/admin/audit"), **MARA)
    answer = browser.get("/sign-in/openid/back", params=told)
    assert answer.headers["location"] == "/admin/audit"
    assert "Mara" in browser.page("/").get_text()
    person = people.named("mara@acme.example")
    assert person is not None
    assert person.role is Role.VIEWER

    again = Browser(web, pool)
    moved = {**MARA, "email": "mara.new@acme.example"}
    assert come_back(again, provider, **moved).status_code == 303
    assert [each.email for each in people.all()] == ["mara@acme.example"]
    people.set_disabled(person.id, True, actor=person.actor)
    assert "switched off" in come_back(Browser(web, pool), provider, **MARA).text


def test_others_need_an_invitation_and_an_address_that_is_verified(
    web: FastAPI, pool: Pool, provider: FakeOpenId
) -> None:
    stranger = {**MARA, "sub": "x", "email": "eve@evil.example"}
    somebody(pool, Role.ADMIN, email="ines@other.example")
    invited = {**MARA, "sub": "ines-1", "email": "ines@other.example"}

    assert "has not been invited" in come_back(Browser(web, pool), provider, **stranger).text
    unverified = {**invited, "email_verified": False}
    assert "does not vouch" in come_back(Browser(web, pool), provider, **unverified).text
    browser = Browser(web, pool)
    assert come_back(browser, provider, **invited).status_code == 303
    assert browser.get("/people").status_code == 200


def test_nothing_is_believed_that_is_not_for_this_sign_in(
    web: FastAPI, pool: Pool, provider: FakeOpenId
) -> None:
    for wrong in (
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ):
        answer = come_back(Browser(web, pool), provider, **MARA, **wrong)
        assert answer.status_code == 422, wrong
    provider.signed_by = RSAKey.generate_key(2048, {"kid": "one"})
    assert come_back(Browser(web, pool), provider, **MARA).status_code == 422
    provider.signed_by = provider.key

    browser, victim = Browser(web, pool), Browser(web, pool)
    told = provider.sign_in(leave(browser), **MARA)
    leave(victim)
    assert "another browser" in victim.get("/sign-in/openid/back", params=told).text
    assert browser.get("/sign-in/openid/back", params=told).status_code == 303
    assert browser.get("/sign-in/openid/back", params=told).status_code == 422
    refused = Browser(web, pool).get("/sign-in/openid/back", params={"error": "access_denied"})
    assert refused.status_code == 422
