"""Overview: what is connected and what is missing, and how everything is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from bot.admin.pages import Page
from bot.admin.roles import Role

if TYPE_CHECKING:
    from bot.admin.parts import Parts


def routes(parts: Parts) -> APIRouter:
    """The first page."""
    router = APIRouter()

    @router.get("/")
    def show(request: Request) -> Response:
        return parts.pages.show(
            request,
            "overview.html",
            connections=parts.connections(),
            health=parts.health(),
        )

    return router


PAGE = Page(path="/", title="Overview", section="See", role=Role.VIEWER, routes=routes)
