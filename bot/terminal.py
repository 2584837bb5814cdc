"""How outcomes, tables and progress are written to a terminal or a pipe.

Standard output carries results only; progress and notices go to standard error. In a pipe
nothing is wrapped, coloured or drawn. Texts come from articles and people, so whatever could
steer a terminal is taken out of them.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from bot.models import HandoffReason, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console

    from bot.doctor import Check
    from bot.models import Citation, Outcome
    from bot.runs import Freshness, Run, SyncReport
    from bot.sources import FailedDocument, SourceState

_STEERS_TERMINALS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LIST_ITEM = re.compile(r"(\d+[.)]|[-*•])\s")
_PIPE_WIDTH = 10_000  # a pipe has no width: nothing in it is wrapped or cut

WHAT_TO_DO = {
    HandoffReason.MISSING_KNOWLEDGE: "Add an article that answers this and run `supportbot sync`. "
    "What is for agents only is answered with `--audience agent`.",
    HandoffReason.ENGINE_UNAVAILABLE: "Run `supportbot doctor`, then ask again.",
    HandoffReason.UNVERIFIED_ANSWER: "Look at the passages with `--json`: they may contradict "
    "each other or say too little.",
}
_PEOPLE_ANSWER = "A person answers this one."


def plain(text: str) -> str:
    """The text without control characters and direction overrides; line breaks and tabs stay."""
    return _STEERS_TERMINALS.sub("", text)


def notice(text: str) -> None:
    """One line to standard error."""
    sys.stderr.write(f"{plain(text)}\n")
    sys.stderr.flush()


def write(text: str) -> None:
    """Lines of a result to standard output, wrapped at words on a terminal."""
    console(sys.stdout).print(plain(text), soft_wrap=not sys.stdout.isatty())


def write_json(value: object) -> None:
    """One JSON document to standard output, in ASCII where the terminal's encoding needs it."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not unicode, indent=2) + "\n")


def write_outcome(outcome: Outcome) -> None:
    """The answer with numbered citations, or the hand-off with what to do."""
    if outcome.kind is OutcomeKind.HANDED_OFF and outcome.reason is not None:
        write(f"Handed off: {outcome.reason.value}")
        if outcome.detail:
            write(outcome.detail)
        write(f"Tags: {', '.join(outcome.tags) or 'none'}")
        write(f"What to do: {WHAT_TO_DO.get(outcome.reason, _PEOPLE_ANSWER)}")
        return
    numbers: dict[Citation, int] = {}
    for statement in outcome.statements:
        for citation in statement.citations:
            numbers.setdefault(citation, len(numbers) + 1)
    write(_answer(outcome, numbers))
    for citation, number in numbers.items():
        where = f"{citation.title}: {citation.url}" if citation.url else citation.title
        write(f"\n[{number}] {' '.join(where.split())}\n    “{' '.join(citation.quote.split())}”")


