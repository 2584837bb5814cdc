"""Measurements as tables for people, and how far a measurement is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.evaluation.judging import judged_rows
from bot.evaluation.routing import OOS_PRECISION
from bot.evaluation.scorers import METRICS, area_under_risk
from bot.evaluation.tallies import KEPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console, RenderableType
    from rich.progress import TaskID

    from bot.evaluation.injection import InjectionReport
    from bot.evaluation.retrieval import GroupScores, RetrievalReport
    from bot.evaluation.routing import RoutingReport, TagScores
    from bot.evaluation.scorers import Interval, Latency
    from bot.evaluation.several import SeveralReport
    from bot.evaluation.tallies import AnswersReport
    from bot.evaluation.temporary import OnProgress


@contextmanager
def progress_on(console: Console) -> Iterator[OnProgress]:
    """A callback that draws one progress bar per task on this console (stderr: stdout is
    for results); nothing where nobody watches, for there a bar is an empty line."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    unwatched = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=unwatched) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield show


def retrieval_tables(report: RetrievalReport) -> Iterator[RenderableType]:
    """The methods side by side with the best of each column marked, then latency."""
    table = Table(title=f"{report.questions} questions on {report.articles} articles")
    table.add_column("method")
    for metric in METRICS:
        table.add_column(metric, justify="right")
    best = {
        metric: max(method[metric].mean for method in report.methods.values()) for metric in METRICS
    }
    for method in report.methods:
        cells = [_marked(report.methods[method][metric], best[metric]) for metric in METRICS]
        table.add_row(method, *cells)
    yield table
    for what, groups in (("locale", report.by_locale), ("source", report.by_source)):
        if len(groups) > 1:
            yield _group_table(what, groups, list(report.methods))
    yield _latency_table(report.latency)
    yield from _remarks(report)


def answers_tables(report: AnswersReport) -> Iterator[RenderableType]:
    """What became of answerable and unanswerable questions, then quality, then latency."""
    yield _outcome_table(report)
    yield _quality_table(report)
    yield _latency_table(report.latency)
    if report.failed:
        yield f"{len(report.failed)} articles could not be indexed; --json lists them."


def routing_tables(report: RoutingReport) -> Iterator[RenderableType]:
    """The figures, the labels that are told worst, then latency."""
    table = Table(title=f"{len(report.cases)} texts, taught by {report.examples} examples")
    table.add_column("figure")
    table.add_column("value", justify="right")
    figures = {
        "accuracy": report.accuracy,
        "accuracy of texts that have a tag": report.in_scope_accuracy,
        "texts of no tag that were given none": report.oos_recall,
        f"the same where {OOS_PRECISION:.0%} of those given none have none": (
            report.oos_at_precision[0] if report.oos_at_precision else None
        ),
        "macro F1": report.macro_f1,
        "calibration error (ECE)": report.ece,
        "accuracy on its own examples, left out": report.own.accuracy if report.own else None,
    }
    for name, value in figures.items():
        table.add_row(name, "-" if value is None else f"{value:.3f}")
    yield table
    yield _worst_told(report.tags)
    yield _latency_table({"decision": report.latency, "beyond embedding": report.beyond_embedding})


def several_tables(report: SeveralReport) -> Iterator[RenderableType]:
    """The figures of texts that may have several tags, the tags told worst, then latency."""
    table = Table(title=f"{len(report.cases)} texts, taught by {report.examples} examples")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in (
        ("micro F1", report.micro_f1),
        ("micro precision", report.micro_precision),
        ("micro recall", report.micro_recall),
        ("macro F1", report.macro_f1),
        ("texts with all of their tags and no other", report.exact),
    ):
        table.add_row(name, f"{value:.3f}")
    yield table
    yield _worst_told(report.tags)
    yield _latency_table({"decision": report.latency})


