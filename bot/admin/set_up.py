"""What a new deployment still lacks, each with the page, setting or command that adds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.admin.parts import Parts

_FACTS = """
SELECT EXISTS (SELECT FROM sources WHERE kind <> 'sample'),
       EXISTS (SELECT FROM sources),
       EXISTS (SELECT FROM schedules WHERE NOT paused),
       EXISTS (SELECT FROM ticket_policies WHERE mode IN ('auto', 'draft')),
       EXISTS (SELECT FROM routing_tags),
       (SELECT count(*) FROM console_people WHERE NOT disabled) > 1
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing to set up. `address` is the page that does it, `advice` what else does."""

    title: str
    is_done: bool
    advice: str
    address: str = ""


def steps(parts: Parts) -> tuple[Step, ...]:
    """All of them, in the order in which they are worth doing; calls nobody."""
    with parts.pool.connection() as connection:
        row = connection.execute(_FACTS).fetchone()
    own, _, planned, policies, tags, people = row or (False,) * 6
    connected = parts.connected
    return (
        Step(
            title="Knowledge of your own",
            is_done=own,
            advice="Add a help center, a website or a folder. Until then the sample answers.",
            address="/admin/sources",
        ),
        Step(
            title="A schedule, so that it stays fresh",
            is_done=planned,
            advice="Say how often a source is read again.",
            address="/admin/schedules",
        ),
        Step(
            title="Zendesk",
            is_done=connected["zendesk"],
            advice="Set ZENDESK_SUBDOMAIN, ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET, start "
            "again, then run `supportbot zendesk install`.",
        ),
        Step(
            title="Which tickets are answered",
            is_done=policies,
            advice="Nothing is answered until you say so; drafts are a good beginning.",
            address="/admin/settings/tickets",
        ),
        Step(
            title="Slack",
            is_done=connected["slack"],
            advice="`supportbot slack manifest` prints the app; then set SLACK_BOT_TOKEN and "
            "SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET.",
        ),
        Step(
            title="A model that writes",
            is_done=connected["model"],
            advice="Without ANTHROPIC_API_KEY the sentences of your articles themselves answer.",
        ),
        Step(
            title="Routing tags",
            is_done=tags,
            advice="Who gets what is handed off.",
            address="/admin/routing",
        ),
        Step(
            title="Somebody to help you",
            is_done=people,
            advice="Invite agents and other admins.",
            address="/admin/people",
        ),
    )
