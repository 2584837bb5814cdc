"""Who gets into the console, and which routes they get to: every one of them, by its role."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot.admin.gate import Needs
from bot.admin.people import People
from bot.admin.requests import safe_next
from bot.admin.roles import Role
from bot.admin.sessions import Sessions
from bot.admin.sign_in import OPEN
from bot.audit import SYSTEM, Audit
from bot.errors import InputRejected
from tests.console import COOKIE, Browser, somebody
from tests.integration.console import Serve, serve

__all__ = ["serve"]

Pool = ConnectionPool[Connection[Any]]

PASSWORD = "correct horse battery"


@pytest.fixture
def web(serve: Serve) -> FastAPI:
    return serve()


@pytest.fixture
def people(pool: Pool) -> People:
    return People(pool=pool)


def console_routes(web: FastAPI) -> list[tuple[str, str, Role | None]]:
    """Method, path below /admin, and the least role of every route of the console."""
    from fastapi.routing import iter_route_contexts

    mounted = next(route for route in web.routes if getattr(route, "path", "") == "/admin")
    inner: Any = mounted.app  # type: ignore[attr-defined]
    found = []
    for route in iter_route_contexts(inner.routes):
        needs = [
            each.call.role for each in route.dependant.dependencies if isinstance(each.call, Needs)
        ]
        role = max(needs, key=list(Role).index) if needs else None
        found += [(method, route.path, role) for method in sorted(route.methods)]
    return found


def test_every_route_is_open_by_name_or_needs_a_role_and_keeps_others_out(
    web: FastAPI, pool: Pool
) -> None:
    routes = console_routes(web)
    browsers = {role: Browser(web, pool, somebody(pool, role)) for role in Role}
    stranger = Browser(web, pool)

    assert {path for _, path, role in routes if role is None} == OPEN
    assert len(routes) > 15
    for method, template, needed in routes:
        if needed is None:
            continue
        path = re.sub(r"{[^}]*}", "1", template)
        answer = stranger.client.request(method, f"/admin{path}")
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"].startswith("/admin/sign-in?next=")
        for role, browser in browsers.items():
            if not role.may(needed):
                answer = browser.client.request(
                    method, f"/admin{path}", headers={"X-CSRF-Token": browser.csrf}
                )
                assert answer.status_code == 403, (method, path, role)
        if method in {"POST", "PUT", "DELETE"}:
            answer = browsers[Role.ADMIN].client.request(method, f"/admin{path}")
            assert answer.status_code == 403, f"{method} {path} takes a form that is not ours"


def test_every_page_of_the_menu_is_shown_to_who_may_and_hidden_from_who_may_not(
    web: FastAPI, pool: Pool
) -> None:
    addresses = {}
    for role in Role:
        browser = Browser(web, pool, somebody(pool, role))
        links = browser.page("/").select("nav[aria-label=Pages] a")
        addresses[role] = {str(link["href"]) for link in links}
        for address in addresses[role]:
            answer = browser.client.get(address, follow_redirects=True)
            assert answer.status_code == 200, (role, address)

    assert addresses[Role.VIEWER] < addresses[Role.ADMIN]
    assert "/admin/people" in addresses[Role.ADMIN] - addresses[Role.AGENT]


def test_pages_tell_the_browser_to_load_and_run_nothing_of_others(web: FastAPI, pool: Pool) -> None:
    answer = Browser(web, pool, somebody(pool)).get("/")

    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=\"/admin/static/)|\son\w+=|style=", answer.text)
    assert not re.search(r"""(?:src|href)="(?:https?:)?//""", answer.text)


def test_a_link_signs_in_once_and_opening_it_uses_nothing_up(
    web: FastAPI, pool: Pool, people: People
) -> None:
    token = Sessions(pool=pool, people=people).link(people.operator())
    browser = Browser(web, pool)

    for _ in range(2):
        page = browser.page(f"/sign-in/link/{token}")
    proof = page.select_one("input[name=csrf]")
    assert proof is not None
    sent = {"csrf": str(proof["value"])}
    answer = browser.client.post(f"/admin/sign-in/link/{token}", data=sent)
    assert answer.headers["location"] == "/admin/"
    assert "Operator" in browser.page("/").get_text()
    assert browser.client.post(f"/admin/sign-in/link/{token}", data=sent).status_code != 303


