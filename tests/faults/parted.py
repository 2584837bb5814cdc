"""A database and who holds a lock in it, with the network between them gone for a while. Run in a
network namespace of its own, where the loopback can be taken down: see test_partition.py."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psycopg

from bot import db
from bot.postgres import EmbeddedPostgres

GONE = 40.0
"""Seconds, by when either end must have noticed."""


def network(state: str) -> None:
    subprocess.run(("ip", "link", "set", "lo", state), check=True)


def main(folder: Path) -> str:
    """What is wrong in the end, "" where nothing is."""
    network("up")
    with EmbeddedPostgres(data_dir=folder) as url:
        db.migrate(url)
        with db.connect(url) as holder, db.open_pool(url) as pool:
            holder.autocommit = True
            holder.execute("SELECT pg_advisory_lock(1)")
            with pool.connection() as pooled:
                pooled.execute("SELECT pg_advisory_lock(2)")
                network("down")
                time.sleep(GONE)
                network("up")
                with db.connect(url) as other:
                    row = other.execute(
                        "SELECT pg_try_advisory_lock(1), pg_try_advisory_lock(2)"
                    ).fetchone()
                for each in (holder, pooled):
                    try:
                        each.execute("SELECT 1")
                    except psycopg.OperationalError:
                        each.close()
                    else:
                        return "whoever held a lock was not told that the session is gone"
    return "" if row == (True, True) else f"the server kept the locks: {row}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])) or 0)
