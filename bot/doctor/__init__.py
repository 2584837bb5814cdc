"""Named checks of every part: its state, and what to do about it.

Each check is a function of what it looks at and never raises for what it finds, so that one
broken part does not hide the others. /readyz asks the same functions.
"""

from bot.doctor.check import Check, State, not_checked
from bot.doctor.parts import (
    baselines,
    budgets,
    data_directory,
    embedding_model,
    engine,
    secrets,
    settings,
    source,
)
from bot.doctor.storage import clock, database, index, queue, replica, schema
from bot.doctor.vendors import slack, slack_named, zendesk, zendesk_named, zendesk_webhooks

__all__ = [
    "Check",
    "State",
    "baselines",
    "budgets",
    "clock",
    "data_directory",
    "database",
    "embedding_model",
    "engine",
    "index",
    "not_checked",
    "queue",
    "replica",
    "schema",
    "secrets",
    "settings",
    "slack",
    "slack_named",
    "source",
    "zendesk",
    "zendesk_named",
    "zendesk_webhooks",
]