def sign_in(browser: Browser, email: str, password: str, **more: str) -> Any:
    form = browser.page("/sign-in").select_one("form[action='/admin/sign-in'] input[name=csrf]")
    assert form is not None
    given = {"csrf": str(form["value"]), "email": email, "password": password, **more}
    return browser.client.post("/admin/sign-in", data=given)


def test_a_password_signs_in_with_a_session_that_nobody_could_have_planted(
    web: FastAPI, pool: Pool
) -> None:
    person = somebody(pool, Role.AGENT)
    owner = Browser(web, pool, person)
    new = {"password": PASSWORD, "again": PASSWORD}
    assert owner.post("/profile/password", new).status_code == 303
    victim = Browser(web, pool)
    victim.client.cookies.set(COOKIE, "planted")

    assert sign_in(victim, person.email, "wrong").status_code == 422
    answer = sign_in(victim, person.email.upper(), PASSWORD, next="/admin/profile")

    assert answer.headers["location"] == "/admin/profile"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "planted" not in cookie
    assert (
        Browser(web, pool)
        .client.get("/admin/", headers={"Cookie": f"{COOKIE}=planted"})
        .status_code
        == 303
    )
    with pool.connection() as connection:
        kept = connection.execute("SELECT password_hash FROM console_people").fetchone()
        logged = connection.execute("SELECT before::text || after::text FROM audit_log").fetchall()
    assert kept is not None
    assert kept[0].startswith("$argon2id$")
    assert "argon2" not in str(logged)


def test_the_operators_password_is_a_setting(serve: Serve, pool: Pool) -> None:
    web = serve(ADMIN_PASSWORD="only on this machine")

    assert sign_in(Browser(web, pool), "admin", "only on that machine").status_code == 422
    browser = Browser(web, pool)
    assert sign_in(browser, "admin", "only on this machine").status_code == 303
    assert browser.get("/people").status_code == 200


def test_guessing_is_stopped_for_the_account_and_not_for_others(serve: Serve, pool: Pool) -> None:
    web = serve(ADMIN_PASSWORD="only on this machine")
    browser = Browser(web, pool)

    tried = [sign_in(browser, "admin", f"guess {n}").status_code for n in range(11)]

    assert tried == [422] * 10 + [429]
    assert sign_in(browser, "admin", "only on this machine").status_code == 429
    assert sign_in(browser, "nobody@example.com", "guess").status_code == 422
    with pool.connection() as connection:
        connection.execute("UPDATE console_attempts SET at = at - interval '16 minutes'")
    assert sign_in(browser, "admin", "only on this machine").status_code == 303


def test_sessions_end_when_they_idle_when_they_are_old_and_when_an_admin_says_so(
    web: FastAPI, pool: Pool
) -> None:
    agent, admin = somebody(pool, Role.AGENT), Browser(web, pool, somebody(pool))

    def change(statement: str) -> int:
        browser = Browser(web, pool, agent)
        assert browser.get("/").status_code == 200
        with pool.connection() as connection:
            connection.execute(statement, (agent.id,))
        return browser.get("/").status_code

    assert (
        change("UPDATE console_sessions SET seen_at = now() - interval '25 h' WHERE person_id = %s")
        == 303
    )
    assert change("UPDATE console_sessions SET expires_at = now() WHERE person_id = %s") == 303
    browser = Browser(web, pool, agent)
    assert admin.post(f"/people/{agent.id}/sessions").status_code == 303
    assert browser.get("/").status_code == 303
    browser = Browser(web, pool, agent)
    assert admin.post(f"/people/{agent.id}/disabled", {"disabled": "true"}).status_code == 303
    assert browser.get("/").status_code == 303
    browser = Browser(web, pool, somebody(pool, Role.VIEWER))
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/").status_code == 303