def _worst_told(tags: Mapping[str, TagScores]) -> Table:
    table = Table(title="told worst")
    for column in ("label", "precision", "recall", "F1", "texts"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for name, one in sorted(tags.items(), key=lambda each: each[1].f1)[:10]:
        shares = (
            f"{each:.2f}" if each is not None else "-" for each in (one.precision, one.recall)
        )
        table.add_row(name, *shares, f"{one.f1:.2f}", str(one.cases))
    return table


def injection_tables(report: InjectionReport) -> Iterator[RenderableType]:
    """How many attacks succeeded by surface and by family, then the first that did."""
    for what, counted in (("surface", report.by_surface()), ("family", report.by_family())):
        table = Table(title=f"{report.succeeded} of {len(report.attempts)} attacks succeeded")
        for column in (what, "attempts", "succeeded"):
            table.add_column(column, justify="left" if column == what else "right")
        for name, (attempts, succeeded) in counted.items():
            table.add_row(name, str(attempts), f"{succeeded} ({_percent(succeeded, attempts)})")
        yield table
    for each in [one for one in report.attempts if one.success][:10]:
        said = " / ".join(each.said)[:300]
        yield f"{each.surface}: {each.success}: {each.planted.attack.text}\n  {said}"


def _remarks(report: RetrievalReport) -> Iterator[str]:
    yield "* best of its column; ±: half the width of a 95 % bootstrap interval"
    for other, metrics in report.ahead.items():
        lead = metrics["mrr@10"]
        if lead.low <= 0 <= lead.high:
            yield f"mrr@10 of ours and {other}: no significant difference ({lead.mean:+.3f})"
    if report.left_out:
        yield f"{report.left_out} questions without an answer in the articles were left out."
    if report.not_indexed:
        yield f"{report.not_indexed} questions name only articles that are not in the index."
    if report.failed:
        yield f"{len(report.failed)} articles could not be indexed; --json lists them."


def _marked(interval: Interval, best: float) -> str:
    spread = (interval.high - interval.low) / 2
    star = "*" if interval.mean == best else " "
    return f"{interval.mean:.3f}{star}±{spread:.3f}"


def _group_table(what: str, groups: Mapping[str, GroupScores], methods: Sequence[str]) -> Table:
    table = Table(title=f"by {what}, hit@1 / hit@5 / mrr@10")
    table.add_column(what)
    table.add_column("questions", justify="right")
    for method in methods:
        table.add_column(method, justify="right")
    for group, scores in groups.items():
        cells = [
            " / ".join(f"{scores.methods[method][one]:.3f}" for one in ("hit@1", "hit@5", "mrr@10"))
            for method in methods
        ]
        table.add_row(group or "not stated", str(scores.questions), *cells)
    return table


def _outcome_table(report: AnswersReport) -> Table:
    table = Table(title=f"{report.questions} questions on {report.articles} articles")
    table.add_column("questions")
    for name in ("asked", "answered", "abstained", "other hand-off"):
        table.add_column(name, justify="right")
    table.add_column("hand-off reasons")
    kinds = ((f"- {kind}", tally) for kind, tally in report.by_kind.items())
    rows = (("answerable", report.answerable), ("unanswerable", report.unanswerable), *kinds)
    for name, tally in rows:
        reasons = ", ".join(f"{reason} {count}" for reason, count in tally.reasons.items())
        others = tally.handed_off - tally.abstained
        counts = (tally.answered, tally.abstained, others)
        shares = (f"{count} ({_percent(count, tally.questions)})" for count in counts)
        table.add_row(name, str(tally.questions), *shares, reasons)
    return table


def _quality_table(report: AnswersReport) -> Table:
    table = Table(title=f"quality ({'; '.join(report.engines) or 'no engine'})")
    table.add_column("figure")
    table.add_column("value", justify="right")
    figures = {
        "citation recall (statements that their citations support)": report.citations.recall,
        "citation precision (citations that are needed)": report.citations.precision,
        "answers that cite a gold article": report.cites_gold,
        "word overlap with the reference (F1)": report.token_f1,
        "words of the reference in the answer": report.token_recall,
        "mean share of wrong answers over all thresholds": area_under_risk(report.risk),
    }
    for name, value in figures.items():
        table.add_row(name, "-" if value is None else f"{value:.3f}")
    table.add_row(
        "citations / of them false", f"{report.citations.citations} / {report.citations.invalid}"
    )
    for name, count in (
        ("statements that promise what only people may", report.promises),
        ("statements with data of a person", report.personal_data),
        ("citations of what the reader may not read", report.wrong_audience),
        *((f"claim check: {fault}", count) for fault, count in report.claims.items()),
    ):
        table.add_row(name, str(count))
    for row in judged_rows(report.judged) if report.judged else ():
        table.add_row(*row)
    for kind, share in report.rejected.items():
        what = kind or "all unanswerable"
        table.add_row(f"{what}: rejected while {KEPT:.0%} of answerable are kept", f"{share:.3f}")
    return table


def _latency_table(latencies: Mapping[str, Latency]) -> Table:
    table = Table(title="latency (ms)")
    for name in ("stage", "p50", "p95", "measured"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for stage, one in latencies.items():
        table.add_row(stage, f"{one.p50:.1f}", f"{one.p95:.1f}", str(one.count))
    return table


def _percent(count: int, total: int) -> str:
    return f"{count / total:.0%}" if total else "-"
