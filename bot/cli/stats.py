"""`supportbot stats`: what came of the tickets, each figure with what it counts."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application
from bot.cli.rechecking import quality_json, write_quality

if TYPE_CHECKING:
    from bot.zendesk.resolutions import Report

_DEFINITIONS = """\
Deflected: of the answered tickets whose end is known, those whose customer said that it helped. \
Silence for 72 hours is unknown, never success.
Reopened: the customer came back after it was solved. Human finished: a person replied, or was \
handed the ticket later. Open: answered within the last 72 hours.
Handed off: of the turns that were not left alone, those that people took over.
Seconds: from the customer's message until its outcome was at Zendesk."""


def stats(
    days: Annotated[int, typer.Option(min=1, help="How many days to look back")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """What came of tickets: deflection, hand-offs by reason and tag, latency, ratings, cost; and
    how good the citations of a sample of all answers are."""
    from datetime import timedelta  # noqa: PLC0415 - keeps --help instant

    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.quality import read_quality  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.resolutions import Resolutions  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        report = Resolutions(pool=opened.pool).report(timedelta(days=days))
        quality = read_quality(opened.pool, timedelta(days=days))
    if as_json:
        found = {"citation_quality": quality_json(quality)}
        terminal.write_json({"days": days, **_json(report), **found})
        return
    if report.outcomes:
        _write(report, days)
    else:
        terminal.notice(f"No ticket had an outcome within {days} days.")
    write_quality(quality)


def _write(report: "Report", days: int) -> None:
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    terminal.write(f"Tickets of the last {days} days")
    terminal.write(f"\nDeflected: {_share(report.deflection)}")
    terminal.write(f"Handed off: {_share(report.handoff_rate)}")
    terminal.write(f"Model cost: {report.cost_usd:.2f} USD\n")
    terminal.write_table(
        ("OUTCOME", "TURNS", "SECONDS P50", "P95"),
        (
            (name, one.turns, f"{one.p50:.1f}", f"{one.p95:.1f}")
            for name, one in sorted(report.outcomes.items())
        ),
    )
    if report.resolutions:
        terminal.write("")
        terminal.write_table(
            ("ANSWERED TICKETS", "NUMBER"),
            (
                *((name.replace("_", " "), n) for name, n in sorted(report.resolutions.items())),
                *((f"rated {name}", n) for name, n in sorted(report.scores.items())),
            ),
        )
    if report.handed_off:
        terminal.write("")
        terminal.write_table(
            ("HANDED OFF FOR", "ROUTING TAG", "TURNS"),
            ((each.reason, each.routing_tag or "-", each.turns) for each in report.handed_off),
        )
    terminal.write(f"\n{_DEFINITIONS}")


def _share(value: float | None) -> str:
    return "nothing to count yet" if value is None else f"{value:.1%}"


def _json(report: "Report") -> dict[str, Any]:
    return {
        "deflection": report.deflection,
        "handoff_rate": report.handoff_rate,
        "resolutions": report.resolutions,
        "handed_off": [
            {"reason": each.reason, "routing_tag": each.routing_tag, "turns": each.turns}
            for each in report.handed_off
        ],
        "outcomes": {
            name: {"turns": one.turns, "seconds": {"p50": one.p50, "p95": one.p95}}
            for name, one in report.outcomes.items()
        },
        "scores": report.scores,
        "cost_usd": report.cost_usd,
    }
