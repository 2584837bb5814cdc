"""`export`, `backup`, `restore`: what is in the database, kept elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected


def export(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder")],
) -> None:
    """Write everything that people put in or said as JSON Lines, one file for each table."""
    from bot import db, terminal  # noqa: PLC0415 - keeps --help instant
    from bot.export import export as write  # noqa: PLC0415 - as above

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputRejected(f"{folder} is not an empty folder. Name another one.")
    with application() as opened:
        opened.prepare_schema()
        with db.connect(opened.database_url) as connection:
            done = write(connection, folder, actor=operator())
    rows = sum(each.rows for each in done)
    terminal.write(f"{rows} rows of {len(done)} tables are in {folder}.")
    terminal.notice("They hold what people wrote: keep them as you keep the database.")


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, such as supportbot.dump")],
) -> None:
    """Save the whole database to a file, while it goes on being used."""
    from bot import backups, terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        size = backups.save(opened.database_url, file)
    terminal.write(f"Saved to {file}, {size >> 10} kB.")
    terminal.notice("Keep ENCRYPTION_KEYS with it, but elsewhere: sealed tokens need them.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `supportbot backup` wrote")],
) -> None:
    """Bring a backup into an empty database, and to this version's schema."""
    from bot import backups, terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        found = backups.restore(opened.database_url, file)
        revision = opened.migrate()
    said = "" if found == revision else f" It was brought there from {found}."
    terminal.write(f"Restored. The schema is at revision {revision}.{said}")
