"""What other people wrote does nothing on any page, and nothing that is sent breaks one: payloads
for browsers, for SQL and for file systems, through every field of every route."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot.admin.showing import article_html
from bot.preferences import Preferences
from bot.self_service import HelpPage
from bot.sources import Source, Sources
from tests.console import Browser, somebody
from tests.factories import document
from tests.integration.conftest import Knowledge
from tests.integration.console import Serve, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

__all__ = ["serve"]

Pool = ConnectionPool[Connection[Any]]

# After the lists of OWASP and PortSwigger: one of each way to get out of text, attribute, address,
# style and script.
MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "</title></textarea></style><script src=//evil.example></script>",
    '<a href="java\tscript:alert(1)">x</a>',
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<form action="https://evil.example"><button>x',
    "<base href=https://evil.example>",
    "{{ 7*7 }}{% raw %}${7*7}",
    "<style>@import'//evil.example'</style>",
)
OTHERS = (
    "' OR '1'='1",
    "'; DROP TABLE questions; --",
    "%' ESCAPE '\\",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "\ud83d\ude00\u202e\u0000",
    "-9223372036854775809",
    "a" * 2_000,
)
PLAIN = MARKUP[1]


def is_harmless(html: str) -> bool:
    """Whether a page holds nothing that runs, loads or sends elsewhere."""
    page = BeautifulSoup(html, "lxml")
    for tag in page.find_all(True):
        if tag.name in {"iframe", "object", "embed", "base", "math", "style"}:
            return False
        if tag.name == "script" and not str(tag.get("src", "")).startswith("/admin/static/"):
            return False
        for name, value in tag.attrs.items():
            if name.startswith("on") or name in {"style", "srcdoc"}:
                return False
            told = "".join(str(value).split()).lower()
            if name in {"href", "src", "action", "hx-get", "hx-post"} and told.startswith(
                ("javascript:", "data:", "vbscript:")
            ):
                return False
            if name in {"src", "action", "hx-get", "hx-post"} and "evil.example" in told:
                return False
    return True


def routes_of(web: FastAPI, method: str) -> Iterator[Any]:
    from fastapi.routing import iter_route_contexts

    mounted: Any = next(each for each in web.routes if getattr(each, "path", "") == "/admin")
    for route in iter_route_contexts(mounted.app.routes):
        if method in route.methods and not route.path.startswith("/static"):
            yield route


def fields_of(route: Any) -> tuple[list[str], list[str]]:
    """The names of what a route takes in its address and in its form."""
    queries, forms = [], []
    pending = [route.dependant]
    while pending:
        found = pending.pop()
        pending += found.dependencies
        queries += [each.alias for each in found.query_params]
        forms += [each.alias for each in found.body_params]
    return queries, forms


@pytest.fixture
def stocked(serve: Serve, pool: Pool, knowledge: Knowledge) -> FastAPI:
    """Payloads wherever other people's words are kept."""
    knowledge.add(
        *(
            document(
                f"../{number}{payload[:40]}",
                title=payload,
                body=f"<p>Return it within 45 days. {payload}</p>",
                url=f"https://help.example.com/{number}",
            )
            for number, payload in enumerate(MARKUP)
        )
    )
    with pool.connection() as connection:
        for number, payload in enumerate(MARKUP):
            connection.execute(
                "INSERT INTO failed_documents (source, id, reason) VALUES ('help', %s, %s)",
                (f"{number}{payload}", payload),
            )
            question = uuid4()
            connection.execute(
                "INSERT INTO questions (id, surface, text, locale, audience, outcome, reason,"
                " detail, tags, evidence, engine, model, prompt_version, embedding_index,"
                " input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd,"
                " latency_ms) VALUES (%s, 'slack', %s, 'en', '{public}', 'handed_off',"
                " 'missing_knowledge', %s, '{}', 0, '', '', '', 1, 0, 0, 0, 0, 0, '{}')",
                (question, payload, payload),
            )
            connection.execute("INSERT INTO statements VALUES (%s, 0, %s)", (question, payload))
            connection.execute(
                "INSERT INTO audit_log (surface, actor, action, target, before, after)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (*(payload,) * 4, '{"a": "<script>alert(1)</script>"}', None),
            )
            connection.execute(
                "INSERT INTO console_people (email, name, role) VALUES (%s, %s, 'viewer')",
                (f"{number}@example.com", payload),
            )
            connection.execute(
                "INSERT INTO ticket_policies (channel, mode, allowed) VALUES (%s, 'draft', %s)",
                (payload, [payload]),
            )
            connection.execute(
                "INSERT INTO routing_tags (name, description) VALUES (%s, %s)", (payload, payload)
            )
    return serve()


