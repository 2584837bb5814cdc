"""`supportbot eval guard`: which figures no change may lower."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.opening import application, operator

if TYPE_CHECKING:
    from bot.evaluation.guard import Fall
    from bot.evaluation.runs import KeptRun, Setup

app = typer.Typer(
    help="Hold on to figures that no change of prompt, model, threshold or index may lower.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Run = Annotated[int, typer.Argument(help="The number of a kept run: see `supportbot eval runs`")]


@app.command("set")
def set_baseline(run: Run) -> None:
    """Make a run on a test set the baseline of its kind, in place of any other."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        held = EvaluationRuns(pool=opened.pool).guard(run, actor=operator())
    terminal.write(f"{held.kind} on {held.cases_name} may not fall below run {run} any more.")


@app.command("remove")
def remove(run: Run) -> None:
    """Let a run be the baseline no longer."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        freed = EvaluationRuns(pool=opened.pool).guard(run, on=False, actor=operator())
    terminal.write(f"{freed.kind} on {freed.cases_name} is guarded no longer.")


@app.command("list")
def list_all() -> None:
    """List the baselines, and what has changed since each was measured."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.bootstrap.evaluations import setup  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        baselines = EvaluationRuns(pool=opened.pool).baselines()
        now = setup(opened, opened.pool, opened.index) if baselines else None
    if now is None:
        terminal.notice("Nothing is guarded: `supportbot eval guard set RUN` makes a baseline.")
        return
    terminal.write_table(
        ("RUN", "KIND", "CASES", "GUARDED", "CHANGED SINCE"),
        (_row(each, now) for each in baselines),
    )


@app.command("check")
def check(
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="By how much a figure may fall, such as 0.01")
    ] = 0.0,
    unchanged: Annotated[
        bool, typer.Option("--unchanged", help="Also measure where nothing has changed")
    ] = False,
) -> None:
    """Measure again what is guarded, and fail where a figure has fallen, naming the cases.

    For a release: run it with the new prompt, model or settings before people are answered with
    them. Where nothing has changed since a baseline, it is not measured again.
    """
    from functools import partial  # noqa: PLC0415 - keeps --help instant

    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.bootstrap.evaluations import remeasured, setup  # noqa: PLC0415 - as above
    from bot.evaluation.guard import changed_since, falls, require  # noqa: PLC0415 - as above
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - keeps --help instant

    found: list[Fall] = []
    with application() as opened:
        runs = EvaluationRuns(pool=opened.pool)
        measure = partial(remeasured, opened)
        for run in runs.baselines():
            changed = changed_since(run, setup(opened, opened.pool, opened.index))
            if not changed and not unchanged:
                terminal.notice(f"{run.kind} on {run.cases_name}: nothing has changed.")
                continue
            fallen = falls(run, runs.results(run.id), measure(run).results, tolerance=tolerance)
            terminal.notice(
                f"{run.kind} on {run.cases_name}, changed: {', '.join(changed) or 'nothing'}: "
                f"{'worse' if fallen else 'no figure fell'}."
            )
            found += fallen
    require(found, change="What is set now")


def _row(run: "KeptRun", now: "Setup") -> tuple[object, ...]:
    from bot.evaluation.guard import GUARDED, changed_since  # noqa: PLC0415 - keeps --help instant

    changed = ", ".join(changed_since(run, now)) or "nothing"
    return (run.id, run.kind, run.cases_name, ", ".join(GUARDED[run.kind]), changed)
