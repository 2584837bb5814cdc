"""`supportbot eval recheck`: a second look at a sample of the answers that people were given."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application, operator

if TYPE_CHECKING:
    from bot.evaluation.quality import Quality
    from bot.evaluation.scorers import Interval


def recheck(
    share: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="From now on, which share of the answers is looked at"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Look now at the sampled answers of the last 30 days that nobody has looked at, and show how
    good they are. A worker does the same every hour."""
    from datetime import timedelta  # noqa: PLC0415 - keeps --help instant

    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.quality import read_quality  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.rechecking import AnswerChecks, Rechecking  # noqa: PLC0415 - as above

    with application() as opened:
        if share is not None:
            chosen = opened.preferences.get(AnswerChecks)
            opened.preferences.put(chosen.model_copy(update={"share": share}), actor=operator())
        looked = Rechecking(pool=opened.pool, preferences=opened.preferences).run()
        found = read_quality(opened.pool, timedelta(days=30))
    if as_json:
        terminal.write_json({"looked_at": looked, **quality_json(found)})
        return
    terminal.write(f"Looked at {looked} answers.")
    write_quality(found)


def write_quality(found: "Quality") -> None:
    """A few lines for people; nothing where no answer was looked at."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    if not found.answers:
        return
    terminal.write(f"\n{found.answers} answers that chance chose were looked at again:")
    terminal.write(f"Statements that their citations carry: {_with_interval(found.supported)}")
    terminal.write(f"Citations that are needed: {_with_interval(found.needed)}")
    terminal.write(f"Citations whose words have left the index since: {_with_interval(found.gone)}")
    held_to = f"held to the {found.judged} that people judged"
    alone = f"as the look alone says: people judged {found.judged}, too few to hold it to"
    how = held_to if found.is_calibrated else alone
    terminal.write(f"Answers that are right, {how}: {_with_interval(found.right)}")
    if found.agreement is not None:
        terminal.write(f"The look agrees with people in {found.agreement:.0%} of those.")


def quality_json(found: "Quality") -> dict[str, Any]:
    """The figures for scripts; each share with the bounds of its 95 % interval."""
    return {
        "answers": found.answers,
        "judged": found.judged,
        "agreement": found.agreement,
        "calibrated": found.is_calibrated,
        "statements_supported": _interval_json(found.supported),
        "citations_needed": _interval_json(found.needed),
        "citations_gone": _interval_json(found.gone),
        "answers_right": _interval_json(found.right),
    }


def _interval_json(interval: "Interval | None") -> dict[str, float] | None:
    if interval is None:
        return None
    return {"share": interval.mean, "low": interval.low, "high": interval.high}


def _with_interval(interval: "Interval | None") -> str:
    if interval is None:
        return "nothing to count yet"
    return f"{interval.mean:.1%} (95 %: {interval.low:.1%} to {interval.high:.1%})"
