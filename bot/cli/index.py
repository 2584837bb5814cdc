"""`supportbot index`: the embedding models' indexes, and switching from one to another."""

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application
from bot.errors import InputRejected
from indexing.errors import IndexBusy, IndexMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.bootstrap import Application
    from indexing.holdings import IndexState

app = typer.Typer(
    help="Change the embedding model while questions go on being answered.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Inline = Annotated[bool, typer.Option("--inline", help="In this process, even while a worker runs")]


@app.command("show")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Show the indexes, how complete each is, and which model is set."""
    from bot import indexes, terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        states, wanted = _states(opened), opened.embedders.wanted
    if as_json:
        terminal.write_json({"wanted": wanted, "indexes": [_json(each) for each in states]})
        return
    terminal.write_table(
        ("INDEX", "MODEL", "DIMENSIONS", "STATE", "SINCE", "DOCUMENTS"),
        (
            (
                each.index.id,
                each.index.model,
                each.index.dimensions,
                "rolled back" if each.set_aside else each.state,
                f"{each.since:%Y-%m-%d %H:%M} UTC",
                f"{each.documents} of {each.total}",
            )
            for each in states
        ),
    )
    for each in states:
        if each.problem:
            terminal.write(f"Index {each.index.id} could not be built: {each.problem}")
    if advice := indexes.what_to_do(states, wanted=wanted):
        terminal.write(advice)


@app.command("rebuild")
def rebuild(inline: Inline = False) -> None:
    """Build the database's indexes over passages anew, as after many changes.

    Questions go on being answered. A worker does it where one runs, else it is done here.
    """
    from bot import db, terminal  # noqa: PLC0415 - keeps --help instant
    from bot.queue import rebuild_job  # noqa: PLC0415 - as above
    from indexing.rebuilding import rebuild as build_anew  # noqa: PLC0415 - as above

    with application() as opened:
        if not inline and opened.queue.worker_alive():
            job = opened.queue.enqueue(rebuild_job())
            terminal.write(f"A worker does it: job {job.id}.")
            return
        opened.prepare_schema()
        with db.connect(opened.database_url) as connection:
            connection.autocommit = True
            done = build_anew(connection, begin=lambda name: terminal.notice(f"Building {name}"))
    terminal.write(f"{len(done)} indexes were built anew.")


@app.command("build")
def build(
    inline: Inline = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also if a guarded figure falls: see `eval guard`")
    ] = False,
) -> None:
    """Switch to the model that EMBEDDING_MODEL names, once its index is complete.

    The index is built beside the one that answers. A worker does it where one runs, and this
    shows how it goes; else it is done here. It can be stopped and goes on where it was.
    """
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        # Loaded here first: a model that cannot be used is better said now than by a worker.
        wanted = opened.embedder
        live = next((e.index for e in _states(opened) if e.state == "live"), None)
        if live and (live.model, live.dimensions) == (wanted.name, wanted.dimensions):
            terminal.write(f"{wanted.name} is the model that answers.")
            return
        _switch(opened, wanted.name, back=False, inline=inline, force=force)


@app.command("rollback")
def rollback(inline: Inline = False) -> None:
    """Go back to the model that answered before, once its index has caught up."""
    with application() as opened:
        retired = [each for each in _states(opened) if each.state == "retired"]
        if not retired:
            raise IndexMissing("There is no retired index to go back to.")
        model = max(retired, key=lambda each: each.since).index.model
        _switch(opened, model, back=True, inline=inline)


@app.command("drop")
def drop(
    index: Annotated[int, typer.Argument(help="Its number, as `supportbot index show` prints it")],
) -> None:
    """Remove an index that is being built or retired, with all that it holds."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        states, wanted = _states(opened), opened.embedders.wanted
        for each in states:
            if each.index.id == index and each.index.model == wanted and each.state != "live":
                raise InputRejected(
                    f"EMBEDDING_MODEL is {wanted}, so index {index} would be built again. Set "
                    "EMBEDDING_MODEL to the model that answers, and start the workers again, first."
                )
        dropped = opened.switching.drop(index)
    terminal.write(f"Dropped index {dropped.id} of {dropped.model}.")


def _states(opened: "Application") -> "tuple[IndexState, ...]":
    from indexing.holdings import index_states  # noqa: PLC0415 - keeps --help instant

    with opened.pool.connection() as connection:
        return index_states(connection)


def _switch(
    opened: "Application", model: str, *, back: bool, inline: bool, force: bool = False
) -> None:
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from indexing.embedders import DEFAULT_MODEL, UNMEASURED_MODEL  # noqa: PLC0415 - as above

    if not any(each.state == "live" for each in _states(opened)):
        raise IndexMissing("Nothing is indexed yet: `supportbot sync` begins with EMBEDDING_MODEL.")
    if (
        inline
        or not opened.queue.worker_alive()
        or not _followed(opened, model, back=back, force=force)
    ):
        with _progress(model) as bar:
            opened.switching.run(
                model,
                back=back,
                force=force,
                on_progress=lambda at: bar(at.stage, at.done, at.total),
            )
    terminal.write(f"{model} answers now.")
    if model != DEFAULT_MODEL:
        terminal.write(UNMEASURED_MODEL)
    if model != opened.embedders.wanted:
        terminal.notice(f"EMBEDDING_MODEL is still {opened.embedders.wanted}: set it to {model}.")


def _followed(opened: "Application", model: str, *, back: bool, force: bool) -> bool:
    """Whether a worker did it. Raises IndexBusy with the reason when it could not."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.queue import switch_job  # noqa: PLC0415 - keeps --help instant

    job = opened.queue.enqueue(switch_job(model, back=back, force=force))
    try:
        with _progress(model) as bar:
            problem = opened.following.follow_switch(
                model, job.id, lambda each: bar("embedding", each.documents, each.total)
            )
    except KeyboardInterrupt:
        terminal.notice("The worker goes on; this only watched it.")
        raise
    if problem:
        raise IndexBusy(problem)
    return problem is not None


@contextmanager
def _progress(model: str) -> "Iterator[Callable[[str, int, int], None]]":
    """A bar on standard error."""
    from rich.progress import (  # noqa: PLC0415 - only a build needs it
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} documents", markup=False),
        TimeElapsedColumn(),
    )
    doing = {
        "embedding": f"Indexing with {terminal.plain(model)}",
        "arranging": "Building the vector index",
        "swapping": "Switching",
    }
    with Progress(*columns, console=terminal.console(sys.stderr)) as progress:
        task = progress.add_task(doing["embedding"], total=0)

        def bar(stage: str, done: int, total: int) -> None:
            progress.update(task, description=doing[stage], completed=done, total=total)

        yield bar


def _json(state: "IndexState") -> "dict[str, Any]":
    return {
        "id": state.index.id,
        "model": state.index.model,
        "dimensions": state.index.dimensions,
        "state": state.state,
        "since": state.since.isoformat(),
        "documents": state.documents,
        "total": state.total,
        "set_aside": state.set_aside,
        "problem": state.problem,
    }
