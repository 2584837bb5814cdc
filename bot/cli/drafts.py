"""`supportbot zendesk drafts`: replies that wait for a person."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.drafts import Decision, Draft

app = typer.Typer(
    help="Decide about replies that the bot drafted.", no_args_is_help=True, rich_markup_mode=None
)

Id = Annotated[str, typer.Argument(help="The draft's id, or how it begins")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]


@app.command("list")
def list_all(
    every: Annotated[bool, typer.Option("--all", help="Also those that were decided")] = False,
    as_json: AsJson = False,
) -> None:
    """List the drafts that wait, the newest first."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        found = _all(opened) if every else opened.drafts.waiting()
    if as_json:
        terminal.write_json([_json(each) for each in found])
    elif found:
        terminal.write_table(
            ("ID", "TICKET", "TAG", "STATE", "SURE", "THE CUSTOMER WROTE"),
            (
                (
                    str(each.id)[:8],
                    each.ticket_id,
                    each.routing_tag or "-",
                    each.state,
                    f"{each.evidence:.0%}",
                    _line(each.question),
                )
                for each in found
            ),
        )
    else:
        terminal.notice("No draft waits.")


@app.command("show")
def show(draft: Id) -> None:
    """Show what the customer wrote, the reply that was drafted, and what it cites."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.recorded import recorded  # noqa: PLC0415 - as above

    with application() as opened:
        one = _found(opened, draft)
        known = recorded(opened.pool, one.id)
    terminal.write(f"Ticket {one.ticket_id}, {_state(one)}. The customer wrote:\n{one.question}\n")
    if one.text is not None:
        terminal.write(f"Reply, as {one.person} changed it:\n{one.text}\n")
    if known is not None:
        terminal.write_outcome(known.outcome)


@app.command("approve")
def approve(
    draft: Id,
    text: Annotated[
        str | None, typer.Option(help="The reply in your own words; [1] stays a link to a source")
    ] = None,
) -> None:
    """Let a worker send it, unless the ticket has moved on by then."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        decision = opened.drafts.approve(_found(opened, draft).id, actor=operator(), text=text)
        alive = opened.queue.worker_alive()
    _require(decision)
    terminal.write(f"Approved: ticket {decision.draft.ticket_id} gets it now.")
    if not alive:
        terminal.notice("No worker runs: start `supportbot worker` (or `supportbot up`).")


@app.command("reject")
def reject(
    draft: Id, reason: Annotated[str, typer.Option(help="What is wrong with it")] = ""
) -> None:
    """Do not send it; the ticket stays with the agents."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        chosen = _found(opened, draft).id
        decision = opened.drafts.reject(chosen, actor=operator(), reason=reason)
    _require(decision)
    terminal.write("Rejected.")


def _all(opened: "Application") -> "tuple[Draft, ...]":
    from bot.drafts import STATES  # noqa: PLC0415 - keeps --help instant

    return opened.drafts.having(*STATES)


def _found(opened: "Application", given: str) -> "Draft":
    try:
        return opened.drafts.get(UUID(given))
    except ValueError:
        fitting = [each for each in _all(opened) if str(each.id).startswith(given.lower())]
    if len(fitting) == 1:
        return fitting[0]
    raise InputRejected(
        f"{'Several drafts have ids' if fitting else 'No draft has an id'} that begins with "
        f"{given!r}. See `supportbot zendesk drafts list --all`."
    )


def _require(decision: "Decision") -> None:
    if not decision.counted:
        raise InputRejected(f"Too late: the draft is {_state(decision.draft)}.")


def _state(draft: "Draft") -> str:
    by = f" by {draft.person} ({draft.surface})" if draft.person else ""
    return f"{draft.state}{by}{f': {draft.why}' if draft.why else ''}"


def _line(text: str) -> str:
    from bot.inert import shortened  # noqa: PLC0415 - keeps --help instant

    return shortened(text, 80)


def _json(draft: "Draft") -> dict[str, Any]:
    return {
        "id": str(draft.id),
        "ticket_id": draft.ticket_id,
        "routing_tag": draft.routing_tag,
        "state": draft.state,
        "question": draft.question,
        "locale": draft.locale,
        "evidence": draft.evidence,
        "drafted_at": draft.drafted_at.isoformat(),
        "text": draft.text,
        "reason": draft.reason,
        "decided_by": draft.person or None,
        "decided_at": draft.decided_at.isoformat() if draft.decided_at else None,
        "why": draft.why,
    }
