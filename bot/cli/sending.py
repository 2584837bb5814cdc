"""`supportbot zendesk sending`: how sure an answer must be to be sent without a person."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.sending import Needed

app = typer.Typer(
    help="Say how often an answer that is sent may be wrong; what is less sure becomes a draft.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("show")
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False) -> None:
    """Show what evidence is needed where, by what people said of earlier answers."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.sending import Sending, SendingRisk  # noqa: PLC0415 - as above

    with application() as opened:
        risk = opened.preferences.get(SendingRisk)
        found = Sending(pool=opened.pool, preferences=opened.preferences).table()
    if as_json:
        needed = [_json(each) for each in found]
        terminal.write_json({**risk.model_dump(mode="json"), "needed": needed})
        return
    terminal.write_table(
        ("CHANNEL", "INTENT", "JUDGED", "EVIDENCE NEEDED", "WHY"),
        (
            (
                each.channel or "any",
                each.intent or "any",
                each.fit.cases,
                f"{each.evidence:.2f}",
                _why(each),
            )
            for each in found
        ),
    )
    terminal.notice(
        f"Of the answers that are sent, at most {risk.wrong_at_most:.1%} may be wrong, with "
        f"{risk.confidence:.0%} confidence. Where that is not proven for an intent, its channel "
        "decides, then the account; what is less sure becomes a draft."
    )


@app.command("set")
def set_risk(
    wrong: Annotated[
        float | None, typer.Option(help="The share of sent answers that may be wrong, such as 0.02")
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(help="How certain that is to be, such as 0.95")
    ] = None,
    until_known: Annotated[
        float | None, typer.Option(help="The evidence, 0 to 1, needed until enough is known")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also if more of what is sent would be wrong")
    ] = False,
) -> None:
    """Change the risk. It counts from the next ticket on.

    Refused where more of what would be sent is wrong in the runs that `eval guard` holds.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - keeps --help instant

    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.guard import allow_risk  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - keeps --help instant
    from bot.sending import Sending, SendingRisk  # noqa: PLC0415 - as above

    given = {"wrong_at_most": wrong, "confidence": confidence, "until_known": until_known}
    with application() as opened:
        old = opened.preferences.get(SendingRisk).model_dump()
        changed = {name: value for name, value in given.items() if value is not None}
        try:
            new = SendingRisk.model_validate({**old, **changed})
        except ValidationError as error:
            first = error.errors()[0]
            option = str(first["loc"][0]).replace("wrong_at_most", "wrong").replace("_", "-")
            raise InputRejected(f"--{option}: {first['msg']}.") from error
        if not force:
            sending = Sending(pool=opened.pool, preferences=opened.preferences)
            allow_risk(EvaluationRuns(pool=opened.pool), sending, new)
        opened.preferences.put(new, actor=operator())
    terminal.write("Set. It counts from the next ticket on.")


def _why(needed: "Needed") -> str:
    fit = needed.fit
    if fit.evidence is not None:
        return f"of {fit.sent} with as much, {fit.wrong} wrong"
    if fit.missing is None:
        return "cautious: too many were wrong"
    return f"cautious: {fit.missing} more judged right are missing"


def _json(needed: "Needed") -> dict[str, Any]:
    fit = needed.fit
    return {
        "channel": needed.channel,
        "intent": needed.intent,
        "evidence": needed.evidence,
        "proven": needed.is_proven,
        "judged": fit.cases,
        "sent": fit.sent,
        "wrong": fit.wrong,
        "missing": fit.missing,
    }