def test_forms_of_other_sites_and_other_sessions_change_nothing(web: FastAPI, pool: Pool) -> None:
    admin, other = Browser(web, pool, somebody(pool)), Browser(web, pool, somebody(pool))
    form = {"name": "Mallory", "timezone": "UTC"}

    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert admin.post("/profile", form, headers=headers).status_code == 403
    assert admin.post("/profile", {**form, "csrf": other.csrf}).status_code == 403
    assert admin.post("/profile", {**form, "csrf": ""}).status_code == 403
    assert "Mallory" not in admin.page("/profile").get_text()
    assert admin.post("/profile", form, headers={"Origin": "http://testserver"}).status_code == 303
    assert "Mallory" in admin.page("/profile").get_text()


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/admin/",
        "/admin//evil.example",
        "/\\evil.example",
        "/admin/\\evil.example",
        "javascript:alert(1)",
        "/admin/\r\nLocation: https://evil.example",
        "/admin/sign-out",
        "",
    ],
)
def test_signing_in_leads_to_no_other_site(elsewhere: str) -> None:
    assert safe_next(elsewhere) == "/admin/"


def test_after_signing_in_the_wanted_page_is_shown(web: FastAPI, pool: Pool) -> None:
    answer = Browser(web, pool).get("/audit?actor=mara%40example.com&target=a%26b")
    location = answer.headers["location"]
    field = Browser(web, pool).page(location.removeprefix("/admin")).select_one("[name=next]")

    assert field is not None
    assert safe_next(str(field["value"])) == "/admin/audit?actor=mara%40example.com&target=a%26b"


def test_the_last_admin_stays_one(people: People) -> None:
    mara = people.add(email="mara@example.com", name="Mara", role=Role.ADMIN, actor=SYSTEM)

    with pytest.raises(InputRejected, match="Nobody else is an admin"):
        people.change_role(mara.id, Role.VIEWER, actor=SYSTEM)
    with pytest.raises(InputRejected, match="Nobody else is an admin"):
        people.set_disabled(mara.id, True, actor=SYSTEM)


def test_an_invitation_is_a_link_that_works_once_and_is_in_the_log(
    web: FastAPI, pool: Pool
) -> None:
    admin = Browser(web, pool, somebody(pool))

    answer = admin.post("/people", {"email": "Ines@Example.com", "role": "agent"})
    link = re.search(r"http://testserver(/admin/sign-in/link/[\w-]+)", answer.text)

    assert link is not None
    assert "ines@example.com" in Browser(web, pool).page(link[1].removeprefix("/admin")).get_text()
    assert admin.post("/people", {"email": "ines@example.com"}).status_code == 422
    assert admin.post("/people", {"email": "no address"}).status_code == 422
    entry = Audit(pool=pool).latest(action="console_people added")[0]
    assert (entry.actor.name, entry.target) == ("admin@example.com", "ines@example.com")


@pytest.mark.parametrize("name", ["../people.py", "..%2fpeople.py", "console.css%00", "%2e%2e/x"])
def test_only_the_files_that_are_listed_are_served(web: FastAPI, name: str) -> None:
    client = TestClient(web)

    assert client.get("/admin/static/console.css").headers["content-type"].startswith("text/css")
    assert client.get("/admin/static/htmx.js").status_code == 200
    assert client.get(f"/admin/static/{name}").status_code == 404


def test_what_is_too_long_is_not_read(web: FastAPI, pool: Pool) -> None:
    admin = Browser(web, pool, somebody(pool))

    assert admin.post("/profile", {"name": "x" * 3_000_000}).status_code == 413
    assert admin.post("/profile", {"name": "x" * 300_000}).status_code == 422
    assert admin.post("/profile", {"name": "nul\0nul", "timezone": "UTC\0"}).status_code == 422


def test_links_grow_old(pool: Pool, people: People) -> None:
    sessions = Sessions(pool=pool, people=people)

    token = sessions.link(people.operator(), valid=timedelta(seconds=-1))

    assert sessions.linked(token) is None
    assert sessions.use_link(token) is None
