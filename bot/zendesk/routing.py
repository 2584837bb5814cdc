"""A ticket's way to its people, by the admin's routing tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.triage.models import Context

if TYPE_CHECKING:
    from bot.triage.router import Router
    from connectors.zendesk.conversation import Conversation, Priority


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Who gets a ticket that is handed off. `tag` is "" where no routing tag fits."""

    tag: str = ""
    group_id: int | None = None
    priority: Priority | None = None
    custom_fields: tuple[tuple[int, object], ...] = ()


class Routes(Protocol):
    """Finds the route of a ticket: the admin's rules and examples, or nobody's."""

    def of(self, text: str, ticket: Conversation, *, locale: str) -> Route: ...


class NoRoutes:
    """Where no routing tags are set up, tickets stay in the group they are in."""

    def of(self, text: str, ticket: Conversation, *, locale: str) -> Route:
        """Always the empty route."""
        return Route()


class TaxonomyRoutes:
    """Asks the router. Without routing tags every ticket stays in the group that it is in."""

    def __init__(self, *, router: Router) -> None:
        self._router = router

    def of(self, text: str, ticket: Conversation, *, locale: str) -> Route:
        """Raises what the router raises."""
        context = Context(
            channel=ticket.channel,
            brand=str(ticket.brand_id or ""),
            form=str(ticket.form_id or ""),
            requester_tags=ticket.requester.tags,
        )
        tag = self._router.route(text, locale=locale, context=context).tag
        if tag is None:
            return Route()
        return Route(
            tag=tag.name,
            group_id=tag.group_id,
            priority=tag.priority,
            custom_fields=tuple(
                (int(number), value)
                for number, value in tag.custom_fields.items()
                if number.isdecimal()
            ),
        )
