"""`supportbot ask`: one question through the same code as every other surface."""

import sys
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.first_run import unsynced_sample
from bot.cli.opening import application
from bot.errors import InputRejected, SourceBusy
from indexing.errors import IndexMissing

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.sources import Source
    from indexing.models import Reader

# Between two looks at whether another process has indexed the sample.
LOOK_AGAIN_SECONDS = 0.5


class Asking(StrEnum):
    """Who asks, and so what may be read."""

    CUSTOMER = "customer"
    AGENT = "agent"


def ask(
    question: Annotated[str, typer.Argument(help="The question, or - to read it from a pipe")],
    audience: Annotated[
        Asking, typer.Option(help="Who asks: agents also read agents-only articles")
    ] = Asking.CUSTOMER,
    locale: Annotated[
        str | None, typer.Option(help="Language of question and answer, such as de or pt-br")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything about the outcome as JSON")
    ] = False,
) -> None:
    """Answer one question with citations, or hand it off with the reason.

    On a fresh machine this sets up the database and indexes the sample help center first.
    """
    text = _question(question)
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.models import Question  # noqa: PLC0415 - keeps --help instant

    with application() as app:
        _need_knowledge(app)
        outcome = app.desk.respond(
            Question(text=text, reader=_reader(audience), surface="cli", locale=locale)
        )
    if as_json:
        terminal.write_json(terminal.outcome_json(outcome))
    else:
        terminal.write_outcome(outcome)


def _question(argument: str) -> str:
    """The question as text. Bytes that are no UTF-8 become replacement characters."""
    if argument == "-":
        text = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    else:
        text = argument.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")
    if not text.strip():
        raise InputRejected('The question is empty. Ask something, as in: supportbot ask "How …?"')
    return text


def _reader(asking: Asking) -> "Reader":
    from indexing.models import Reader  # noqa: PLC0415 - keeps --help instant

    return Reader.agent() if asking is Asking.AGENT else Reader.customer()


def _need_knowledge(app: "Application") -> None:
    """Indexes the sample on a fresh machine. Raises IndexMissing when somebody configured
    sources but never synced them: that may take long, so it is theirs to start."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    if sample := unsynced_sample(app.sources):
        terminal.notice("First run: indexing the sample help center.")
        _index_sample(app, sample)
    elif not any(state.documents for state in app.sources.all()):
        raise IndexMissing("Nothing is indexed yet: run `supportbot sync`, then ask again.")


def _index_sample(app: "Application", sample: "Source") -> None:
    """Indexes the sample, or waits until another process has. Should that one fail or be killed,
    it is done here after all."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    told = False
    while unsynced_sample(app.sources):
        if app.sync.busy(sample):
            if not told:
                terminal.notice("Another process is indexing it already; waiting for that one.")
            told = True
            time.sleep(LOOK_AGAIN_SECONDS)
            continue
        try:
            with terminal.sync_progress(sample.name, expected=None) as show:
                report = app.sync.run(sample, app.connector(sample), on_progress=show)
        except SourceBusy:
            continue
        if report.error:
            terminal.notice(f"The sample help center could not be read: {report.error}")
        return
