"""The pages about answers, as people use them: why it was wrong, what to fix, is it fixed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from bot.admin.roles import Role
from bot.audit import SYSTEM
from bot.bootstrap import Application, processes
from bot.evaluation.case_sets import CaseSets, NewCase
from bot.feedback import Feedback
from bot.jobs.advice import AdviceJob
from bot.records import Records
from bot.settings import load
from bot.support import NoRecords
from bot.triage.models import Example, RoutingTag
from bot.triage.taxonomy import TaxonomyStore
from indexing.models import Audience, Reader
from tests.console import Browser, somebody
from tests.factories import document
from tests.integration.test_conversations import ASKED, RETURNS, ask
from tests.models import with_models

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

    from tests.integration.conftest import Knowledge

SCRIPT = "<script>alert(1)</script>"
SENT = f'[{{"html": "<p>Yes</p><img src=x onerror=alert(1)>{SCRIPT}", "public": true}}]'
GIFT = "Can I return a gift card?"


@pytest.fixture
def stocked(knowledge: Knowledge) -> Knowledge:
    knowledge.add(
        document(locale="en-us", translation_group="article:1", metadata={"article_id": "1"}),
        document(
            id="vip",
            title="Returns of wholesale partners",
            body="<p>Partners may return any item within 90 days of delivery.</p>",
            audience=Audience.segments(7),
        ),
        document(id="nasty", title=f"Nasty {SCRIPT}", body=f"<p>Nasty &lt;b&gt; {SCRIPT}</p>"),
    )
    return knowledge


@pytest.fixture
def app(
    database_url: str,
    stocked: Knowledge,
    model_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Application]:
    """The web process's parts, on the models that the tests have prepared."""
    (tmp_path / "models").symlink_to(model_cache)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SUPPORTBOT_DATA_DIR", str(with_models(tmp_path)))
    with Application(settings=load(tmp_path / ".env")) as opened:
        yield opened


@pytest.fixture
def browsers(app: Application, pool: Any) -> dict[Role, Browser]:
    web = processes.web(app)
    return {role: Browser(web, pool, somebody(pool, role)) for role in Role}


def words(page: BeautifulSoup) -> str:
    main = page.select_one("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def test_why_an_answer_was_wrong_is_found_fixed_and_kept_as_a_test(
    browsers: dict[Role, Browser], stocked: Knowledge
) -> None:
    agent = browsers[Role.AGENT]
    asked = ask(stocked, GIFT)
    Feedback(pool=stocked.pool).rate(asked, surface="slack", person="U1", helpful=False)
    listed = agent.page("/conversations?opinion=bad&outcome=handed_off")
    (link,) = [each for each in listed.select("main td a") if each.get_text() == GIFT]
    seen = words(agent.page(str(link["href"]).removeprefix("/admin")))
    assert "missing knowledge" in seen
    assert "Returning an item" in seen
    stocked.add(
        document(
            id="gift-cards",
            title="Returning a gift card",
            body="<p>You can return a gift card within 14 days if it is unused.</p>",
        )
    )
    again = agent.post(f"/conversations/{asked}/again")
    assert again.status_code == 200
    assert "It is answered now." in again.text
    assert "within 14 days" in again.text
    assert stocked.rows("SELECT count(*) FROM questions") == [(1,)]
    kept = agent.post(
        f"/conversations/{asked}/case",
        {"name": "gifts", "outcome": "answered", "articles": "gift-cards"},
    )
    assert kept.status_code == 303
    assert "Kept in the test set" in agent.get(f"/conversations/{asked}").text
    assert stocked.rows(
        "SELECT one.question, one.article_ids, one.outcome, one.origin, one.created_by "
        "FROM test_cases AS one JOIN test_sets AS named ON named.id = one.set_id "
        "WHERE named.name = 'gifts'"
    ) == [(GIFT, ["gift-cards"], "answered", "retest", "agent@example.com")]


