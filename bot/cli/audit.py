"""`supportbot audit`: who changed what."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application

if TYPE_CHECKING:
    from bot.audit import AuditEntry


def audit(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many changes")] = 20,
    target: Annotated[
        str | None, typer.Option(help="Only changes of this one, such as a source's name")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Who changed what, on whatever surface; the newest first."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.audit import Audit  # noqa: PLC0415 - as above

    with application() as opened:
        found = Audit(pool=opened.pool).latest(limit=limit, target=target)
    if as_json:
        terminal.write_json([_json(each) for each in found])
    elif found:
        terminal.write_table(
            ("WHEN", "WHO", "WHERE", "WHAT", "WHICH", "CHANGE"),
            (
                (
                    f"{each.at:%Y-%m-%d %H:%M}",
                    each.actor.name,
                    each.actor.surface,
                    each.action,
                    each.target or "-",
                    _change(each),
                )
                for each in found
            ),
        )
    else:
        terminal.notice("Nothing was changed yet.")


def _change(entry: "AuditEntry") -> str:
    """What differs, field by field."""
    before, after = entry.before or {}, entry.after or {}
    if not entry.before or not entry.after:
        return ", ".join(f"{name}={value}" for name, value in (before or after).items() if value)
    return ", ".join(
        f"{name}: {before.get(name)} -> {after.get(name)}"
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    )


def _json(entry: "AuditEntry") -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "surface": entry.actor.surface,
        "actor": entry.actor.name,
        "action": entry.action,
        "target": entry.target,
        "before": entry.before,
        "after": entry.after,
    }
