"""The door to PostgreSQL: connections, what a server must offer, and the schema.

Everything works on the libpq URL as it was given. Nothing here repeats it in a message, because
it holds the password; hosts and ports are named instead.
"""

from bot.db import clock
from bot.db.connections import connect, open_pool, watchful
from bot.db.requirements import ServerFacts, check_server, server_problem
from bot.db.schema import downgrade, migrate, newest_revision, schema_revision

__all__ = [
    "ServerFacts",
    "check_server",
    "clock",
    "connect",
    "downgrade",
    "migrate",
    "newest_revision",
    "open_pool",
    "schema_revision",
    "server_problem",
    "watchful",
]
