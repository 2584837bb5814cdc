"""`supportbot slack`: the process that listens through Socket Mode, and the app's manifest."""

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.opening import application

if TYPE_CHECKING:
    from bot.bootstrap import Application

app = typer.Typer(
    help="Listen to Slack through Socket Mode, or say what Slack is to be told of the app.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


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
