"""The console as one application under /admin: its pages, who may open them, and what is said when
one cannot be shown."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from bot.admin import (
    assets as static,
)
from bot.admin import (
    audit_page,
    conversations_page,
    drafts_page,
    evaluations_page,
    gaps_page,
    knowledge_page,
    overview_page,
    people_page,
    playground_page,
    privacy_page,
    profile_page,
    routing_page,
    schedules_page,
    settings_page,
    sign_in,
    sources_page,
)
from bot.admin.errors import FormNotOurs, PageError, PageMissing, RoleNeeded, SignInNeeded
from bot.admin.requests import HOME, is_partial
from bot.admin.shell import Shell
from bot.errors import InputRejected, SupportbotError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import ASGIApp

    from bot.admin.assets import Asset
    from bot.admin.pages import Page, Pages
    from bot.admin.parts import Parts

log = logging.getLogger(__name__)

PATH = "/admin"

# In the order of the menu.
PAGES: Sequence[Page] = (
    overview_page.PAGE,
    conversations_page.PAGE,
    knowledge_page.PAGE,
    playground_page.PAGE,
    drafts_page.PAGE,
    gaps_page.PAGE,
    evaluations_page.PAGE,
    sources_page.PAGE,
    schedules_page.PAGE,
    routing_page.PAGE,
    settings_page.PAGE,
    people_page.PAGE,
    privacy_page.PAGE,
    audit_page.PAGE,
    profile_page.PAGE,
)

_STATUS: Mapping[type[Exception], int] = {
    RoleNeeded: 403,
    FormNotOurs: 403,
    PageMissing: 404,
    InputRejected: 422,
}
_AWAY = "The database is away. Try again in a moment; `supportbot doctor` says what is wrong."


def create_console(
    parts: Parts, *, assets: Mapping[str, Asset], pages: Sequence[Page] = PAGES
) -> ASGIApp:
    """The application, to be mounted at PATH."""
    app = FastAPI(title="Supportbot console", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(static.routes(assets))
    app.include_router(sign_in.routes(parts))
    for page in pages:
        needed = parts.gate.needs(page.role)
        app.include_router(page.routes(parts), dependencies=[Depends(needed)])
    _say_what_is_wrong(app, parts.pages)
    app.add_middleware(Shell, secure=parts.cookies.secure)
    return app


def _say_what_is_wrong(app: FastAPI, pages: Pages) -> None:
    say = _teller(pages)

    @app.exception_handler(SignInNeeded)
    def sign_in_first(request: Request, _error: Exception) -> Response:
        if is_partial(request):
            return Response(status_code=401, headers={"HX-Redirect": f"{PATH}/sign-in"})
        # What a form would have sent is lost in any case.
        wanted = str(request.url.replace(scheme="", netloc="")) if request.method == "GET" else HOME
        return RedirectResponse(f"{PATH}/sign-in?next={quote(wanted)}", status_code=303)

    @app.exception_handler(PageError)
    @app.exception_handler(SupportbotError)
    def refused(request: Request, error: Exception) -> Response:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
        return say(request, status, str(error))

    @app.exception_handler(RequestValidationError)
    def misused(request: Request, _error: Exception) -> Response:
        return say(request, 422, "Part of this address or form cannot be used.")

    @app.exception_handler(HTTPException)
    def missing(request: Request, error: HTTPException) -> Response:
        text = "There is no such page." if error.status_code == 404 else str(error.detail)
        return say(request, error.status_code, text)

    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(PoolTimeout)
    def away(request: Request, error: Exception) -> Response:
        log.warning("A page waits for the database: %s", type(error).__name__)
        return say(request, 503, _AWAY)

    @app.exception_handler(psycopg.DataError)
    def unusable(request: Request, _error: Exception) -> Response:
        # Such as a NUL character, which PostgreSQL keeps in no text.
        return say(request, 422, "Part of this address or form cannot be used.")


def _teller(pages: Pages) -> Callable[[Request, int, str], Response]:
    def say(request: Request, status: int, text: str) -> Response:
        template = "problem_part.html" if is_partial(request) else "problem.html"
        return pages.show(request, template, status=status, problem=text)

    return say
