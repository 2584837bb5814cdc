"""A private PostgreSQL with pgvector, for people who have no server of their own.

It is used when DATABASE_URL is not set. Read on in this order:

    server.py     EmbeddedPostgres: found or started on entering, stopped by the last who leaves
    cluster.py    the data directory: made once, checked, and the settings it runs with
    processes.py  what a killed server left behind, and who holds the port
    program.py    the binaries and the account they run under, also when we are root
    locks.py      the three file locks that keep concurrent commands from harming each other
"""

from bot.postgres.program import client
from bot.postgres.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "client"]