def test_no_page_lets_what_others_wrote_do_anything(stocked: FastAPI, pool: Pool) -> None:
    Sources(pool=pool).add(
        Source(name="files", kind="files", config={"path": PLAIN, "url_base": MARKUP[0]})
    )
    Preferences(pool=pool).put(HelpPage(enabled=True, title=PLAIN, introduction=PLAIN))
    admin = Browser(stocked, pool, somebody(pool))
    addresses = {str(a["href"]) for a in admin.page("/").select("nav a") if "/" in str(a["href"])}
    addresses |= {"/help/", "/admin/sources/help", "/admin/sources/files"}

    seen = 0
    for depth in range(2):
        found = set()
        for address in sorted(addresses):
            answer = admin.client.get(address, follow_redirects=True)
            assert answer.status_code == 200, (address, answer.status_code)
            assert is_harmless(answer.text), address
            seen += 1
            if depth == 0:  # what the pages lead to, a few of each kind
                page = BeautifulSoup(answer.text, "lxml")
                links = [re.sub(r"[\t\r\n]", "", str(a["href"])) for a in page.select("main a")]
                kinds: dict[str, list[str]] = {}
                for link in links:
                    if link.startswith("/admin/"):
                        kinds.setdefault(re.sub(r"[^/]*$", "", link), []).append(link)
                found |= {link for some in kinds.values() for link in some[:3]}
        addresses = found - addresses
    assert seen > 25


def test_no_filter_and_no_address_breaks_a_page(stocked: FastAPI, pool: Pool) -> None:
    admin = Browser(stocked, pool, somebody(pool))
    tried = 0
    for route in routes_of(stocked, "GET"):
        queries, _ = fields_of(route)
        places = re.findall(r"{(\w+)}", route.path)
        for payload in (MARKUP[1], *OTHERS) if queries or places else ():
            text = payload.encode("utf-8", "replace").decode()
            path = re.sub(r"{[^}]*}", lambda _: quote(text[:500], safe=""), route.path)  # noqa: B023
            answer = admin.get(path, params=dict.fromkeys(queries, text))
            tried += 1
            assert answer.status_code < 500, (route.path, payload[:30], answer.text[-300:])
            assert "root:x:" not in answer.text
            assert is_harmless(answer.text), (route.path, payload[:30])
    assert tried > 100
    with pool.connection() as connection:
        row = connection.execute("SELECT count(*) FROM questions").fetchone()
    assert row == (len(MARKUP),), "nothing was dropped"


def test_no_form_breaks_a_page(stocked: FastAPI, pool: Pool) -> None:
    admin = Browser(stocked, pool, somebody(pool))
    tried = 0
    for route in routes_of(stocked, "POST"):
        if route.path in {"/sign-out", "/playground/stream", "/playground"}:
            continue
        _, forms = fields_of(route)
        for payload in (MARKUP[1], OTHERS[1], OTHERS[5], OTHERS[6]):
            text = payload.encode("utf-8", "replace").decode()
            path = re.sub(r"{[^}]*}", "1", route.path)
            answer = admin.post(path, dict.fromkeys(forms, text))
            tried += 1
            assert answer.status_code < 500, (route.path, payload[:30], answer.text[-300:])
            assert is_harmless(answer.text), (route.path, payload[:30])
    assert tried > 40


@pytest.mark.parametrize(
    "address",
    [
        *("/sources/new/files", "/sources/new/website", "/settings/limits", "/settings/sending"),
        *("/settings/retention", "/settings/help", "/settings/voice", "/settings/slack"),
        *("/settings/tickets", "/profile", "/routing", "/privacy", "/playground", "/people"),
    ],
)
def test_no_form_as_it_stands_on_a_page_is_broken_by_what_is_filled_in(
    serve: Serve, pool: Pool, address: str
) -> None:
    """Also those whose fields no route names, because a model of settings does."""
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO slack_workspaces (id, name, bot_user_id) VALUES ('T1', 'Acme', 'U0')"
        )
        connection.execute("INSERT INTO slack_teams (team_id, workspace) VALUES ('T1', 'T1')")
    admin = Browser(serve(), pool, somebody(pool))
    tried = 0
    for form in admin.page(address).select("main form[method=post]"):
        action = str(form.get("action") or f"/admin{address}")
        names = [str(each["name"]) for each in form.select("[name]") if each["name"] != "csrf"]
        if not names or action == "/admin/playground":
            continue
        for payload in (MARKUP[1], OTHERS[1], OTHERS[3], OTHERS[6], OTHERS[7]):
            answer = admin.post(action.removeprefix("/admin"), dict.fromkeys(names, payload))
            tried += 1
            assert answer.status_code in {200, 303, 422}, (action, payload[:30], answer.text[-300:])
            assert "root:x:" not in answer.text
            assert is_harmless(answer.text), (action, payload[:30])
            where = answer.headers.get("location", "/admin/")
            assert where.startswith("/admin/"), "no form leads elsewhere"
    assert tried or address == "/playground"


@pytest.mark.parametrize("payload", MARKUP)
def test_an_articles_html_is_shown_without_anything_that_acts(payload: str) -> None:
    shown = str(article_html(f"<p>Return it <b>soon</b>.</p>{payload}"))

    assert "<b>soon</b>" in shown
    assert is_harmless(shown)
