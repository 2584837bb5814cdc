"""A measurement of answers read once more by a judge, and the judge held to what people said.

People judged other answers than those that are given now, so the judge is asked about theirs as
well: its agreement is with people on the very same words.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.evaluation.advice import wilson
from bot.evaluation.agreement import FEWEST_LABELS, Agreement, agreement
from bot.evaluation.judge import VERDICTS, Judgement
from bot.evaluation.scorers import Interval
from bot.evaluation.temporary import silent
from bot.models import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.evaluation.cases import Case
    from bot.evaluation.judge import Judge
    from bot.evaluation.tallies import AnswerResult, AnswersReport
    from bot.evaluation.temporary import OnProgress


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What the judge said: `verdicts` counts answers by verdict, `failures` those that got none by
    what went wrong, `unread_labels` the answers that people judged and the judge could not.
    `correct` is the share of the judged answers that are correct, None of none. `usage` is of all
    calls, which are not in the cost of the answers."""

    model: str
    prompt_version: str
    verdicts: Mapping[str, int]
    failures: Mapping[str, int]
    correct: Interval | None
    agreement: Agreement
    unread_labels: int
    usage: Usage


def judged(
    report: AnswersReport, judge: Judge, *, on_progress: OnProgress = silent
) -> AnswersReport:
    """The same report with a judgement of each answered case that has a reference and should be
    answered, and of each answer that people judged."""
    wanted = [one for one in report.results if _can_be_judged(one)]
    labelled = [one.case for one in report.results if one.case.label and one.case.references]
    total = len(wanted) + len(labelled)
    found: dict[str, Judgement] = {}
    for done, one in enumerate(wanted, start=1):
        found[one.case.id] = judge.judge(one.case, one.said, one.case.references)
        on_progress("Judging answers", done, total)
    of_labels = []
    for done, case in enumerate(labelled, start=len(wanted) + 1):
        of_labels.append((case, judge.judge(case, case.given_answer, case.references)))
        on_progress("Judging answers", done, total)
    return replace(
        report,
        results=tuple(replace(one, judgement=found.get(one.case.id)) for one in report.results),
        judged=_summary(judge, list(found.values()), of_labels),
    )


def judged_json(found: Judged) -> dict[str, Any]:
    """Its figures under the names that scripts read."""
    agreed, usage = found.agreement, found.usage
    return {
        "model": found.model,
        "prompt_version": found.prompt_version,
        **{verdict: found.verdicts.get(verdict, 0) for verdict in VERDICTS},
        "not_judged": dict(found.failures),
        "share_correct": found.correct.mean if found.correct else None,
        "share_correct_interval": _bounds(found.correct),
        "agreement": {
            "labels": agreed.labels,
            "labels_missing": agreed.missing,
            "labels_not_judged": found.unread_labels,
            "only_judge_says_correct": agreed.lenient,
            "only_people_say_correct": agreed.strict,
            "raw": agreed.raw.mean if agreed.raw else None,
            "raw_interval": _bounds(agreed.raw),
            "kappa": agreed.kappa.mean if agreed.kappa else None,
            "kappa_interval": _bounds(agreed.kappa),
        },
        "input_tokens": usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": float(usage.cost_usd),
    }


def judged_rows(found: Judged) -> Iterator[tuple[str, str]]:
    """The same for people: what, and how much."""
    read = sum(found.verdicts.values())
    yield f"judged ({found.model}, {found.prompt_version})", str(read)
    for verdict in VERDICTS:
        yield f"- {verdict}", str(found.verdicts.get(verdict, 0))
    yield "- share correct (95 %)", _spread(found.correct)
    for failure, count in found.failures.items():
        yield f"not judged: {failure}", str(count)
    yield from _agreement_rows(found)
    yield "cost of judging (US dollars)", f"{found.usage.cost_usd:.4f}"


def _agreement_rows(found: Judged) -> Iterator[tuple[str, str]]:
    agreed = found.agreement
    if found.unread_labels:
        yield "answers that people judged and the judge could not", str(found.unread_labels)
    if agreed.missing:
        yield (
            f"agreement with people: needs {FEWEST_LABELS} judged answers, so many more",
            str(agreed.missing),
        )
        return
    yield f"agreement with people on {agreed.labels} answers (95 %)", _spread(agreed.raw)
    yield "- Cohen's kappa (95 %)", _spread(agreed.kappa)
    yield "- only the judge / only people say correct", f"{agreed.lenient} / {agreed.strict}"


def _can_be_judged(one: AnswerResult) -> bool:
    return one.answered and bool(one.said) and one.case.answerable and bool(one.case.references)


def _summary(
    judge: Judge, found: Sequence[Judgement], of_labels: Sequence[tuple[Case, Judgement]]
) -> Judged:
    verdicts = Counter(each.verdict for each in found if each.verdict is not None)
    count, correct = verdicts.total(), verdicts["correct"]
    low, high = wilson(correct, count)
    pairs = [
        (case.label == "correct", each.verdict == "correct")
        for case, each in of_labels
        if each.verdict is not None
    ]
    spent = [*found, *(each for _, each in of_labels)]
    return Judged(
        model=judge.model,
        prompt_version=judge.prompt_version,
        verdicts={name: verdicts[name] for name in VERDICTS},
        failures=dict(Counter(each.failure for each in found if each.failure).most_common()),
        correct=Interval(mean=correct / count, low=low, high=high) if count else None,
        agreement=agreement(pairs),
        unread_labels=len(of_labels) - len(pairs),
        usage=sum((each.usage for each in spent), start=Usage()),
    )


def _bounds(interval: Interval | None) -> list[float] | None:
    return [interval.low, interval.high] if interval else None


def _spread(interval: Interval | None) -> str:
    return f"{interval.mean:.3f} ({interval.low:.3f} to {interval.high:.3f})" if interval else "-"
