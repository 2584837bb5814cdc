"""How retrieval has come along over the runs that were kept, and that in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.evaluation.plateau import FIGURE, RUNS, WORTH, Plateau, plateau

if TYPE_CHECKING:
    from bot.evaluation.runs import EvaluationRuns, KeptRun

_LOOKED_AT = 50


def retrieval_trend(runs: EvaluationRuns, cases_name: str) -> Plateau:
    """Over the runs of retrieval on these cases. Of runs in a row with the same setup the newest
    counts: measuring twice is no attempt at anything better."""
    newest_first = runs.latest(kind="retrieval", cases_name=cases_name, limit=_LOOKED_AT)
    different: list[KeptRun] = []
    for run in newest_first:
        if not different or run.setup != different[-1].setup:
            different.append(run)
    return plateau(
        [
            {each.case_id: each.scores[FIGURE] for each in runs.results(run.id)}
            for run in reversed(different[:RUNS])
        ]
    )


def said_of(trend: Plateau) -> str:
    """The trend as sentences for people."""
    if trend.gain is None:
        return (
            f"Whether retrieval has plateaued is not known: that takes {RUNS} kept runs of "
            f"`supportbot eval retrieval --save` on these questions with different settings or "
            f"articles; there are {trend.runs}."
        )
    gain = (
        f"{FIGURE} is {trend.latest:.3f}; the last {trend.runs} runs brought "
        f"{trend.gain.mean:+.3f} "
        f"({trend.gain.low:+.3f} to {trend.gain.high:+.3f}, 95 %, {trend.cases} questions)"
    )
    match trend.trend:
        case "plateaued":
            return f"Retrieval has plateaued: {gain}, which is less than {WORTH} at best."
        case "rising":
            return f"Retrieval still gets better: {gain}. Go on there before tuning anything."
        case "falling":
            return f"Retrieval has got worse: {gain}. Compare the runs: `supportbot eval compare`."
        case _:
            return f"Whether retrieval has plateaued is open: {gain}. More questions would tell."
