"""Two kept runs held against each other: what changed in their making, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from bot.errors import InputRejected
from bot.evaluation.comparison import Comparison, compare
from bot.evaluation.runs import Setup

if TYPE_CHECKING:
    from bot.evaluation.runs import EvaluationRuns, KeptRun


@dataclass(frozen=True, kw_only=True, slots=True)
class Versus:
    """`differs_in` names what was not the same, `cases` counts those that both asked, `questions`
    maps their ids to their words."""

    before: KeptRun
    after: KeptRun
    differs_in: tuple[str, ...]
    cases: int
    questions: Mapping[str, str]
    figures: tuple[Comparison, ...]


def versus(runs: EvaluationRuns, before: int, after: int) -> Versus:
    """Raises InputRejected for runs of different kinds, and for runs without a common case."""
    old, new = runs.get(before), runs.get(after)
    if old.kind != new.kind:
        raise InputRejected(
            f"Run {before} is of {old.kind} and run {after} of {new.kind}: nothing to compare."
        )
    was, now = runs.results(before), runs.results(after)
    asked = {(each.case_id, each.question) for each in was}
    shared = {each.case_id: each.question for each in now if (each.case_id, each.question) in asked}
    if not shared:
        raise InputRejected(f"Run {before} and run {after} have no case in common.")
    return Versus(
        before=old,
        after=new,
        differs_in=tuple(_differing(old.setup, new.setup)),
        cases=len(shared),
        questions=shared,
        figures=compare(
            {each.case_id: each.scores for each in was if each.case_id in shared},
            {each.case_id: each.scores for each in now if each.case_id in shared},
        ),
    )


def _differing(old: Setup, new: Setup) -> list[str]:
    names = [each.name for each in fields(Setup) if each.name != "settings"]
    changed = [name for name in names if getattr(old, name) != getattr(new, name)]
    keys = dict.fromkeys((*old.settings, *new.settings))
    return changed + [key for key in keys if old.settings.get(key) != new.settings.get(key)]
