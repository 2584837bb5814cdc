"""`supportbot eval sets`: questions whose right outcome is known, in the database."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected

app = typer.Typer(
    help="Keep questions whose right outcome is known; data of persons is taken out of them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="The name of the test set")]


@app.command("list")
def list_all(as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False) -> None:
    """List the test sets."""
    from dataclasses import asdict  # noqa: PLC0415 - keeps --help instant

    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.case_sets import CaseSets  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        found = CaseSets(pool=opened.pool).all()
    if as_json:
        terminal.write_json([asdict(each) for each in found])
    elif found:
        terminal.write_table(
            ("SET", "CASES", "TO BE ANSWERED", "FROM AGENTS' DECISIONS"),
            ((each.name, each.cases, each.answerable, each.decided) for each in found),
        )
    else:
        terminal.notice("There is no test set yet: `supportbot eval sets grow NAME` makes one.")


@app.command("import")
def import_file(
    name: Name,
    path: Annotated[Path, typer.Argument(help="JSON Lines, as `eval answers` reads them")],
) -> None:
    """Add the questions of a file to a test set."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.case_files import new_cases  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.case_sets import CaseSets  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.cases import read_cases  # noqa: PLC0415 - keeps --help instant

    cases = read_cases(path)
    with application() as opened:
        added = CaseSets(pool=opened.pool).add(name, new_cases(cases), actor=operator())
    terminal.write(f"Added {len(added)} cases to {name}.")
    if labelled := sum(each.label is not None for each in cases):
        terminal.notice(
            f"{labelled} answers that people judged stay in the file: hold a judge to them with "
            f"`supportbot eval answers --questions {path} --judge`."
        )


@app.command("export")
def export_file(
    name: Name,
    path: Annotated[Path, typer.Argument(help="Where to write JSON Lines; - prints them")],
) -> None:
    """Write a test set to a file that `eval` reads."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.case_files import lines_of  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.case_sets import CaseSets  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        lines = lines_of(CaseSets(pool=opened.pool).cases(name))
    if str(path) == "-":
        terminal.write(lines.rstrip())
        return
    try:
        path.write_text(lines, encoding="utf-8")
    except OSError as error:
        raise InputRejected(f"{path}: {error.strerror or error}.") from error


@app.command("grow")
def grow(name: Name) -> None:
    """Add what agents have decided about drafts and put right since, each question once."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.case_sets import CaseSets  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        grown = CaseSets(pool=opened.pool).grow(name, actor=operator())
    terminal.write(f"Added {grown} cases to {name}.")


@app.command("remove")
def remove(name: Name) -> None:
    """Remove a test set with its cases."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.case_sets import CaseSets  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        if not CaseSets(pool=opened.pool).remove(name, actor=operator()):
            raise InputRejected(f"There is no test set {name!r}.")
    terminal.write(f"Removed {name}.")
