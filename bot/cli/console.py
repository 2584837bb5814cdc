"""`supportbot console`: the way into the console from the machine that runs it."""

from typing import Annotated

import typer

from bot.cli.opening import application

app = typer.Typer(
    help="Sign in to the console at /admin.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def group() -> None:
    """Keeps `link` a verb of its own while it is the only one."""


@app.command("link")
def link(
    email: Annotated[
        str, typer.Option(help="Whom it signs in; the operator of this machine if left out")
    ] = "",
) -> None:
    """Print an address that signs in once, within an hour."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.bootstrap.console import sign_in_link  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        web = opened.settings.web
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(web.host, web.host)  # noqa: S104 - shown only
        base = web.public_url or f"http://{host}:{web.port}"
        address = sign_in_link(opened, base=base, email=email)
    terminal.write(address)
    terminal.notice("It works once, within an hour.")
