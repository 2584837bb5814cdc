"""`web`, `worker`, `scheduler`, `migrate`, `version`: what a Procfile runs, and what is running."""

import logging
from contextlib import suppress
from typing import Annotated

import typer

from bot.cli.opening import application, configured


def web(
    listener_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    supervised: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve webhooks, customers' feedback, health and metrics over HTTP (WEB_HOST, PORT).

    `--listener-fd` and `--supervised` come from `supportbot up`: a socket that already
    listens, and a pipe on standard input that closes when `up` is gone.
    """
    import socket  # noqa: PLC0415 - keeps --help instant

    from bot import web as serving  # noqa: PLC0415 - keeps --help instant
    from bot.bootstrap import processes  # noqa: PLC0415 - keeps --help instant
    from bot.up import watch_parent  # noqa: PLC0415 - keeps --help instant

    if supervised:
        watch_parent()
    settings = configured(level=logging.INFO)
    listener = (
        serving.listen(host=settings.web.host, port=settings.web.port)
        if listener_fd is None
        else socket.socket(fileno=listener_fd)
    )
    # A signal has stopped it by then, which is how a server ends when all is well.
    with application(level=logging.INFO) as app, suppress(SystemExit, KeyboardInterrupt):
        serving.serve(processes.web(app), listener)


def worker(
    drain: Annotated[
        int,
        typer.Option(
            min=0,
            help="Seconds that running jobs have to end when it stops; else others do them",
        ),
    ] = 10,
    supervised: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Do the jobs: tickets, syncs, planned or asked for, and upkeep. Run as many as you like."""
    from datetime import timedelta  # noqa: PLC0415 - keeps --help instant

    from bot.bootstrap import processes  # noqa: PLC0415 - keeps --help instant
    from bot.up import watch_parent  # noqa: PLC0415 - keeps --help instant

    if supervised:
        watch_parent()
    # The same while it waits for the database; later the worker minds signals itself.
    with application(level=logging.INFO) as app, suppress(SystemExit, KeyboardInterrupt):
        processes.worker(app, drain=timedelta(seconds=drain)).run()


def scheduler(supervised: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Start planned syncs in time. Of several, one leads and the others stand by."""
    from bot.bootstrap import processes  # noqa: PLC0415 - keeps --help instant
    from bot.up import watch_parent  # noqa: PLC0415 - keeps --help instant

    if supervised:
        watch_parent()
    # A signal ends it, which is how it ends when all is well.
    with application(level=logging.INFO) as app, suppress(SystemExit, KeyboardInterrupt):
        processes.scheduler(app).run()


def migrate() -> None:
    """Bring the database schema to this version. Safe to run at any time, in any number."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as app:
        revision = app.migrate()
    terminal.write(f"The schema is at revision {revision}.")


def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed  # noqa: PLC0415 - keeps --help instant

    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    terminal.write(installed("supportbot"))
