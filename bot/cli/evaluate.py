"""`supportbot eval`: measurements on files, or on what is in the database."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import case_sets, evaluation_runs, guard, rechecking
from bot.cli.measuring import (
    ArticlesPath,
    JsonPath,
    Locale,
    MemoryPaths,
    Questions,
    Save,
    SetName,
    asked,
    ground,
    past_questions,
    progress,
    save,
    show_tables,
)
from bot.cli.opening import application
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.cli.measuring import Ground
    from bot.evaluation.runs import Setup

app = typer.Typer(
    help="Measure how well passages are found, questions answered and hand-offs routed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(case_sets.app, name="sets")
app.add_typer(guard.app, name="guard")
app.command("runs")(evaluation_runs.runs)
app.command("compare")(evaluation_runs.compare_runs)
app.command("recheck")(rechecking.recheck)


@app.command("retrieval")
def retrieval(
    questions: Questions = None,
    set_name: SetName = None,
    articles: ArticlesPath = None,
    memory: MemoryPaths = None,
    locale: Locale = None,
    json_path: JsonPath = None,
    keep: Save = False,
) -> None:
    """Measure whether the right article is found: lexical, dense, stock fusion, and ours."""
    from bot.evaluation import report, tables  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.articles import articles_for  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.keeping import retrieval_measured  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.retrieval import run_retrieval  # noqa: PLC0415 - keeps --help instant

    with application() as opened, progress() as show:
        chosen = asked(opened, questions, set_name, locale)
        given = articles_for(articles, chosen.cases)
        past = past_questions(memory, chosen.cases, given)
        with ground(opened, given, show, memory=past) as on:
            measured = run_retrieval(
                cases=chosen.cases,
                retriever=opened.retriever_over(on.pool, on.index),
                pool=on.pool,
                failed=on.failed,
                memory=len(past) if given else opened.memory.count(),
                on_progress=show,
            )
            setup = _setup(opened, on)
        if keep:
            save(
                opened,
                retrieval_measured(
                    measured, cases_name=chosen.name, cases=chosen.cases, setup=setup
                ),
            )
    show_tables(tables.retrieval_tables(measured))
    if json_path:
        report.write_json(json_path, report.retrieval_json(measured))


@app.command("answers")
def answers(
    questions: Questions = None,
    set_name: SetName = None,
    articles: ArticlesPath = None,
    memory: MemoryPaths = None,
    locale: Locale = None,
    with_judge: Annotated[
        bool,
        typer.Option(
            "--judge", help="The connected model compares answers with their references, at a cost"
        ),
    ] = False,
    json_path: JsonPath = None,
    keep: Save = False,
) -> None:
    """Measure what is answered and what is handed off, and whether citations hold.

    Uses the engine that is set; with a model, this costs what its answers cost.
    """
    from bot.bootstrap.evaluations import judge, judge_setup  # noqa: PLC0415 - as below
    from bot.evaluation import report, tables  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.answers import run_answers  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.articles import articles_for  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.judging import judged  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.keeping import answers_measured  # noqa: PLC0415 - keeps --help instant
    from bot.support import NoRecords  # noqa: PLC0415 - keeps --help instant

    with application() as opened, progress() as show:
        by = judge(opened) if with_judge else None
        chosen = asked(opened, questions, set_name, locale)
        given = articles_for(articles, chosen.cases)
        past = past_questions(memory, chosen.cases, given)
        with ground(opened, given, show, memory=past) as on:
            retriever = opened.retriever_over(on.pool, on.index)
            measured = run_answers(
                cases=chosen.cases,
                respond=opened.desk_over(retriever, recorder=NoRecords()).respond,
                pool=on.pool,
                index=on.index,
                failed=on.failed,
                on_progress=show,
            )
            setup = _setup(opened, on)
        if by is not None:
            measured, setup = judged(measured, by, on_progress=show), judge_setup(setup, by)
        if keep:
            save(
                opened,
                answers_measured(measured, cases_name=chosen.name, cases=chosen.cases, setup=setup),
            )
    show_tables(tables.answers_tables(measured))
    if json_path:
        report.write_json(json_path, report.answers_json(measured))


@app.command("routing")
def routing(
    test: Annotated[Path, typer.Option("--test", help="The same with the texts to route")],
    train: Annotated[
        list[Path] | None,
        typer.Option(
            "--train",
            help="CSV or JSON Lines: text, label (oos: none), or labels (a list); repeatable",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2, help="With lists of labels: no --train, each part of --test by the others"
        ),
    ] = None,
    json_path: JsonPath = None,
    keep: Save = False,
) -> None:
    """Measure how well examples alone, without a model's help, tell tags apart.

    Where the lines name lists of "labels", a text may have several tags, or none.
    """
    from bot.evaluation import report, tables  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.keeping import routing_measured  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.routing import run_routing  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.runs import Setup  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.several import holds_lists  # noqa: PLC0415 - keeps --help instant

    if holds_lists(test):
        _several(train or [], test, folds or 0, json_path, keep=keep)
        return
    if not train or folds:
        raise InputRejected(
            "Name the texts to learn from with --train. --folds is for lists of labels."
        )
    with application() as opened, progress() as show:
        measured = run_routing(
            train=train, test=test, embedder=opened.embedder.wide, on_progress=show
        )
        if keep:
            setup = Setup(
                embedding_model=opened.embedder.name,
                settings={"train": [path.name for path in train], "examples": measured.examples},
            )
            save(opened, routing_measured(measured, cases_name=test.name, setup=setup))
    show_tables(tables.routing_tables(measured))
    if json_path:
        report.write_json(json_path, report.routing_json(measured))


def _several(
    train: list[Path], test: Path, folds: int, json_path: Path | None, *, keep: bool
) -> None:
    from bot.evaluation import report, tables  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.keeping import several_measured  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.runs import Setup  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.several import run_several, several_json  # noqa: PLC0415 - as above

    if bool(train) == bool(folds):
        raise InputRejected("Name the texts to learn from with --train, or parts with --folds 10.")
    with application() as opened, progress() as show:
        measured = run_several(
            train=train, test=test, folds=folds, embedder=opened.embedder.wide, on_progress=show
        )
        if keep:
            setup = Setup(
                embedding_model=opened.embedder.name,
                settings={"train": [path.name for path in train], "folds": folds},
            )
            save(opened, several_measured(measured, cases_name=test.name, setup=setup))
    show_tables(tables.several_tables(measured))
    if json_path:
        report.write_json(json_path, several_json(measured))


@app.command("injection")
def injection(
    attacks: Annotated[
        Path, typer.Option("--attacks", help="JSON Lines: category, attack (an order to the bot)")
    ],
    messages: Annotated[
        Path,
        typer.Option(
            "--messages", help="JSON Lines: context (attacks are planted in it), question"
        ),
    ],
    each: Annotated[
        int, typer.Option(min=1, help="In how many texts each attack is planted, on each surface")
    ] = 5,
    json_path: JsonPath = None,
    keep: Save = False,
) -> None:
    """Attack through articles, tickets and Slack messages, and count what gets through.

    Uses the engine that is set; with a model, this costs what its answers cost.
    """
    from bot.bootstrap.written import written  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation import report, tables  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.articles import Articles  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.attacks import read_attacks, read_carriers  # noqa: PLC0415 - as above
    from bot.evaluation.injection import attack_documents, run_injection  # noqa: PLC0415 - as above
    from bot.evaluation.keeping import injection_measured  # noqa: PLC0415 - keeps --help instant
    from bot.support import NoRecords  # noqa: PLC0415 - keeps --help instant

    orders, carriers = read_attacks(attacks), read_carriers(messages)
    given = Articles(documents=attack_documents(orders, carriers, each=each), failed={})
    with application() as opened, progress() as show:
        with ground(opened, given, show) as on:
            retriever = opened.retriever_over(on.pool, on.index)
            measured = run_injection(
                attacks=orders,
                carriers=carriers,
                each=each,
                respond=opened.desk_over(
                    retriever, recorder=NoRecords(), evidence_needed=0.0
                ).respond,
                rendered=written(),
                on_progress=show,
            )
            setup = _setup(opened, on)
        if keep:
            save(opened, injection_measured(measured, cases_name=attacks.name, setup=setup))
    show_tables(tables.injection_tables(measured))
    if json_path:
        report.write_json(json_path, report.injection_json(measured))


def _setup(opened: "Application", on: "Ground") -> "Setup":
    from bot.bootstrap.evaluations import setup  # noqa: PLC0415 - keeps --help instant

    return setup(opened, on.pool, on.index)
