"""`eval retrieval` on files: a database of its own, four methods, the figures of the contract."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from rich.console import Console

from bot import db
from bot.errors import DatabaseUnsuitable, InputRejected
from bot.evaluation.articles import articles_for, read_articles
from bot.evaluation.cases import read_cases, read_memory
from bot.evaluation.report import retrieval_json, write_json
from bot.evaluation.retrieval import run_retrieval
from bot.evaluation.scorers import METRICS
from bot.evaluation.tables import retrieval_tables
from bot.evaluation.temporary import PREFIX, drop_all, temporary_index
from indexing.retrieval import Retriever
from tests.conftest import run_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bot.evaluation.retrieval import RetrievalReport
    from indexing.embedders.embedder import Embedder
    from indexing.models import Document

METHODS = ["lexical", "dense", "rrf", "ours"]

TEXTS = {
    "returns": ("Returning an item", "Unworn clothes can be sent back within 45 days."),
    "shipping": ("Shipping times", "Parcels to Norway take six working days."),
    "invoice": ("Invoices", "Download the invoice of any order from your account page."),
    "warranty": ("Warranty", "Tents have a warranty of three years on seams and poles."),
    "password": ("Forgotten password", "Use the link on the sign-in page to choose a new one."),
    "giftcard": ("Gift cards", "A gift card is valid for two years and can be topped up."),
    "repairs": ("Repairs", "Our workshop mends zips, straps and buckles of rucksacks."),
    "sizes": ("Sizes", "Measure your chest to find the size of a jacket."),
    "stores": ("Shops", "Our shops are open from nine to six, closed on Sunday."),
    "privacy": ("Privacy", "You can ask us to delete the data that we hold about you."),
    "points": ("Bonus points", "Every euro earns a point; points expire after a year."),
    "error": ("Error E-4711", "The checkout shows E-4711 when the bank refuses the card."),
}
QUESTIONS: list[dict[str, object]] = [
    {"question": "Can I send back a shirt that I did not wear?", "article_ids": ["returns"]},
    {"question": "What does E-4711 mean?", "article_ids": ["error", "invoice"]},
    {"question": "How long is a gift card valid?", "article_ids": ["giftcard"], "locale": "en"},
    {"question": "Who won the cup?", "article_ids": [], "answerable": False},
    {"question": "Where is the moon?", "article_ids": ["astronomy"]},
]


@pytest.fixture
def articles(tmp_path: Path) -> tuple[Document, ...]:
    # The id makes each test's files its own, so that none finds what another has indexed.
    lines = [
        {"id": name, "title": title, "text": f"{text}\n\n{uuid4()}", "locale": "en"}
        for name, (title, text) in TEXTS.items()
    ]
    return read_articles(_written(tmp_path / "articles.jsonl", lines)).documents


@pytest.fixture
def server(database_url: str, server_url: str) -> Iterator[str]:
    """The operator's database; whatever measuring leaves beside it is dropped at the end."""
    yield database_url
    drop_all(server_url)


def test_past_questions_are_remembered_in_a_database_of_their_own(
    tmp_path: Path, articles: tuple[Document, ...], server: str, embedder: Embedder
) -> None:
    asked = read_cases(_written(tmp_path / "questions.jsonl", QUESTIONS))
    past = [
        {"question": "May I ask for the moon?", "article_ids": ["privacy"]},
        {"question": "what does  E-4711 MEAN?", "article_ids": ["stores"]},  # it is asked
        {"question": "Who painted this?", "article_ids": ["nowhere"]},
        {"question": "Nobody knows", "article_ids": []},
    ]
    memory = read_memory([_written(tmp_path / "past.jsonl", past)], asked=asked)
    assert [each.question for each in memory] == ["May I ask for the moon?", "Who painted this?"]

    with temporary_index(
        articles, database_url=server, embedder=embedder, memory=memory
    ) as temporary:
        retriever = Retriever(pool=temporary.pool, index=temporary.index, embedder=embedder)
        report = run_retrieval(
            cases=asked, retriever=retriever, pool=temporary.pool, memory=len(memory)
        )
        with temporary.pool.connection() as connection:
            rows = connection.execute(
                f"SELECT count(*) FROM memory_{temporary.index.id}"
            ).fetchone()
        assert rows == (1,)
    assert list(report.methods) == [*METHODS, "articles"]
    assert retrieval_json(report)["memory"] == 2
    with temporary_index(articles, database_url=server, embedder=embedder) as without:
        assert without.name != temporary.name


