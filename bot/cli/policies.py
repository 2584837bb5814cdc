"""`supportbot zendesk policies`: which tickets are answered, and how."""

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.bootstrap import Application
    from bot.zendesk.policies import Policy
    from connectors.zendesk.directory import Named

app = typer.Typer(
    help="Say which tickets are answered, and how. Without a policy none is.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """List the policies, the one that says most about a ticket first: that one decides."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.policies import Policies  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        found = Policies(pool=opened.pool).all()
        names = {} if as_json else _names(opened, found)
    if as_json:
        terminal.write_json([_json(each) for each in found])
    elif found:
        terminal.write_table(
            ("ID", "BRAND", "CHANNEL", "FORM", "INTENT", "MODE", "SHARE", "ALLOWED"),
            (
                (
                    each.id,
                    names.get(each.brand_id, each.brand_id or "any"),
                    each.channel or "any",
                    names.get(each.form_id, each.form_id or "any"),
                    each.intent or "any",
                    each.mode.value,
                    f"{each.share}%",
                    ", ".join(each.allowed) or "everybody",
                )
                for each in found
            ),
        )
    else:
        terminal.notice(
            "There is no policy, so no ticket is answered. Make one, as in `supportbot zendesk "
            "policies set --channel web --mode draft`."
        )


@app.command("set")
def set_one(
    mode: Annotated[
        str, typer.Option(help="auto (public reply), draft (note for the agent), handoff or off")
    ],
    brand: Annotated[str | None, typer.Option(help="A brand's name or id; else any")] = None,
    channel: Annotated[
        str | None, typer.Option(help="Such as web, email or mobile; else any")
    ] = None,
    form: Annotated[str | None, typer.Option(help="A ticket form's name or id; else any")] = None,
    intent: Annotated[str | None, typer.Option(help="A routing tag; else any")] = None,
    share: Annotated[
        int, typer.Option(min=0, max=100, help="The percentage of these tickets to take")
    ] = 100,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            help="Only for these requesters: an e-mail address, @domain, organization:ID or "
            "tag:NAME; may be given several times"
        ),
    ] = None,
) -> None:
    """Make the policy for these tickets, or change the one there is. It counts at once."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.policies import Mode, Policies, Policy, requester  # noqa: PLC0415 - as above

    if mode not in set(Mode):
        raise InputRejected(f"There is no mode {mode}: use {', '.join(Mode)}.")
    with application() as opened:
        policy = Policy(
            mode=Mode(mode),
            brand_id=_brand(opened, brand),
            channel=channel,
            form_id=_form(opened, form),
            intent=_tag(opened, intent),
            share=share,
            allowed=tuple(map(requester, allow or ())),
        )
        number = Policies(pool=opened.pool).set(policy, actor=operator())
    terminal.write(f"Policy {number} is set: {mode}, for {share}% of the tickets that it fits.")


@app.command("remove")
def remove(
    policy: Annotated[int, typer.Argument(help="Its id, as `policies list` prints it")],
) -> None:
    """Remove a policy; those that say less about a ticket then decide."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.policies import Policies  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        Policies(pool=opened.pool).remove(policy, actor=operator())
    terminal.write(f"Removed policy {policy}.")


def _brand(opened: "Application", given: str | None) -> int | None:
    if given is None or given.isdecimal():
        return int(given) if given else None
    return _by_name(given, _known(opened, "brands"), "brand")


def _form(opened: "Application", given: str | None) -> int | None:
    if given is None or given.isdecimal():
        return int(given) if given else None
    return _by_name(given, _known(opened, "forms"), "ticket form")


def _tag(opened: "Application", given: str | None) -> str | None:
    if given is None:
        return None
    known = [each.name for each in opened.routing_tags.read().tags]
    if given not in known:
        names = ", ".join(known) or "none; `supportbot routing add` makes one"
        raise InputRejected(f"There is no routing tag {given}. There are: {names}.")
    return given


def _known(opened: "Application", what: str) -> "tuple[Named, ...]":
    """Asks Zendesk. Raises ConnectorError."""
    from bot.bootstrap.tickets import Tickets  # noqa: PLC0415 - keeps --help instant
    from connectors.zendesk.directory import Directory  # noqa: PLC0415 - keeps --help instant

    with Tickets(opened).client() as client:
        directory = Directory(client=client)
        return directory.brands() if what == "brands" else directory.ticket_forms()


def _by_name(given: str, known: "Sequence[Named]", what: str) -> int:
    found = [each.id for each in known if each.name.casefold() == given.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(map(str, found))
        raise InputRejected(f"Several have the name {given}: give one of the ids {numbers}.")
    names = ", ".join(each.name for each in known) or "none"
    raise InputRejected(f"Zendesk has no active {what} named {given}. There are: {names}.")


def _names(opened: "Application", policies: "Sequence[Policy]") -> "dict[int | None, str]":
    """Names by id, as far as Zendesk tells them now; ids do as well."""
    found: dict[int | None, str] = {}
    with suppress(ConnectorError):
        if any(each.brand_id for each in policies):
            found |= {each.id: each.name for each in _known(opened, "brands")}
        if any(each.form_id for each in policies):
            found |= {each.id: each.name for each in _known(opened, "forms")}
    return found


def _json(policy: "Policy") -> dict[str, Any]:
    return {
        "id": policy.id,
        "brand_id": policy.brand_id,
        "channel": policy.channel,
        "form_id": policy.form_id,
        "intent": policy.intent,
        "mode": policy.mode.value,
        "share": policy.share,
        "allowed": list(policy.allowed),
    }