def test_a_person_says_which_article_is_right_and_the_bot_learns_it(
    browsers: dict[Role, Browser], stocked: Knowledge
) -> None:
    agent = browsers[Role.AGENT]
    asked = ask(stocked, "Where do parcels that I do not want go?")
    page = agent.page(f"/conversations/{asked}")
    offered = [str(box["value"]) for box in page.select("fieldset input[type=checkbox]")]
    assert sorted(offered) == ["nasty", "returns"]
    assert agent.post(f"/conversations/{asked}/right").status_code == 422
    assert agent.post(f"/conversations/{asked}/right", {"others": "nowhere"}).status_code == 422
    sent = agent.post(f"/conversations/{asked}/right", {"documents": ["returns"]})
    assert sent.status_code == 303
    assert stocked.rows("SELECT question_id, origin, article_ids FROM question_memory") == [
        (asked, "corrected", ["article:1"])
    ]
    assert browsers[Role.VIEWER].post(f"/conversations/{asked}/right").status_code == 403


def test_a_set_says_what_fails_first_and_what_to_do_about_it(
    app: Application, browsers: dict[Role, Browser], stocked: Knowledge
) -> None:
    agent = browsers[Role.AGENT]
    CaseSets(pool=stocked.pool).add(
        "gifts",
        [
            NewCase(
                question=ASKED, reader=Reader.customer(), answerable=True, article_ids=("returns",)
            ),
            NewCase(
                question=GIFT, reader=Reader.customer(), answerable=True, article_ids=("gone",)
            ),
            NewCase(
                question="What may partners of segment 7 do?",
                reader=Reader.signed_in_customer(7),
                answerable=True,
                article_ids=("gone",),
            ),
        ],
        actor=SYSTEM,
    )
    path = "/evaluations/sets?name=gifts"
    assert "Not worked out yet" in agent.get(path).text
    sent = agent.post("/evaluations/sets/advise", {"name": "gifts"})
    assert sent.headers["location"] == f"/admin{path}"
    assert stocked.rows(
        "SELECT args ->> 'name' FROM procrastinate_jobs WHERE task_name = 'insight.advise'"
    ) == [("gifts",)]
    AdviceJob(
        pool=stocked.pool,
        desk=lambda: app.desk_over(app.retriever, recorder=NoRecords()),
        retriever=lambda: app.retriever,
        index=lambda: app.index,
        router=lambda: app.router,
        has_tags=lambda: False,
        engine=lambda: app.engine.name,
    ).run("gifts")
    seen = words(agent.page(path))
    assert "2 of 3 fail" in seen
    assert "Article missing: 2" in seen
    assert f"{GIFT} " in seen
    assert "partners of segment 7" not in seen
    assert "partners of segment 7" in words(browsers[Role.ADMIN].page(path))
    assert stocked.rows("SELECT count(*) FROM questions") == [(0,)]


def test_quotes_are_marked_in_their_passages_and_other_peoples_text_runs_nowhere(
    browsers: dict[Role, Browser], stocked: Knowledge
) -> None:
    admin = browsers[Role.ADMIN]
    asked = ask(stocked)
    with stocked.pool.connection() as connection:
        connection.execute(
            "UPDATE questions SET text = %s WHERE id = %s", (f"{ASKED} {SCRIPT}", asked)
        )
        connection.execute(
            "INSERT INTO ticket_turns (id, ticket_id, state, outcome, changes, asked_at) "
            "VALUES (%s, 5, 'done', 'answered', %s::jsonb, now())",
            (asked, SENT),
        )
    page = admin.page(f"/conversations/{asked}")
    assert [each.get_text() for each in page.select("mark")] == [RETURNS]
    assert page.select_one("div.sent p ~ div.article p") is not None
    for path in (
        f"/conversations/{asked}",
        "/conversations?" + urlencode({"words": SCRIPT}),
        "/knowledge?" + urlencode({"words": "nasty"}),
        "/knowledge?" + urlencode({"words": f'"><{SCRIPT}'}),
        "/knowledge/search?" + urlencode({"q": f"nasty {SCRIPT}"}),
    ):
        text = admin.get(path).text
        assert "<script>alert" not in text
        assert "onerror" not in text, path
    (shown,) = admin.page("/knowledge?words=nasty").select("main tbody th a")
    assert SCRIPT in admin.page(str(shown["href"]).removeprefix("/admin")).get_text()


