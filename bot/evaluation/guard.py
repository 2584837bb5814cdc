"""What no change may lower: runs that were made the baseline, and what is measured against them.

A new prompt, model, threshold or embedding model may be better on the whole and still lose what
worked. The baseline says which figures must hold, and the refusal names the cases that got worse,
so that somebody can decide to go on all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import ChangeRefused
from bot.evaluation.comparison import Comparison, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.evaluation.runs import EvaluationRuns, KeptResult, KeptRun, Measurement, Setup
    from bot.sending import Sending, SendingRisk

GUARDED: Mapping[str, tuple[str, ...]] = {
    "retrieval": ("hit@1", "hit@5", "mrr@10"),
    "answers": ("right", "left to people", "citation recall", "citation precision"),
    "routing": ("right",),
    "injection": ("withstood",),
}
"""The figures of each kind that must not fall."""

_NAMED = 5
"""Cases that a refusal names; the rest is counted."""

Measure = Callable[["KeptRun"], "Measurement"]
"""Measures the cases of a run again, with what is to be tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fall:
    """A guarded figure that is lower than before. `questions` maps ids of cases to their words."""

    kind: str
    cases_name: str
    comparison: Comparison
    questions: Mapping[str, str]

    @property
    def detail(self) -> str:
        """One sentence with the figure and the cases that got worse."""
        found = self.comparison
        chance = "" if found.p is None else f", p = {found.p:.3f}"
        named = "; ".join(f"“{self.questions.get(one, one)}”" for one in found.worse[:_NAMED])
        more = len(found.worse) - _NAMED
        return (
            f"{found.figure} of {self.kind} on {self.cases_name} falls from {found.before:.3f} to "
            f"{found.after:.3f}{chance}. Worse: {named}{f' and {more} more' if more > 0 else ''}."
        )


def against_baselines(
    runs: EvaluationRuns, measure: Measure, *, tolerance: float = 0.0
) -> tuple[Fall, ...]:
    """What falls below the baselines. `tolerance` is by how much a figure may fall."""
    return tuple(
        fall
        for run in runs.baselines()
        for fall in falls(run, runs.results(run.id), measure(run).results, tolerance=tolerance)
    )


def against_now(
    runs: EvaluationRuns, now: Measure, then: Measure, *, tolerance: float = 0.0
) -> tuple[Fall, ...]:
    """What falls with a change, on the cases of the baselines: `then` measures with it, `now`
    without. What has got worse since the baseline for other reasons does not count against it."""
    return tuple(
        fall
        for run in runs.baselines()
        for fall in falls(run, now(run).results, then(run).results, tolerance=tolerance)
    )


def falls(
    run: KeptRun,
    before: Iterable[KeptResult],
    after: Iterable[KeptResult],
    *,
    tolerance: float = 0.0,
) -> tuple[Fall, ...]:
    """The guarded figures that fall. Where a model writes, it may write otherwise by chance: there
    only a fall that is more than that counts."""
    after = tuple(after)
    compared = compare(
        {each.case_id: each.scores for each in before},
        {each.case_id: each.scores for each in after},
    )
    by_chance = run.kind in {"answers", "injection"} and run.setup.engine != "extractive"
    questions = {each.case_id: each.question for each in after}
    return tuple(
        Fall(kind=run.kind, cases_name=run.cases_name, comparison=each, questions=questions)
        for each in compared
        if each.figure in GUARDED[run.kind]
        and each.before - each.after > tolerance
        and (each.is_significant or not by_chance)
    )


def require(found: Sequence[Fall], *, change: str) -> None:
    """Raises ChangeRefused, with every fall and its cases, unless there is none. `change` names
    what is refused, such as "The new index"."""
    if found:
        told = " ".join(each.detail for each in found)
        raise ChangeRefused(f"{change} would make it worse. {told} To do it all the same: --force.")


def changed_since(run: KeptRun, now: Setup) -> tuple[str, ...]:
    """What answers otherwise than when the run was made: names of parts of the setup. Articles
    come and go all the time and do not count."""
    was = run.setup
    parts = ("embedding_model", "engine", "model", "prompt_version")
    changed = [part for part in parts if getattr(was, part) != getattr(now, part)]
    keys = dict.fromkeys((*was.settings, *now.settings))
    return (*changed, *(key for key in keys if was.settings.get(key) != now.settings.get(key)))


def allow_risk(runs: EvaluationRuns, sending: Sending, new: SendingRisk) -> None:
    """Raises ChangeRefused when more of what would be sent with this risk is wrong, in the runs of
    answers that are guarded; names those cases."""
    before, after = sending.account().evidence, sending.account(new).evidence
    for run in (each for each in runs.baselines() if each.kind == "answers"):
        wrong = wrongly_sent(runs.results(run.id), before=before, after=after)
        if wrong:
            named = "; ".join(f"“{each.question}”" for each in wrong[:_NAMED])
            raise ChangeRefused(
                f"With {after:.2f} instead of {before:.2f} as the evidence needed, a smaller share "
                f"of what is sent is right on {run.cases_name}. Sent and wrong: {named}. To do it "
                "all the same: `supportbot zendesk sending set --force`."
            )


def wrongly_sent(
    results: Iterable[KeptResult], *, before: float, after: float
) -> tuple[KeptResult, ...]:
    """Cases of a run of answers that were answered wrongly and would be sent with `after` as the
    evidence needed, but are not with `before`; () unless the share of right ones among those sent
    falls."""
    answered = [each for each in results if each.detail.get("outcome") in {"answered", "drafted"}]
    if _right_share(answered, after) >= _right_share(answered, before):
        return ()
    return tuple(
        each
        for each in answered
        if after <= each.detail["evidence"] < before and not each.scores["right"]
    )


def _right_share(answered: Sequence[KeptResult], needed: float) -> float:
    sent = [each.scores["right"] for each in answered if each.detail["evidence"] >= needed]
    return sum(sent) / len(sent) if sent else 1.0
