"""`supportbot sync`: brings sources into the index, now."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.runs import SyncReport
    from bot.sources import SourceState


def sync(
    source: Annotated[
        str | None, typer.Argument(help="The source's name; all sources if left out")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="From the start, not only what changed since last time")
    ] = False,
    document: Annotated[
        str | None,
        typer.Option(help="Try this document again that could not be read, and no other such"),
    ] = None,
    inline: Annotated[
        bool, typer.Option("--inline", help="In this process, even while a worker runs")
    ] = False,
) -> None:
    """Bring what changed at the sources into the index, and print what came of it.

    A worker does it where one runs, and this shows how it goes; else it is done here.
    """
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    if document is not None and (source is None or full):
        raise InputRejected("--document tries one document of one SOURCE again, without --full.")
    with application() as app:
        states = _chosen(app, source)
        if document is not None:
            _require(app, states[0], document)
        by_worker = not inline and app.queue.worker_alive()
        run = _follow if by_worker else _run
        reports = [run(app, state, full=full, document=document) for state in states]
    terminal.write_sync(reports)
    if any(report.error for report in reports):
        raise typer.Exit(1)


def _chosen(app: "Application", name: str | None) -> "tuple[SourceState, ...]":
    states = (app.sources.get(name),) if name else app.sources.all()
    if not states:
        raise InputRejected(
            "There is no source yet. Add one, as in `supportbot sources add files --name docs "
            "--path ./articles`, or `supportbot sources add sample` for the sample help center."
        )
    return states


def _require(app: "Application", state: "SourceState", document: str) -> None:
    source = state.source.name
    if document not in {each.document_id for each in app.sources.failures(source)}:
        raise InputRejected(
            f"No document {document!r} of {source} has failed: `supportbot sources show {source}` "
            "lists those that have."
        )


def _follow(
    app: "Application", state: "SourceState", *, full: bool, document: str | None
) -> "SyncReport":
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    source = state.source.name
    if document is None:
        job = app.schedules.run_now(source, full=full, actor=operator())
    else:
        job = app.schedules.retry(source, document, actor=operator())
    try:
        with terminal.sync_progress(source, expected=state.documents or None) as show:
            report = app.following.follow(source, job.id, show)
    except KeyboardInterrupt:
        terminal.notice(f"The worker goes on with {source}; this only watched it.")
        raise
    return _run(app, state, full=full, document=document) if report is None else report


def _run(
    app: "Application", state: "SourceState", *, full: bool, document: str | None
) -> "SyncReport":
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.runs import SyncReport  # noqa: PLC0415 - keeps --help instant
    from connectors.errors import ConnectorError  # noqa: PLC0415 - keeps --help instant

    source = state.source
    try:
        connector = app.connector(source)
    except ConnectorError as error:  # its settings cannot work: the other sources still can
        return SyncReport(source=source.name, error=str(error))
    with terminal.sync_progress(source.name, expected=state.documents or None) as show:
        return app.sync.run(
            source,
            connector,
            full=full,
            asked_for=True,
            again=None if document is None else (document,),
            on_progress=show,
        )