def _answer(outcome: Outcome, numbers: dict[Citation, int]) -> str:
    """Statements one after another; a step or list item begins a line, a table a paragraph."""
    text = ""
    for statement in outcome.statements:
        marks = "".join(f"[{each}]" for each in sorted({numbers[c] for c in statement.citations}))
        said = f"{statement.text.strip()} {marks}"
        item = _LIST_ITEM.match(said) is not None
        between = "\n\n" if "\n" in said else "\n" if item else " "
        text += between + said if text else said
    return text


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as `ask --json` prints it; scripts read these keys."""
    return {
        "question_id": str(outcome.question_id),
        "outcome": outcome.kind.value,
        "reason": outcome.reason.value if outcome.reason else None,
        "detail": outcome.detail,
        "tags": list(outcome.tags),
        "statements": [
            {
                "text": statement.text,
                "citations": [
                    {
                        "document_id": citation.document_id,
                        "chunk_id": citation.chunk_id,
                        "title": citation.title,
                        "url": citation.url,
                        "quote": citation.quote,
                    }
                    for citation in statement.citations
                ],
            }
            for statement in outcome.statements
        ],
        "passages": [
            {
                "document_id": passage.document_id,
                "chunk_id": passage.chunk_id,
                "score": passage.score,
                "audience": list(passage.audience),
                "source": passage.source,
                "title": passage.title,
                "url": passage.link,
            }
            for passage in outcome.passages
        ],
        "evidence": outcome.evidence,
        "engine": outcome.engine,
        "model": outcome.model,
        "latency_ms": {stage: round(ms, 2) for stage, ms in outcome.latency_ms.items()},
    }


@contextmanager
def sync_progress(source: str, *, expected: int | None) -> Iterator[Callable[[SyncReport], None]]:
    """A bar on standard error; `expected` documents, or None when nobody knows yet."""
    from rich.progress import (  # noqa: PLC0415 - only a sync needs it
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("Syncing {task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f} documents", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(sys.stderr)) as progress:
        task = progress.add_task(plain(source), total=expected)

        def show(report: SyncReport) -> None:
            done = report.added + report.changed + report.unchanged + report.failed
            total = None if expected is None else max(expected, done)
            progress.update(task, completed=done, total=total)

        yield show
        progress.update(task, total=progress.tasks[0].completed)


def write_sync(reports: Sequence[SyncReport]) -> None:
    """What each run did, then what failed and why."""
    write_table(
        ("SOURCE", *_COUNTS),
        ((each.source, *_counts(each)) for each in reports),
    )
    for report in reports:
        for failure in report.failures:
            write(f"Failed: {report.source} / {failure.document_id}: {failure.reason}")
        if report.error:
            notice(f"The sync of {report.source} failed: {report.error}")


_COUNTS = ("ADDED", "CHANGED", "UNCHANGED", "REMOVED", "FAILED", "API CALLS", "FRESH P50/P95")


def _counts(report: SyncReport) -> tuple[object, ...]:
    return (
        report.added,
        report.changed,
        report.unchanged,
        report.removed,
        report.failed,
        "-" if report.api_calls is None else report.api_calls,
        _fresh(report.freshness),
    )


def _fresh(freshness: Freshness | None) -> str:
    """From an edit at the source until it was answerable, as in "1.2s/48s"."""
    return f"{_span(freshness.p50)}/{_span(freshness.p95)}" if freshness else "-"


def _span(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f}s"
    for unit, length in (("s", 1), ("m", 60), ("h", 3600)):
        if seconds < 120 * length:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds / 86_400:.0f}d"


def write_runs(runs: Iterable[Run]) -> None:
    """The latest runs of a source, and what webhooks started between them."""
    write_table(
        ("STARTED", "WHAT", "STATE", *_COUNTS),
        (
            (
                f"{each.started_at:%Y-%m-%d %H:%M:%S} UTC",
                f"article {each.article}" if each.article else "full" if each.full else "changes",
                each.state,
                *_counts(each.report),
            )
            for each in runs
        ),
    )


def write_sources(states: Iterable[SourceState]) -> None:
    """One line for each source."""
    write_table(
        ("NAME", "KIND", "DOCUMENTS", "FAILED", "LAST SYNC"),
        (
            (each.source.name, each.source.kind, each.documents, each.failed, last_sync(each))
            for each in states
        ),
    )


def source_json(state: SourceState) -> dict[str, Any]:
    """A source as the `--json` of `sources list` and `sources show` prints it."""
    return {
        "name": state.source.name,
        "kind": state.source.kind,
        "config": dict(state.source.config),
        "documents": state.documents,
        "failed": state.failed,
        "last_state": state.last_state,
        "last_sync": state.last_sync.isoformat() if state.last_sync else None,
    }


def last_sync(state: SourceState) -> str:
    """When the latest sync ended and how, in words."""
    if state.last_sync is None:
        return state.last_state or "never"
    return f"{state.last_state} {state.last_sync:%Y-%m-%d %H:%M} UTC"


def write_failures(failures: Iterable[FailedDocument]) -> None:
    """Documents that are not in the index, with the reason."""
    write_table(
        ("DOCUMENT", "TRIES", "REASON"),
        ((each.document_id, each.attempts, each.reason) for each in failures),
    )


def write_checks(checks: Sequence[Check]) -> None:
    """One line for each check, and below it what to do."""
    name_width = max(len(check.name) for check in checks)
    for check in checks:
        write(f"{check.state:<7}  {check.name:<{name_width}}  {check.detail}")
        if check.advice:
            write(f"{'':<7}  {'':<{name_width}}  -> {check.advice}")


def write_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns of text without lines, so that they can be cut and searched."""
    from rich.table import Table  # noqa: PLC0415 - only tables need it
    from rich.text import Text  # noqa: PLC0415 - only tables need it

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(str(cell)).replace("\n", " ")) for cell in row))
    console(sys.stdout).print(table)


def console(stream: TextIO) -> Console:
    """Where tables and bars are drawn; takes texts as they are, without markup."""
    from rich.console import Console  # noqa: PLC0415 - `--help` prints without it

    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
