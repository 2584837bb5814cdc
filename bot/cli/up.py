"""`supportbot up`: everything on one machine, with one command and one way to stop it."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from bot.cli.first_run import unsynced_sample
from bot.cli.opening import application

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.settings import Settings
    from bot.up import Process

# -P: a folder named "bot" in the working directory must not be taken for ours.
SUPPORTBOT = (sys.executable, "-P", "-m", "bot")


def up() -> None:
    """Run everything on this machine until Ctrl-C: database, schema, sample, and the web,
    worker and scheduler processes, and with SLACK_APP_TOKEN the one that listens to Slack."""
    from bot import terminal, web  # noqa: PLC0415 - keeps --help instant
    from bot.up import Process, Supervisor  # noqa: PLC0415 - keeps --help instant

    with application() as app:
        settings = app.settings
        # Bound here and handed on: a taken port is noticed at once, and while the web process
        # restarts its visitors wait in the queue instead of being refused.
        listener = web.listen(host=settings.web.host, port=settings.web.port)
        listener.set_inheritable(True)
        _prepare(app)
        for line in _overview(app, listener):
            terminal.write(line)
        sys.stdout.flush()
        descriptor = listener.fileno()
        supervisor = Supervisor(
            processes=(
                Process(
                    name="web",
                    command=(*SUPPORTBOT, "web", "--supervised", f"--listener-fd={descriptor}"),
                    pass_fds=(descriptor,),
                ),
                Process(name="worker", command=(*SUPPORTBOT, "worker", "--supervised")),
                Process(name="scheduler", command=(*SUPPORTBOT, "scheduler", "--supervised")),
                *_slack(settings),
            ),
            write=_write_line,
            environment=_environment(settings),
            watch=_database_watch(app),
        )
        if not supervisor.run():
            raise SystemExit(1)


def _slack(settings: "Settings") -> "Iterator[Process]":
    """Who listens to Slack through Socket Mode, where its token is set."""
    from bot.up import Process  # noqa: PLC0415 - keeps --help instant

    if settings.slack.app_token is not None:
        yield Process(name="slack", command=(*SUPPORTBOT, "slack", "--supervised"))


def _prepare(app: "Application") -> None:
    """Schema, and on a fresh machine the sample help center, indexed by a process of its own so
    that the model's memory is given back."""
    from bot import db, terminal  # noqa: PLC0415 - keeps --help instant
    from bot.sources import Sources  # noqa: PLC0415 - keeps --help instant

    app.migrate()
    with db.open_pool(app.database_url, max_size=1) as pool:
        sample = unsynced_sample(Sources(pool=pool))
    if sample is not None:
        terminal.notice("First run: indexing the sample help center.")
        command = (*SUPPORTBOT, "sync", "--inline", sample.name)
        if subprocess.run(command, check=False, stdout=sys.stderr).returncode:  # noqa: S603 - ours
            terminal.notice("It could not be indexed; `supportbot sync` tries again.")


def _overview(app: "Application", listener: socket.socket) -> list[str]:
    """Where it runs, and what is connected or which setting or command connects it."""
    from bot.bootstrap.checks import connections  # noqa: PLC0415 - keeps --help instant
    from bot.bootstrap.console import sign_in_link  # noqa: PLC0415 - keeps --help instant

    settings = app.settings
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else {"0.0.0.0": "127.0.0.1"}.get(host, host)  # noqa: S104 - shown only
    address = settings.web.public_url or f"http://{shown}:{port}"
    lines = [f"Supportbot runs at {address}"]
    lines.append(f"  sign in, once: {sign_in_link(app, base=address)}")
    lines += [
        f"  {check.name}: {check.detail}{f' {check.advice}' if check.advice else ''}"
        for check in connections(settings)
    ]
    return [*lines, "Stop it with Ctrl-C."]


def _environment(settings: "Settings") -> dict[str, str]:
    """What the processes inherit: ours, with log lines that read well behind a prefix unless
    LOG_FORMAT says otherwise."""
    chosen = settings.log.log_format
    log_format = "console" if chosen == "auto" else chosen
    return {**os.environ, "LOG_FORMAT": log_format, "PYTHONUNBUFFERED": "1"}


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _database_watch(app: "Application") -> Callable[[], None] | None:
    """Starts the embedded server again should it have died; nothing with DATABASE_URL."""
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - keeps --help instant

    if (server := app.embedded_postgres) is None:
        return None
    where = conninfo_to_dict(app.database_url)
    address = (str(where["host"]), int(str(where["port"])))

    def watch() -> None:
        try:
            socket.create_connection(address, timeout=5).close()
        except OSError:
            server.ensure_running()
            _write_line("The database was down and is started again.")

    return watch