def test_the_four_methods_on_files(
    tmp_path: Path, articles: tuple[Document, ...], server: str, embedder: Embedder
) -> None:
    path = _written(tmp_path / "questions.jsonl", QUESTIONS)
    seen: list[tuple[str, int, int]] = []

    with temporary_index(articles, database_url=server, embedder=embedder) as temporary:
        report = run_retrieval(
            cases=read_cases(path),
            retriever=Retriever(pool=temporary.pool, index=temporary.index, embedder=embedder),
            pool=temporary.pool,
            on_progress=lambda *step: seen.append(step),
        )

    _check_figures(tmp_path, report)
    assert [one.case.question for one in report.results if one.scores["ours"]["hit@1"]] == [
        "Can I send back a shirt that I did not wear?",
        "What does E-4711 mean?",
        "How long is a gift card valid?",
    ]
    assert seen[-1] == ("Asking questions", 4, 4)
    assert list(report.by_locale) == ["", "en"]
    assert [(name, one.questions) for name, one in report.by_source.items()] == [
        ("evaluation", 3), ("", 1)
    ]  # fmt: skip
    with psycopg.connect(server) as operator:
        assert operator.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def _check_figures(folder: Path, report: RetrievalReport) -> None:
    write_json(folder / "figures.json", retrieval_json(report))
    figures = json.loads((folder / "figures.json").read_text())
    assert (figures["articles"], figures["questions"], figures["left_out"]) == (12, 4, 1)
    assert figures["gold_not_indexed"] == 1
    assert list(figures["methods"]) == METHODS
    for scores in figures["methods"].values():
        assert list(scores) == list(METRICS)
        assert scores["hit@10"] <= 0.75  # one gold article does not exist
    assert figures["methods"]["ours"]["hit@1"] == 0.75
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p95"]
    console = Console(width=160)
    with console.capture() as shown:
        for part in retrieval_tables(report):
            console.print(part)
    assert all(method in shown.get() for method in METHODS)
    assert "0.750*" in shown.get()


def test_the_same_files_are_embedded_once(
    articles: tuple[Document, ...], server: str, embedder: Embedder
) -> None:
    with temporary_index(articles, database_url=server, embedder=embedder) as first:
        pass
    with temporary_index(articles, database_url=server, embedder=embedder) as again:
        pass
    with temporary_index(articles[1:], database_url=server, embedder=embedder) as other:
        pass

    assert first.embedded == len(articles)
    assert (again.name, again.embedded) == (first.name, 0)
    assert other.name != first.name
    assert {first.name, other.name} <= set(drop_all(server))
    assert _left(server) == []


def test_an_interrupted_run_is_not_taken_for_a_complete_one(
    articles: tuple[Document, ...], server: str, embedder: Embedder
) -> None:
    def interrupt(_what: str, done: int, _total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        temporary_index(articles, database_url=server, embedder=embedder, on_progress=interrupt),
    ):
        pytest.fail("half an index was handed out")

    with temporary_index(articles, database_url=server, embedder=embedder) as resumed:
        with resumed.pool.connection() as connection:
            assert resumed.index.size(connection).documents == len(articles)
        assert resumed.embedded < len(articles)


def test_a_database_that_shall_not_be_kept_is_dropped(
    articles: tuple[Document, ...], server: str, embedder: Embedder
) -> None:
    with temporary_index(articles[:1], database_url=server, embedder=embedder, keep=False) as one:
        assert one.name in _left(server)

    assert one.name not in _left(server)


def test_a_role_that_may_not_create_databases_is_told_so(
    articles: tuple[Document, ...], server: str, embedder: Embedder
) -> None:
    with (
        _role_without_rights(server) as url,
        pytest.raises(DatabaseUnsuitable, match="CREATEDB"),
        temporary_index(articles, database_url=url, embedder=embedder),
    ):
        pytest.fail("it was created after all")


def test_articles_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    path = _written(
        tmp_path / "articles.jsonl",
        [
            {"id": "1", "title": "a", "text": "b"},
            {"id": "1", "title": "a", "text": "b"},
            {"id": 2, "text": ""},
        ],
    )

    found = read_articles(path)

    assert [document.id for document in found.documents] == ["1"]
    assert set(found.failed) == {"1", "2"}
    with pytest.raises(InputRejected, match=r"none\.jsonl"):
        read_articles(tmp_path / "none.jsonl")
    with pytest.raises(InputRejected, match="no articles"):
        read_articles(_written(tmp_path / "bad.jsonl", [{"id": 2, "text": ""}]))


def test_what_is_measured_on_when_no_articles_are_named(tmp_path: Path) -> None:
    passages = [{"id": "p", "text": "We open at nine."}]
    brought = [{"question": "When?", "answerable": True, "passages": passages}]
    bare = [{"question": "When?", "article_ids": ["1"]}]

    found = articles_for(None, read_cases(_written(tmp_path / "a.jsonl", brought)))

    assert found is not None
    assert [document.id for document in found.documents] == ["p"]
    assert articles_for(None, read_cases(_written(tmp_path / "b.jsonl", bare))) is None


def test_questions_without_gold_articles_are_refused(
    tmp_path: Path, articles: tuple[Document, ...], server: str, embedder: Embedder
) -> None:
    path = _written(tmp_path / "questions.jsonl", [{"question": "a", "answerable": True}])

    with (
        temporary_index(articles[:1], database_url=server, embedder=embedder) as temporary,
        pytest.raises(InputRejected, match="article_ids"),
    ):
        run_retrieval(
            cases=read_cases(path),
            retriever=Retriever(pool=temporary.pool, index=temporary.index, embedder=embedder),
            pool=temporary.pool,
        )


def _written(path: Path, lines: Sequence[Mapping[str, object]]) -> Path:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def _left(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database").fetchall()
    return [name for (name,) in rows if name.startswith(PREFIX)]


@contextmanager
def _role_without_rights(url: str) -> Iterator[str]:
    name, password = f"visitor_{uuid4().hex}", uuid4().hex
    create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    run_sql(url, create.format(sql.Identifier(name), sql.Literal(password)))
    with db.connect(url) as connection:
        info = connection.info
        visitor = f"postgresql://{name}:{password}@{info.host}:{info.port}/{info.dbname}"
    try:
        yield visitor
    finally:
        run_sql(url, sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