def test_what_is_kept_to_segments_stays_with_admins_on_every_page(
    browsers: dict[Role, Browser], stocked: Knowledge
) -> None:
    asked = ask(
        stocked,
        "Within how many days may wholesale partners return any item?",
        reader=Reader.signed_in_customer(7),
    )
    (pk,) = stocked.rows("SELECT pk FROM documents WHERE id = 'vip'")[0]
    search = "/knowledge/search?" + urlencode(
        {"q": "returns of wholesale partners", "as": "agent", "segments": "7"}
    )
    pages = (f"/conversations/{asked}", "/knowledge", "/knowledge?words=wholesale", search)
    for path in pages:
        assert "Returns of wholesale partners" in browsers[Role.ADMIN].get(path).text
        for role in (Role.VIEWER, Role.AGENT):
            text = words(browsers[role].page(path))
            assert "90 days" not in text, (path, role)
            assert "Returns of wholesale partners" not in text, (path, role)
    assert "90 days" in browsers[Role.ADMIN].get(search).text
    assert browsers[Role.AGENT].get(f"/knowledge/{pk}").status_code == 404
    assert browsers[Role.ADMIN].get(f"/knowledge/{pk}").status_code == 200
    assert browsers[Role.AGENT].post(f"/conversations/{asked}/again").status_code == 404
    tried = {"q": "How long may wholesale partners return items?", "as": "agent", "segments": "7"}
    assert "90 days" in browsers[Role.ADMIN].post("/playground", tried).text
    assert "90 days" not in browsers[Role.AGENT].post("/playground", tried).text


def test_the_playground_streams_what_it_says_in_the_end_and_counts_nothing(
    browsers: dict[Role, Browser], stocked: Knowledge
) -> None:
    agent = browsers[Role.AGENT]
    sent = agent.post("/playground/stream", {"q": ASKED, "as": "customer", "delivery": "sent"})
    assert sent.headers["content-type"].startswith("text/event-stream")
    events = re.findall(r"^event: (\w+)$", sent.text, re.MULTILINE)
    assert events == ["statement", "answer"]
    assert sent.text.count("45 days") >= 3
    assert "holds" in sent.text  # the checks of what is sent
    page = agent.post("/playground", {"q": ASKED, "as": "customer"})
    assert "45 days" in page.text
    assert agent.post("/playground/stream", {"q": "  "}).status_code == 422
    assert agent.post("/playground/stream", {"q": ASKED, "as": "root"}).status_code == 422
    assert agent.client.post("/admin/playground/stream", data={"q": ASKED}).status_code == 403
    assert browsers[Role.VIEWER].get("/playground").status_code == 403
    assert stocked.rows("SELECT count(*) FROM questions") == [(0,)]


def drafted(stocked: Knowledge) -> UUID:
    asked = ask(stocked, delivery="drafted")
    with stocked.pool.connection() as connection:
        connection.execute(
            "INSERT INTO ticket_turns (id, ticket_id, state, outcome, asked_at, done_at) "
            "VALUES (%s, 7, 'done', 'drafted', now(), now())",
            (asked,),
        )
    return asked


def test_drafts_are_decided_once_in_own_words_too(
    browsers: dict[Role, Browser], stocked: Knowledge
) -> None:
    agent, viewer = browsers[Role.AGENT], browsers[Role.VIEWER]
    first, second = drafted(stocked), drafted(stocked)
    with stocked.pool.connection() as connection:
        connection.execute("UPDATE ticket_turns SET ticket_id = 8 WHERE id = %s", (second,))
    page = agent.page(f"/drafts/{first}")
    reply = page.select_one("textarea")
    assert reply is not None
    assert reply.get_text().strip() == f"{RETURNS} [1]"
    assert viewer.post(f"/drafts/{first}/approve").status_code == 403
    assert viewer.page(f"/drafts/{first}").select("main form") == []
    refused = agent.post(f"/drafts/{first}/approve", {"words": "  "})
    assert refused.status_code == 422
    assert "20000 characters" in refused.text
    agent.post(f"/drafts/{first}/approve", {"words": "Forty-five days [1]."})
    agent.post(f"/drafts/{second}/reject", {"reason": "Too short."})
    assert stocked.rows(
        "SELECT decision, text, reason, surface, person FROM draft_decisions ORDER BY decision"
    ) == [
        ("approved", "Forty-five days [1].", "", "console", "agent@example.com"),
        ("rejected", None, "Too short.", "console", "agent@example.com"),
    ]
    late = agent.post(f"/drafts/{first}/reject")
    assert late.headers["location"].endswith(str(first))
    assert "Somebody was faster" in agent.get(f"/drafts/{first}").text
    assert "Nothing waits" in agent.get("/drafts").text
    assert agent.get(f"/drafts/{uuid4()}").status_code == 404


