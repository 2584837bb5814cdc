"""`supportbot zendesk`: connecting tickets, and a look at one of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import drafts, policies, sending, voice
from bot.cli.opening import application
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from connectors.zendesk.hooks import Hooks, Webhook

app = typer.Typer(
    help="Answer the tickets of a Zendesk account.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(policies.app, name="policies")
app.add_typer(drafts.app, name="drafts")
app.add_typer(voice.app, name="voice")
app.add_typer(sending.app, name="sending")

_NOT_SET = (
    "Set ZENDESK_WEBHOOK_SECRET to what `supportbot zendesk install --show-secret` prints, start "
    "the web process again, then run this command once more: it tests whether webhooks arrive."
)
_NO_POLICY = (
    "No ticket is answered yet. Switch a first queue on, as in `supportbot zendesk policies set "
    "--channel web --mode draft`."
)


@app.command("install")
def install(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done, and change nothing")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(help="Where Zendesk reaches the web process; else PUBLIC_URL"),
    ] = None,
    show_secret: Annotated[
        bool, typer.Option("--show-secret", help="Print the signing secret as a line for .env")
    ] = False,
) -> None:
    """Create or repair what makes Zendesk tell of tickets and articles, and test it.

    Safe to run again at any time. Needs an administrator's credentials. Tags need no setting up:
    Zendesk knows them once a ticket has them.
    """
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.bootstrap.tickets import Tickets  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.installing import Installation  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.policies import Policies  # noqa: PLC0415 - keeps --help instant
    from connectors.zendesk.hooks import Hooks  # noqa: PLC0415 - brings zenpy

    with application() as opened:
        endpoint = _endpoint(opened, url)
        with Tickets(opened).client() as client:
            hooks = Hooks(client=client)
            user = client.check()
            terminal.write(f"Signed in as {user.name} ({user.role}).")
            found = Installation(hooks=hooks, endpoint=endpoint, dry_run=dry_run).run()
            for step in found.steps:
                terminal.write(f"{'Would be done: ' * (dry_run and step.done)}{step.what}")
            if dry_run:
                return
            arrived = _verified(opened, hooks, found.webhooks, show_secret=show_secret)
        if not Policies(pool=opened.pool).all():
            terminal.notice(_NO_POLICY)
    if not arrived:
        raise typer.Exit(1)


@app.command("attend")
def attend(
    ticket: Annotated[int, typer.Argument(min=1, help="The ticket's number")],
) -> None:
    """Do now what is to be done about one ticket, as a worker does, and print what that was."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.bootstrap.tickets import Tickets  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        turn = Tickets(opened).attendant().attend(ticket).turn
    if turn is None:
        terminal.write(f"Ticket {ticket}: nothing to do. Every message has its outcome.")
        return
    why = turn.reason or turn.why
    terminal.write(f"Ticket {ticket}: {turn.outcome.value}{f' ({why.value})' if why else ''}.")


def _endpoint(opened: "Application", url: str | None) -> str:
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.installing import checked_endpoint  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.webhooks import PATH  # noqa: PLC0415 - keeps --help instant

    given = url or opened.settings.web.public_url
    if given is None:
        raise InputRejected(
            "Say where Zendesk reaches the web process: set PUBLIC_URL, or give --url "
            "https://support.example.com."
        )
    endpoint = checked_endpoint(given, path=PATH)
    if not endpoint.startswith("https://"):
        terminal.notice(f"{endpoint} is not encrypted: Zendesk calls https addresses only.")
    return endpoint


def _verified(
    opened: "Application", hooks: "Hooks", webhooks: "list[Webhook]", *, show_secret: bool
) -> bool:
    """Whether every test that was made arrived."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.bootstrap.choices import webhook_keys  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.installing import Verification  # noqa: PLC0415 - keeps --help instant

    verification = Verification(
        hooks=hooks, pool=opened.pool, keys=webhook_keys(opened.settings.zendesk)
    )
    secrets = [verification.secret(each) for each in webhooks]
    if show_secret:
        terminal.write(f"ZENDESK_WEBHOOK_SECRET={','.join(secrets)}")
    if not all(map(verification.knows, secrets)):
        terminal.notice(_NOT_SET)
        return True
    tested = [verification.test(each) for each in webhooks]
    for each in tested:
        terminal.write(each.problem or f"A signed test of webhook “{each.webhook}” arrived.")
    return not any(each.problem for each in tested)
