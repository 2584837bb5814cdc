"""`supportbot routing import` and `export`: tags from elsewhere, and out again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.triage.account import Proposal


def import_(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="CSV with text and label, or JSON Lines: see `supportbot routing export`"
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="The tags for the sample help center")
    ] = False,
    account: Annotated[
        bool,
        typer.Option(
            "--account",
            help="The tags of the Zendesk account's tickets; lists them where no --tag or "
            "--at-least says which to take",
        ),
    ] = False,
    tag: Annotated[
        list[str] | None, typer.Option(help="With --account: take this tag; repeatable")
    ] = None,
    at_least: Annotated[
        int | None,
        typer.Option(min=1, help="With --account: take what so many tickets have had in 60 days"),
    ] = None,
) -> None:
    """Read tags, examples and rules from a file, all of it or nothing, or tags from the account.

    Examples and rules that are there stay, and so does all that is set of a tag which the account
    has too.
    """
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.triage import files  # noqa: PLC0415 - keeps --help instant

    if (path is not None) + sample + account != 1:
        raise InputRejected("Name either a file, --sample or --account.")
    if not account and (tag or at_least):
        raise InputRejected("--tag and --at-least choose among the tags of --account.")
    with application() as opened:
        if account:
            _from_account(opened, tag or [], at_least)
            return
        contents = files.read(path) if path is not None else files.read_sample()
        done = files.load(opened.routing_tags, contents, actor=operator())
    terminal.write(
        f"{done.tags} tags saved, {done.examples} examples and {done.rules} rules added."
    )


def export(
    path: Annotated[Path | None, typer.Argument(help="Where to; printed if left out")] = None,
) -> None:
    """Write everything as JSON Lines, which `routing import` reads."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.triage import files  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        text = "\n".join(files.export(opened.routing_tags.read()))
    if path is None:
        terminal.write(text)
        return
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise InputRejected(f"{path}: {error.strerror or error}.") from error


def _from_account(opened: "Application", names: list[str], at_least: int | None) -> None:
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.bootstrap.routing import account_tags  # noqa: PLC0415 - brings zenpy
    from bot.triage.account import proposals, take  # noqa: PLC0415 - keeps --help instant

    store = opened.routing_tags
    proposed = proposals(account_tags(opened), known=store.names())
    if not names and not at_least:
        _list(proposed)
        return
    often = (each.tag.name for each in proposed if at_least and each.tickets >= at_least)
    added = take(store, proposed, [*names, *often], actor=operator())
    terminal.write(f"{len(added)} tags added{': ' * bool(added)}{', '.join(added)}.")
    if added:
        terminal.write(
            "Say what belongs to each, or only its name is known: `supportbot routing example "
            f'{added[0]} "What they write"`.'
        )


def _list(proposed: "tuple[Proposal, ...]") -> None:
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    if not proposed:
        terminal.notice("No ticket of the last 60 days has a tag that could be a routing tag.")
        return
    terminal.write_table(
        ("TAG", "TICKETS IN 60 DAYS", "GROUP", "ROUTING TAG"),
        (
            (
                each.tag.name,
                each.tickets,
                each.tag.group_name or "-",
                "yes" if each.is_known else "no",
            )
            for each in proposed
        ),
    )
    terminal.notice(
        "Nothing is taken yet. Name those that say what a customer wants, with --tag NAME, or take "
        "all that are used much, with --at-least 50."
    )
