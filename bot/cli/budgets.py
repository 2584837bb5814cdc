"""`supportbot budgets`: budgets for the model and for Zendesk, and what is done without."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.budgets import Standing

app = typer.Typer(
    help="Say what may be spent in an hour and a day; answers become plainer before it is over.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_STEPS = "full, no-extras, extractive, drafts or hand-off"


@app.command("show")
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False) -> None:
    """Show the budgets, what is used of them, and what is done without now."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.budgets import MEANINGS  # noqa: PLC0415 - as above

    with application() as opened:
        standing = opened.vendors.spending.standing()
        resting = opened.vendors.use.resting()
    if as_json:
        terminal.write_json(_json(standing, resting))
        return
    if standing.budgets:
        terminal.write_table(
            ("BUDGET", "AT MOST", "USED", "ANEW AT"),
            (
                (
                    each.name.replace("_", " "),
                    f"{each.limit:g}",
                    f"{each.share:.0%}",
                    f"{each.ends_at:%H:%M} UTC",
                )
                for each in standing.budgets
            ),
        )
    else:
        terminal.notice("No budget is set. `supportbot budgets set --model-usd-per-day 20`")
    terminal.write(f"\n{MEANINGS[standing.step]} {standing.why}".rstrip())
    if (until := standing.syncs_wait_until) is not None:
        terminal.write(f"Syncs of Zendesk wait until {until:%H:%M} UTC.")
    for vendor, processes in resting.items():
        terminal.write(f"{vendor} is left alone after failures by {processes} processes.")


@app.command("set")
def set_budgets(
    model_usd_per_hour: Annotated[
        float | None, typer.Option(help="US dollars for the model in an hour; 0: no limit")
    ] = None,
    model_usd_per_day: Annotated[
        float | None, typer.Option(help="US dollars for the model in a day (UTC); 0: no limit")
    ] = None,
    zendesk_calls_per_hour: Annotated[
        int | None, typer.Option(help="Requests to Zendesk in an hour; 0: no limit")
    ] = None,
    zendesk_calls_per_day: Annotated[
        int | None, typer.Option(help="Requests to Zendesk in a day (UTC); 0: no limit")
    ] = None,
    at_least: Annotated[
        str | None, typer.Option(help=f"Done without at once, whatever is left: {_STEPS}")
    ] = None,
) -> None:
    """Change budgets. They hold from the next question on."""
    from pydantic import ValidationError  # noqa: PLC0415 - keeps --help instant

    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.budgets import Budgets, Step  # noqa: PLC0415 - as above

    given: dict[str, Any] = {
        "model_usd_per_hour": model_usd_per_hour,
        "model_usd_per_day": model_usd_per_day,
        "zendesk_calls_per_hour": zendesk_calls_per_hour,
        "zendesk_calls_per_day": zendesk_calls_per_day,
    }
    changed = {name: value or None for name, value in given.items() if value is not None}
    if at_least is not None:
        steps = {step.name.lower().replace("_", "-"): step for step in Step}
        if at_least not in steps:
            raise InputRejected(f"--at-least is one of {_STEPS}.")
        changed["at_least"] = steps[at_least]
    with application() as opened:
        old = opened.preferences.get(Budgets).model_dump()
        try:
            new = Budgets.model_validate({**old, **changed})
        except ValidationError as error:
            first = error.errors()[0]
            option = str(first["loc"][0]).replace("_", "-")
            raise InputRejected(f"--{option}: {first['msg']}.") from error
        opened.preferences.put(new, actor=operator())
    terminal.write("Set. It holds from the next question on.")


def _json(standing: "Standing", resting: dict[str, int]) -> dict[str, Any]:
    until = standing.syncs_wait_until
    return {
        "step": standing.step.name.lower(),
        "why": standing.why,
        "budgets": {
            each.name: {
                "limit": each.limit,
                "used": each.share,
                "ends_at": each.ends_at.isoformat(),
            }
            for each in standing.budgets
        },
        "syncs_wait_until": until.isoformat() if until else None,
        "resting": resting,
    }
