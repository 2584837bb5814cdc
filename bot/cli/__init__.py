"""The command line: thin, and instant where it only explains itself.

Each module holds the commands of one subject. Everything heavy is imported inside a command,
so that `--help` and bad use cost nothing.
"""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer

from bot.cli import (
    advise,
    ask,
    audit,
    budgets,
    console,
    doctor,
    evaluate,
    index,
    keeping,
    operations,
    processes,
    routing,
    schedules,
    slack,
    sources,
    stats,
    sync,
    tune,
    up,
    zendesk,
)
from bot.errors import InputRejected, SettingInvalid, SupportbotError
from connectors.errors import ConnectorError
from indexing.errors import IndexingError

EXIT_FAILED, EXIT_BAD_USE, EXIT_INTERRUPTED = 1, 2, 130
EXPECTED = (SupportbotError, IndexingError, ConnectorError)

app = typer.Typer(
    name="supportbot",
    help="Answers support questions with citations from your help center, or hands them off.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("ask")(ask.ask)
app.command("sync")(sync.sync)
app.add_typer(sources.app, name="sources")
app.add_typer(schedules.app, name="schedules")
app.add_typer(index.app, name="index")
app.add_typer(routing.app, name="routing")
app.add_typer(zendesk.app, name="zendesk")
app.command("stats")(stats.stats)
app.add_typer(budgets.app, name="budgets")
app.command("audit")(audit.audit)
app.command("up")(up.up)
app.command("web")(processes.web)
app.command("worker")(processes.worker)
app.command("scheduler")(processes.scheduler)
app.add_typer(slack.app, name="slack")
app.add_typer(operations.app, name="operations")
app.add_typer(console.app, name="console")
app.command("export")(keeping.export)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
app.command("migrate")(processes.migrate)
app.command("doctor")(doctor.doctor)
app.add_typer(evaluate.app, name="eval")
app.add_typer(tune.app, name="tune")
app.command("advise")(advise.advise)
app.command("version")(processes.version)


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (or SUPPORTBOT_DEBUG=1)")
    ] = False,
) -> None:
    """Read before every command."""
    if debug:
        os.environ["SUPPORTBOT_DEBUG"] = "true"  # also for the processes that `up` starts


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status: 0 done, 1 failed, 2 bad use."""
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal's encoding must not end a command
    try:
        status = app(args=arguments, prog_name="supportbot", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _bad_use(error)
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        return _failed(error)
    return status if isinstance(status, int) else 0


def _terminate(number: int, _frame: FrameType | None) -> None:
    """SIGTERM unwinds like an error, so that whatever is open is closed."""
    raise SystemExit(128 + number)


def _bad_use(error: typer.TyperException) -> int:
    message = getattr(error, "format_message", lambda: str(error))()
    if type(error).__name__ == "NoArgsIsHelpError":  # the message is the help text
        sys.stderr.write(f"{message}\n")
        return EXIT_BAD_USE
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "supportbot"
    _complain(f"{message.replace('Value error, ', '')} See `{command} --help`.")
    return EXIT_BAD_USE


def _failed(error: Exception) -> int:
    if _debugging():
        raise error
    if isinstance(error, EXPECTED):
        _complain(str(error))
        return EXIT_BAD_USE if isinstance(error, InputRejected | SettingInvalid) else EXIT_FAILED
    if type(error).__module__.startswith("psycopg") and "Operational" in type(error).__name__:
        _complain(f"The database went away ({error}). Run `supportbot doctor`, then try again.")
        return EXIT_FAILED
    _complain(
        f"Unexpected {type(error).__name__}: {error}. This is a fault of Supportbot: run it again "
        "with `supportbot --debug …` and report what it shows."
    )
    return EXIT_FAILED


def _debugging() -> bool:
    return os.environ.get("SUPPORTBOT_DEBUG", "").lower() in {"1", "true", "yes", "on"}


def _complain(message: str) -> None:
    sys.stderr.write(f"supportbot: {' '.join(message.split())}\n")
