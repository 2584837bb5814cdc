"""`supportbot eval`: measurements on files, or on what is in the database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from rich.console import RenderableType

    from bot.bootstrap import Application
    from bot.evaluation.articles import Articles
    from bot.evaluation.cases import Case
    from bot.evaluation.temporary import OnProgress
    from bot.memory import GivenPair
    from indexing.index import Index

app = typer.Typer(
    help="Measure how well passages are found, questions answered and hand-offs routed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Questions = Annotated[
    Path, typer.Option("--questions", help="JSON Lines: question, article_ids, answer, answerable")
]
ArticlesPath = Annotated[
    Path | None,
    typer.Option(
        "--articles",
        help="File or folder to measure on, in a database of its own; what is indexed if left out",
    ),
]
MemoryPaths = Annotated[
    list[Path] | None,
    typer.Option(
        "--memory",
        help="JSON Lines of past questions with their article_ids; repeatable, with --articles",
    ),
]
Locale = Annotated[str | None, typer.Option(help="Only questions of this language")]
JsonPath = Annotated[Path | None, typer.Option("--json", help="Write every figure to this file")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """The index that is measured. `failed` maps articles that are not in it to the reason."""

    pool: "ConnectionPool[Connection[Any]]"
    index: "Index"
    failed: "Mapping[str, str]"


@app.command("retrieval")
def retrieval(
    questions: Questions,
    articles: ArticlesPath = None,
    memory: MemoryPaths = None,
    locale: Locale = None,
    json_path: JsonPath = None,
) -> None:
    """Measure whether the right article is found: lexical, dense, stock fusion, and ours."""
    from bot.evaluation import report, tables  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.articles import articles_for  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.cases import read_cases  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.retrieval import run_retrieval  # noqa: PLC0415 - keeps --help instant

    cases = read_cases(questions, locale=locale)
    given = articles_for(articles, cases)
    past = _past(memory, cases, given)
    with (
        application() as opened,
        _progress() as show,
        _ground(opened, given, show, memory=past) as ground,
    ):
        measured = run_retrieval(
            cases=cases,
            retriever=opened.retriever_over(ground.pool, ground.index),
            pool=ground.pool,
            failed=ground.failed,
            memory=len(past) if given else opened.memory.count(),
            on_progress=show,
        )
    _print(tables.retrieval_tables(measured))
    if json_path:
        report.write_json(json_path, report.retrieval_json(measured))


@app.command("answers")
def answers(
    questions: Questions,
    articles: ArticlesPath = None,
    memory: MemoryPaths = None,
    locale: Locale = None,
    json_path: JsonPath = None,
) -> None:
    """Measure what is answered and what is handed off, and whether citations hold.

    Uses the engine that is set; with a model, this costs what its answers cost.
    """
    from bot.evaluation import report, tables  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.answers import run_answers  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.articles import articles_for  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.cases import read_cases  # noqa: PLC0415 - keeps --help instant
    from bot.support import NoRecords  # noqa: PLC0415 - keeps --help instant

    cases = read_cases(questions, locale=locale)
    given = articles_for(articles, cases)
    past = _past(memory, cases, given)
    with (
        application() as opened,
        _progress() as show,
        _ground(opened, given, show, memory=past) as ground,
    ):
        retriever = opened.retriever_over(ground.pool, ground.index)
        measured = run_answers(
            cases=cases,
            respond=opened.desk_over(retriever, recorder=NoRecords()).respond,
            pool=ground.pool,
            index=ground.index,
            failed=ground.failed,
            on_progress=show,
        )
    _print(tables.answers_tables(measured))
    if json_path:
        report.write_json(json_path, report.answers_json(measured))


@app.command("routing")
def routing(
    train: Annotated[
        list[Path],
        typer.Option("--train", help="CSV or JSON Lines: text, label (oos: none); repeatable"),
    ],
    test: Annotated[Path, typer.Option("--test", help="The same with the texts to route")],
    json_path: JsonPath = None,
) -> None:
    """Measure how well examples alone, without a model's help, tell tags apart."""
    from bot.evaluation import report, tables  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.routing import run_routing  # noqa: PLC0415 - keeps --help instant

    with application() as opened, _progress() as show:
        measured = run_routing(train=train, test=test, embedder=opened.embedder, on_progress=show)
    _print(tables.routing_tables(measured))
    if json_path:
        report.write_json(json_path, report.routing_json(measured))


def _past(
    memory: "Sequence[Path] | None", asked: "Sequence[Case]", given: "Articles | None"
) -> "Sequence[GivenPair]":
    from bot.evaluation.cases import read_memory  # noqa: PLC0415 - keeps --help instant

    if memory and given is None:
        raise typer.BadParameter("give --articles too: what is indexed has a memory of its own")
    return read_memory(memory or (), asked=asked)


@contextmanager
def _ground(
    opened: "Application",
    given: "Articles | None",
    show: "OnProgress",
    memory: "Sequence[GivenPair]" = (),
) -> Iterator[Ground]:
    """The given articles indexed in a database of their own, else what is indexed now."""
    from bot.evaluation.temporary import temporary_index  # noqa: PLC0415 - keeps --help instant

    if given is None:
        yield Ground(pool=opened.pool, index=opened.index, failed={})
        return
    with temporary_index(
        given.documents,
        database_url=opened.database_url,
        embedder=opened.embedder,
        memory=memory,
        on_progress=show,
    ) as made:
        yield Ground(pool=made.pool, index=made.index, failed={**given.failed, **made.failed})


@contextmanager
def _progress() -> "Iterator[OnProgress]":
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.tables import progress_on  # noqa: PLC0415 - keeps --help instant

    with progress_on(terminal.console(sys.stderr)) as show:
        yield show


def _print(tables: "Iterable[RenderableType]") -> None:
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    for table in tables:
        terminal.console(sys.stdout).print(table)
