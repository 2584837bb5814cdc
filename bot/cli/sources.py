"""`supportbot sources`: which knowledge there is, as on the admin pages."""

from typing import TYPE_CHECKING, Annotated, Any, get_origin

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo

    from bot.runs import Run
    from bot.sources import FailedDocument

app = typer.Typer(
    help="Add, list, show and remove sources of knowledge.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="The source's name")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]


@app.command(
    "add",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    options_metavar="[--name NAME] [--SETTING VALUE]...",
)
def add(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="files, zendesk or sample (the sample help center)")],
    name: Annotated[
        str | None, typer.Option(help="A name of your choice; the kind if left out")
    ] = None,
) -> None:
    """Add a source, as in: supportbot sources add files --name docs --path ./articles

    Each kind has settings of its own: `supportbot sources kinds` lists them. `supportbot sync`
    then brings the source into the index.
    """
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.sources import Source  # noqa: PLC0415 - keeps --help instant
    from connectors.errors import SourceMisconfigured  # noqa: PLC0415 - keeps --help instant
    from connectors.registry import kind_of  # noqa: PLC0415 - keeps --help instant

    try:
        chosen = kind_of(kind)
        config = chosen.parse(_settings(context.args, fields=chosen.config.model_fields))
    except SourceMisconfigured as error:
        raise InputRejected(f"{error} See `supportbot sources kinds`.") from error
    source = Source(name=name or kind, kind=kind, config=config.model_dump(mode="json"))
    with application() as opened:
        opened.sources.add(source, actor=operator())
    terminal.write(f"Added {source.name}. Run `supportbot sync {source.name}` to index it.")


@app.command("kinds")
def kinds() -> None:
    """List the kinds of source with the settings of each."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from connectors.registry import KINDS  # noqa: PLC0415 - keeps --help instant

    for kind in KINDS.values():
        terminal.write(f"{kind.name}: {kind.description}")
        for field, about in kind.config.model_fields.items():
            needed = " Needed." if about.is_required() else ""
            terminal.write(f"  --{field.replace('_', '-')}  {about.description or ''}{needed}")


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the sources with what is indexed of them."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        states = opened.sources.all()
    if as_json:
        terminal.write_json([terminal.source_json(state) for state in states])
    elif states:
        terminal.write_sources(states)
    else:
        terminal.notice("There is no source yet. Add one: see `supportbot sources add --help`.")


@app.command("show")
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one source: its settings, its latest runs, and which documents failed and why."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        state, failures = opened.sources.get(name), opened.sources.failures(name)
        runs, pairs = opened.runs.latest(name), opened.memory.count(source=name)
    if as_json:
        terminal.write_json(
            {
                **terminal.source_json(state),
                "question_memory": pairs,
                "failures": _failures_json(failures),
                "runs": [_run_json(each) for each in runs],
            }
        )
        return
    terminal.write_sources((state,))
    for key, value in state.source.config.items():
        terminal.write(f"  {key}={','.join(value) if isinstance(value, list) else value}")
    if pairs:
        terminal.write(f"  {pairs} questions remembered with the articles that answered them")
    if runs:
        terminal.write_runs(runs)
    if failures:
        terminal.write_failures(failures)


@app.command("remove")
def remove(name: Name) -> None:
    """Remove a source and everything that is indexed of it."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        documents = opened.sources.remove(name, actor=operator())
    terminal.write(f"Removed {name} with {documents} documents.")


def _failures_json(failures: "Iterable[FailedDocument]") -> list[dict[str, Any]]:
    return [
        {"document_id": each.document_id, "reason": each.reason, "attempts": each.attempts}
        for each in failures
    ]


def _run_json(run: "Run") -> dict[str, Any]:
    """A run as `sources show --json` prints it; freshness is in seconds."""
    report = run.report
    return {
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "state": run.state,
        "error": report.error,
        "full": run.full,
        "article": run.article,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "failed": report.failed,
        "api_calls": report.api_calls,
        "freshness": {"p50": report.freshness.p50, "p95": report.freshness.p95}
        if report.freshness
        else None,
    }


def _settings(arguments: list[str], *, fields: "Mapping[str, FieldInfo]") -> dict[str, object]:
    """`--name value` and `--name=value` as a mapping from field to value. A setting that takes
    several values may be given again, and is split at commas."""
    found: dict[str, object] = {}
    left = iter(arguments)
    for argument in left:
        option, equals, value = argument.partition("=")
        if not option.startswith("--"):
            raise InputRejected(f"{argument!r} is not a setting: write it as --setting value.")
        name = option.removeprefix("--").replace("-", "_")
        value = value if equals else next(left, "")
        field = fields.get(name)
        if field is not None and get_origin(field.annotation) is tuple:
            several = [each.strip() for each in value.split(",")]
            earlier = found.get(name, [])
            found[name] = [*(earlier if isinstance(earlier, list) else []), *several]
        elif name in found:
            raise InputRejected(f"{option} is given twice. Give it once.")
        else:
            found[name] = value
    return found
