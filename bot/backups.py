"""Backups of the whole database with PostgreSQL's own tools, those of the embedded server, which
every installation has. They know servers of their own version and older ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot import db
from bot.errors import InputRejected, SupportbotError
from bot.postgres import client

if TYPE_CHECKING:
    from collections.abc import Sequence


class BackupFailed(SupportbotError):
    """The database could not be saved or restored."""


def save(url: str, file: Path) -> int:
    """Writes the database as it is at this moment, while it goes on being used, readable by nobody
    else; returns the file's size in bytes. Raises BackupFailed, and leaves no half a file."""
    if file.exists():
        raise InputRejected(f"{file} is there already. Name another file.")
    part = file.with_name(f"{file.name}.part")
    try:
        part.touch(mode=0o600)
        _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={part}")
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def restore(url: str, file: Path) -> str:
    """Brings a backup into an empty database, all of it or nothing; returns the schema's revision,
    which may be an earlier one. Raises InputRejected where something is there already."""
    if not file.is_file():
        raise InputRejected(f"There is no file {file}.")
    with db.connect(url) as connection:
        if db.schema_revision(connection) is not None:
            raise InputRejected(
                "The database is not empty, and nothing of it is overwritten. Make a new one and "
                "name it in DATABASE_URL, or name an empty SUPPORTBOT_DATA_DIR."
            )
    _run("pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction", str(file))
    with db.connect(url) as connection:
        return db.schema_revision(connection) or ""


def _run(program: str, url: str, *arguments: str) -> None:
    """The password goes by the environment: arguments can be read by everybody on the machine."""
    options = conninfo_to_dict(url)
    password = str(options.pop("password", "") or "")
    target = f"--dbname={make_conninfo('', **options)}"
    ended = _ended([str(client(program)), target, *arguments], password)
    if ended.returncode:
        said = " ".join(ended.stderr.decode(errors="replace").split())[:500]
        raise BackupFailed(f"{program} failed: {said.replace(password or chr(0), '…')}")


def _ended(command: Sequence[str], password: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - a program of ours, arguments are never a shell line
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={"PATH": os.defpath, "PGPASSWORD": password},
        check=False,
    )
