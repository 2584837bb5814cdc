"""What Slack needs of Zendesk: tickets to hand over to, and drafts to decide about."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.bootstrap import Application
    from bot.models import Outcome
    from bot.slack.draft_notices import Replying
    from bot.slack.draft_view import DraftReply
    from bot.slack.suggesting import Desk, Suggested
    from bot.slack.tickets import Tickets
    from bot.triage.models import RoutingTag
    from indexing.models import Reader


def tickets(app: Application) -> Callable[[], Tickets]:
    """Tickets for whichever thread asks."""
    from bot.bootstrap.tickets import Tickets as ZendeskTickets  # noqa: PLC0415 - only there
    from bot.slack.tickets import Tickets  # noqa: PLC0415 - brings zenpy

    zendesk = ZendeskTickets(app)

    def tag(name: str) -> RoutingTag | None:
        tags = app.routing_tags.read().tags
        return next((each for each in tags if each.name == name), None)

    return lambda: Tickets(desk=zendesk.desk(), tag=tag)


def replying(subdomain: str) -> Replying | None:
    """What drafts need to know of the Zendesk account of this name, None for none."""
    from bot.slack.draft_notices import Replying  # noqa: PLC0415 - made when asked for
    from bot.slack.draft_view import DraftReply, DraftSource  # noqa: PLC0415 - as above
    from bot.zendesk.citing import marked_text, numbered, told_to  # noqa: PLC0415 - as above
    from connectors.zendesk.addresses import ticket_url  # noqa: PLC0415 - as above

    def reply_of(outcome: Outcome, reader: Reader) -> DraftReply:
        told = told_to(reader, outcome)
        ranks = {each.document_id: n for n, each in enumerate(outcome.passages, start=1)}
        return DraftReply(
            text=marked_text(told),
            sources=tuple(
                DraftSource(
                    number=number,
                    rank=ranks[source.document_id],
                    title=source.title,
                    url=source.url,
                    quote=source.quote,
                )
                for number, source in numbered(told)
            ),
        )

    if not subdomain:
        return None
    return Replying(reply_of=reply_of, ticket_url=partial(ticket_url, subdomain))


def suggestions(app: Application) -> Callable[[], Desk]:
    """Who drafts replies to tickets, for whichever thread asks."""
    from bot.bootstrap.tickets import Tickets as ZendeskTickets  # noqa: PLC0415 - only there
    from bot.slack.suggesting import Desk, Suggested  # noqa: PLC0415 - as above

    zendesk = ZendeskTickets(app)

    def suggest(ticket_id: int) -> Suggested:
        found = zendesk.suggestions().suggest(ticket_id)
        return Suggested(draft=found.draft, why=found.why, reason=found.reason)

    def desk() -> Desk:
        return Desk(
            account=zendesk.account.subdomain,
            suggest=suggest,
            is_agent=zendesk.desk().is_agent,
        )

    return desk
