"""What the pages about answers use: whoever looks, and the parts that answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.insight.viewing import Viewer
from indexing.models import Reader

if TYPE_CHECKING:
    from fastapi import Request

    from bot.drafts import Drafts
    from bot.evaluation.case_sets import CaseSets
    from bot.support import SupportDesk
    from bot.triage.router import Router
    from bot.triage.taxonomy import TaxonomyStore
    from indexing.retrieval import Retriever

Asker = Literal["customer", "signed_in", "agent"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What answers, routes and is decided about. `desk` records nothing. What is a function is
    made when it is first called, because it loads a model. `help_desk` is the address of the
    Zendesk account, "" where none is connected."""

    desk: Callable[[], SupportDesk]
    retriever: Callable[[], Retriever]
    router: Callable[[], Router]
    taxonomy: TaxonomyStore
    drafts: Drafts
    case_sets: CaseSets
    help_desk: str = ""

    def ticket(self, ticket_id: int | None) -> str:
        """Where agents open this ticket, "" where that is not known."""
        if ticket_id is None or not self.help_desk:
            return ""
        return f"{self.help_desk}/agent/tickets/{ticket_id}"


def viewer_of(request: Request) -> Viewer:
    """What whoever opens this page may read: admins chose the sources and hold their credentials,
    all others are members of the support team."""
    is_admin = visitor_of(request).person.role.may(Role.ADMIN)
    return Viewer.admin() if is_admin else Viewer.agent()


def reader_as(asker: Asker, viewer: Viewer, *, segments: str = "") -> Reader:
    """Somebody to ask as. Segments ("42 43") are added where the viewer may read everything: no
    one may ask in the name of others what they may not read themselves."""
    named = segments.replace(",", " ").split() if viewer.labels is None else []
    if asker == "customer" and not named:
        return Reader.customer()
    if asker == "agent":
        return Reader.agent(*named)
    return Reader.signed_in_customer(*named)