def test_routing_is_set_up_tried_and_its_mistakes_seen(
    browsers: dict[Role, Browser], stocked: Knowledge
) -> None:
    admin = browsers[Role.ADMIN]
    store = TaxonomyStore(pool=stocked.pool)
    admin.post(
        "/routing/save",
        {"name": "Returns", "description": "Sending things back", "enabled": "true",
         "priority": "high"},
    )  # fmt: skip
    store.save(
        [RoutingTag(name="billing")],
        [
            *(Example(text=f"My invoice number {each} is wrong", tag="billing") for each in "ab"),
            Example(text="I want to send this jacket back", tag="billing"),
        ],
    )
    sent = "I want to send the tent back\nHow do I return this jacket?\n\nPlease take it back"
    assert admin.post("/routing/examples", {"name": "returns", "examples": sent}).status_code == 303
    tag = words(admin.page("/routing/tags/returns"))
    assert "Examples: 3" in tag
    tried = admin.post(
        "/routing/try", {"text": "How do I return my boots?"}, headers={"HX-Request": "true"}
    )
    assert "returns" in tried.text
    assert "<html" not in tried.text
    learnt = words(admin.page("/routing/learnt"))
    assert "I want to send this jacket back" in learnt
    admin.post(
        "/routing/examples/remove",
        {"name": "billing", "text": "I want to send this jacket back"},
    )
    assert "send this jacket back" not in admin.get("/routing/tags/billing").text
    shown = words(admin.page("/routing"))
    assert "routing tags added returns" in shown
    assert admin.post("/routing/save", {"name": "two words"}).status_code == 422
    assert admin.post("/routing/save", {"name": "x", "group_id": "abc"}).status_code == 422
    assert browsers[Role.AGENT].post("/routing/remove", {"name": "returns"}).status_code == 403
    admin.post("/routing/remove", {"name": "returns"})
    assert store.names() == ("billing",)


def test_a_document_tells_its_story_and_gaps_are_worked_out_on_request(
    browsers: dict[Role, Browser], stocked: Knowledge
) -> None:
    agent = browsers[Role.AGENT]
    asked = ask(stocked)
    (pk,) = stocked.rows("SELECT pk FROM documents WHERE id = 'returns'")[0]
    page = agent.page(f"/knowledge/{pk}")
    assert page.select_one(f'a[href="/admin/conversations/{asked}"]') is not None
    assert "added" in words(page)
    assert agent.post("/gaps/refresh").status_code == 303
    assert stocked.rows(
        "SELECT task_name FROM procrastinate_jobs WHERE task_name = 'insight.gaps'"
    ) == [("insight.gaps",)]
    assert "Not worked out yet" in agent.get("/gaps/articles/contradiction").text
    assert agent.get("/gaps/topics/1").status_code == 404
    for bad in ("/gaps/articles/other", "/conversations/1", f"/conversations/{uuid4()}"):
        assert agent.get(bad).status_code in {404, 422}
    for strange in ("at=x&before=" + str(asked), "since=99999999&until=x&ticket=%00", "words=%00"):
        assert agent.get(f"/conversations?{strange}").status_code in {200, 404}
    Records(pool=stocked.pool).forget(asked)
    assert "taken back" in agent.get(f"/conversations/{asked}").text
