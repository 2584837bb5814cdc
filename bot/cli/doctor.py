"""`supportbot doctor`: the state of every part, and what to do about it."""

import dataclasses
import os
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.opening import application
from bot.errors import SettingInvalid

if TYPE_CHECKING:
    from bot.doctor import Check


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Check every part and say what to do; exit 1 when one fails. Calls nothing that costs."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    checks = _checks()
    if as_json:
        terminal.write_json([dataclasses.asdict(check) for check in checks])
    else:
        terminal.write_checks(checks)
    if any(check.state == "failed" for check in checks):
        raise typer.Exit(1)


def _checks() -> "list[Check]":
    from bot.bootstrap.checks import checks  # noqa: PLC0415 - keeps --help instant
    from bot.doctor import Check  # noqa: PLC0415 - keeps --help instant

    try:
        with application() as app:
            return list(checks(app, os.environ))
    except SettingInvalid as error:
        return [Check(name="settings", state="failed", detail=str(error))]
