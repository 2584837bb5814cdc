"""`supportbot slack`: the process that listens through Socket Mode, and the app's manifest."""

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.opening import application, operator

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.slack.workspaces import Workspaces

app = typer.Typer(
    help="Listen to Slack through Socket Mode, or say what Slack is to be told of the app.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


workspaces = typer.Typer(
    help="Say which workspaces that installed the app are the team's own.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(workspaces, name="workspaces")

Id = Annotated[str, typer.Argument(help="As `supportbot slack workspaces list` shows it")]


@app.callback()
def listen(
    context: typer.Context,
    supervised: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Listen to Slack through Socket Mode (SLACK_APP_TOKEN), so that Slack need not reach this
    machine. Run as many as you like. Workers give the replies."""
    if context.invoked_subcommand is not None:
        return
    from bot.bootstrap import processes  # noqa: PLC0415 - keeps --help instant
    from bot.up import watch_parent  # noqa: PLC0415 - keeps --help instant

    if supervised:
        watch_parent()
    # A signal ends it, which is how it ends when all is well.
    with application(level=logging.INFO) as opened, suppress(SystemExit, KeyboardInterrupt):
        processes.slack(opened).run()


@app.command("manifest")
def manifest(
    url: Annotated[
        str | None, typer.Option(help="Where Slack reaches the web process; else PUBLIC_URL")
    ] = None,
    socket: Annotated[
        bool | None,
        typer.Option("--socket/--http", help="How Slack reaches it; else by what is set"),
    ] = None,
    name: Annotated[str, typer.Option(help="What the app is called in Slack")] = "Supportbot",
) -> None:
    """Print the manifest of the Slack app for this deployment: paste it at api.slack.com/apps >
    Create New App > From a manifest."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.slack.manifest import Deployment  # noqa: PLC0415 - keeps --help instant
    from bot.slack.manifest import manifest as made  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        settings = opened.settings
        address = url or settings.web.public_url
        by_socket = socket if socket is not None else _has_socket(opened) or address is None
        if not by_socket and address is None:
            raise typer.BadParameter("Give --url, or set PUBLIC_URL: Slack must reach it.")
        deployment = Deployment(
            name=name,
            public_url=address,
            socket_mode=by_socket,
            is_distributed=settings.slack.client_id is not None,
            domains=_domains(opened),
        )
    terminal.write_json(made(deployment))


def _has_socket(opened: "Application") -> bool:
    return opened.settings.slack.app_token is not None


def _domains(opened: "Application") -> tuple[str, ...]:
    """The hosts of what is indexed, those of most articles first; none before anything is."""
    from bot.errors import SupportbotError  # noqa: PLC0415 - keeps --help instant
    from bot.slack.previews import domains  # noqa: PLC0415 - keeps --help instant

    try:
        return domains(opened.pool)
    except SupportbotError:
        return ()


@workspaces.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """List where the app is installed, and what each is told."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        found = _workspaces(opened).all()
    if as_json:
        terminal.write_json(
            [
                {
                    "id": each.id,
                    "name": each.name,
                    "is_organisation": each.is_organisation,
                    "is_trusted": each.is_trusted,
                    "was_installed": each.was_installed,
                }
                for each in found
            ]
        )
    elif found:
        terminal.write_table(
            ("ID", "NAME", "BY", "IS TOLD"),
            (
                (
                    each.id,
                    each.name,
                    "installing" if each.was_installed else "SLACK_BOT_TOKEN",
                    "what the team knows" if each.is_trusted else "public articles",
                )
                for each in found
            ),
        )
    else:
        terminal.notice("The app is not installed anywhere, or no process has asked Slack yet.")


@workspaces.command("trust")
def trust(workspace: Id) -> None:
    """It is the team's own: its members are told what the team knows, and its admins change
    settings in the app's Home."""
    _trust(workspace, trusted=True)


@workspaces.command("distrust")
def distrust(workspace: Id) -> None:
    """It is somebody else's: whoever asks there is told public articles only."""
    _trust(workspace, trusted=False)


def _trust(workspace: str, *, trusted: bool) -> None:
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        _workspaces(opened).trust(workspace, trusted=trusted, actor=operator())
    told = "what the team knows" if trusted else "public articles only"
    terminal.write(f"Within half a minute {workspace} is told {told}.")


def _workspaces(opened: "Application") -> "Workspaces":
    from bot.bootstrap.slack import Slack  # noqa: PLC0415 - keeps --help instant

    return Slack.of(opened, pool=opened.pool).workspaces
