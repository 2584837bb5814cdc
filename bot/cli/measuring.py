"""What every `supportbot eval` command shares: which cases, on which index, and how it is told."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import operator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from rich.console import RenderableType

    from bot.bootstrap import Application
    from bot.evaluation.articles import Articles
    from bot.evaluation.cases import Case
    from bot.evaluation.runs import Measurement
    from bot.evaluation.temporary import OnProgress
    from bot.memory import GivenPair
    from indexing.index import Index

Questions = Annotated[
    Path | None,
    typer.Option("--questions", help="JSON Lines: question, article_ids, answer, answerable"),
]
SetName = Annotated[
    str | None, typer.Option("--set", help="A test set of the database instead of a file")
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
Save = Annotated[
    bool, typer.Option("--save", help="Keep the run, to compare others with: see `eval runs`")
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """The index that is measured. `failed` maps articles that are not in it to the reason."""

    pool: "ConnectionPool[Connection[Any]]"
    index: "Index"
    failed: "Mapping[str, str]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The cases of a measurement, and under which name a run of them is kept."""

    name: str
    cases: "tuple[Case, ...]"


def asked(
    opened: "Application", questions: Path | None, set_name: str | None, locale: str | None = None
) -> Asked:
    """The cases of a file or of a test set, one of which must be given."""
    from bot.evaluation.case_sets import CaseSets  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.cases import read_cases  # noqa: PLC0415 - keeps --help instant

    if (questions is None) == (set_name is None):
        raise typer.BadParameter("give --questions or --set")
    if questions is not None:
        return Asked(name=questions.name, cases=read_cases(questions, locale=locale))
    assert set_name is not None  # noqa: S101 - the other half of the choice
    found = CaseSets(pool=opened.pool).cases(set_name)
    return Asked(
        name=set_name, cases=tuple(each for each in found if locale in (None, each.locale))
    )


def save(opened: "Application", measured: "Measurement") -> None:
    """Keeps a run and says under which number."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - keeps --help instant

    run = EvaluationRuns(pool=opened.pool).save(measured, actor=operator())
    terminal.notice(f"Kept as run {run}.")


def past_questions(
    memory: "Sequence[Path] | None", asked: "Sequence[Case]", given: "Articles | None"
) -> "Sequence[GivenPair]":
    from bot.evaluation.cases import read_memory  # noqa: PLC0415 - keeps --help instant

    if memory and given is None:
        raise typer.BadParameter("give --articles too: what is indexed has a memory of its own")
    return read_memory(memory or (), asked=asked)


@contextmanager
def ground(
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
def progress() -> "Iterator[OnProgress]":
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.tables import progress_on  # noqa: PLC0415 - keeps --help instant

    with progress_on(terminal.console(sys.stderr)) as show:
        yield show


def show_tables(tables: "Iterable[RenderableType]") -> None:
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    for table in tables:
        terminal.console(sys.stdout).print(table)
