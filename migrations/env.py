"""Runs migrations on the connection that `bot.db` opened and locked. Alembic executes this file."""

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Run `supportbot migrate`: it connects, takes the lock and upgrades.")

context.configure(
    connection=connection,
    # All or nothing: a release that brings several revisions never stops halfway between them.
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
