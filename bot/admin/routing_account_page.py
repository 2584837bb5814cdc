"""Below Routing: which of the account's own tags become routing tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from bot.admin import insight_texts as texts
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.errors import InputRejected
from bot.triage.account import proposals, take
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from bot.admin.parts import Parts
    from bot.triage.account import Proposal


def account_routes(parts: Parts) -> APIRouter:
    """A look at the account's tags, and those taken that somebody chose."""
    router = APIRouter(prefix="/account")
    admins = Depends(parts.gate.needs(Role.ADMIN))
    store = parts.work.taxonomy

    @router.get("", dependencies=[admins])
    def show(request: Request) -> Response:
        try:
            proposed, problem = _proposed(parts), ""
        except ConnectorError as error:
            proposed, problem = (), str(error)
        return parts.pages.show(request, "routing_account.html", proposed=proposed, problem=problem)

    @router.post("", dependencies=[admins])
    def choose(request: Request, tag: Annotated[list[str] | None, Form()] = None) -> Response:
        try:
            proposed = _proposed(parts)
        except ConnectorError as error:
            raise InputRejected(str(error)) from error
        added = take(store, proposed, tag or [], actor=visitor_of(request).person.actor)
        said = texts.TAGS_TAKEN.format(count=len(added))
        return parts.pages.go(request, "/admin/routing", said=said)

    return router


def _proposed(parts: Parts) -> tuple[Proposal, ...]:
    return proposals(parts.account_tags(), known=parts.work.taxonomy.names())
