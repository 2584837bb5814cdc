"""`supportbot eval runs` and `compare`: measurements that were kept."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application

if TYPE_CHECKING:
    from bot.evaluation.comparison import Comparison
    from bot.evaluation.runs import KeptRun

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]

_NAMED = 5
"""Cases that are named each way; --json names all."""


def runs(
    kind: Annotated[
        str | None, typer.Option(help="Only retrieval, answers, routing or injection")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the measurements that were kept, the newest first, each with what it was made with."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        found = EvaluationRuns(pool=opened.pool).latest(kind=kind, limit=limit)
    if as_json:
        terminal.write_json([_json(each) for each in found])
        return
    if not found:
        terminal.notice("No run was kept yet: give --save to `supportbot eval …`.")
        return
    terminal.write_table(
        ("RUN", "KIND", "CASES", "NUMBER", "ENGINE", "PROMPT", "INDEX", "WHEN", "BASELINE"),
        (
            (
                each.id,
                each.kind,
                each.cases_name,
                each.cases,
                " ".join(filter(None, (each.setup.engine, each.setup.model))) or "-",
                each.setup.prompt_version or "-",
                each.setup.index_version or "-",
                f"{each.finished_at:%Y-%m-%d %H:%M} UTC",
                "baseline" if each.is_baseline else "",
            )
            for each in found
        ),
    )


def compare_runs(
    before: Annotated[int, typer.Argument(help="The number of a run")],
    after: Annotated[int, typer.Argument(help="The number of the run to hold against it")],
    as_json: AsJson = False,
) -> None:
    """Compare two runs case by case, and say which differences are more than chance."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.versus import versus  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        found = versus(EvaluationRuns(pool=opened.pool), before, after)
    if as_json:
        terminal.write_json(
            {
                "before": _json(found.before),
                "after": _json(found.after),
                "differs_in": list(found.differs_in),
                "cases": found.cases,
                "figures": [_comparison_json(each) for each in found.figures],
            }
        )
        return
    changed = ", ".join(found.differs_in) or "nothing that is kept"
    terminal.write(f"Run {before} and run {after} share {found.cases} cases. Changed: {changed}.\n")
    terminal.write_table(
        ("FIGURE", "BEFORE", "AFTER", "DIFFERENCE (95 %)", "BETTER", "WORSE", "P", ""),
        (_row(each) for each in found.figures),
    )
    for each in found.figures[:1]:
        for what, cases in (("Better", each.better), ("Worse", each.worse)):
            for case in cases[:_NAMED]:
                terminal.write(f"{what} in {each.figure}: {case}: {found.questions[case]}")


def _row(each: "Comparison") -> tuple[object, ...]:
    change = each.difference
    return (
        each.figure,
        f"{each.before:.3f}",
        f"{each.after:.3f}",
        f"{change.mean:+.3f} ({change.low:+.3f} to {change.high:+.3f})",
        len(each.better),
        len(each.worse),
        "-" if each.p is None else f"{each.p:.3f}",
        "significant" if each.is_significant else "may be chance",
    )


def _comparison_json(each: "Comparison") -> dict[str, Any]:
    return {
        "figure": each.figure,
        "cases": each.cases,
        "before": each.before,
        "after": each.after,
        "difference": each.difference.mean,
        "interval": [each.difference.low, each.difference.high],
        "p": each.p,
        "significant": each.is_significant,
        "better": list(each.better),
        "worse": list(each.worse),
    }


def _json(run: "KeptRun") -> dict[str, Any]:
    setup = run.setup
    return {
        "run": run.id,
        "kind": run.kind,
        "cases_name": run.cases_name,
        "cases_hash": run.cases_hash,
        "cases": run.cases,
        "index_version": setup.index_version,
        "embedding_model": setup.embedding_model,
        "engine": setup.engine,
        "model": setup.model,
        "prompt_version": setup.prompt_version,
        "seed": setup.seed,
        "settings": dict(setup.settings),
        "figures": dict(run.figures),
        "finished_at": run.finished_at.isoformat(),
        "baseline": run.is_baseline,
    }
