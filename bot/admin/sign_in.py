"""Signing in and out: with a password, with a link that works once, or at an OpenID Connect
provider. The routes here are open to everybody; the forms are ours all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from bot.admin import texts
from bot.admin.errors import SignInFailed
from bot.admin.pages import THEMES
from bot.admin.passwords import TooManyTries
from bot.admin.requests import HOME, address_of, safe_next
from bot.admin.sessions import LONGEST, proof

if TYPE_CHECKING:
    from bot.admin.parts import Parts
    from bot.admin.people import Person

OPEN = frozenset(
    {
        "/static/{name}",
        "/sign-in",
        "/sign-in/link/{token}",
        "/sign-in/openid",
        "/sign-in/openid/back",
        "/sign-out",
        "/theme",
    }
)
"""The only routes that nobody has to sign in for."""


def routes(parts: Parts) -> APIRouter:
    """Every way in, and the way out."""
    router = APIRouter()
    ours = [Depends(parts.gate.open_form)]

    @router.get("/sign-in")
    def ask(request: Request, next: str = HOME) -> Response:  # noqa: A002 - the address says so
        if parts.gate.visitor(request) is not None:
            return RedirectResponse(safe_next(next), status_code=303)
        return _form(parts, request, next_page=safe_next(next))

    @router.post("/sign-in", dependencies=ours)
    def with_password(
        request: Request,
        email: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = HOME,  # noqa: A002 - the form says so
    ) -> Response:
        try:
            person = parts.passwords.person(email, password, address=address_of(request))
        except TooManyTries:
            problem, status = texts.TOO_MANY_TRIES, 429
        else:
            if person is not None:
                return _welcome(parts, request, person, safe_next(next))
            problem, status = texts.WRONG_PASSWORD, 422
        return _form(
            parts,
            request,
            next_page=safe_next(next),
            status=status,
            problem=problem,
            email=email[:254],
        )

    @router.get("/sign-in/link/{token}")
    def open_link(request: Request, token: str) -> Response:
        person = parts.sessions.linked(token)
        if person is None:
            return _form(parts, request, status=404, problem=texts.LINK_INVALID)
        return _with_visit(parts, request, "sign_in_link.html", person=person)

    @router.post("/sign-in/link/{token}", dependencies=ours)
    def with_link(request: Request, token: str) -> Response:
        person = parts.sessions.use_link(token)
        if person is None:
            return _form(parts, request, status=404, problem=texts.LINK_INVALID)
        return _welcome(parts, request, person, HOME)

    @router.get("/sign-in/openid")
    def leave(request: Request, next: str = HOME) -> Response:  # noqa: A002 - as above
        if parts.openid is None:
            return _form(parts, request, status=404, problem=texts.NO_OPENID)
        try:
            departure = parts.openid.depart(next_page=safe_next(next))
        except SignInFailed as error:
            return _form(parts, request, status=502, problem=str(error))
        response = RedirectResponse(departure.address, status_code=303)
        parts.cookies.put(response, "visit", departure.state)
        return response

    @router.get("/sign-in/openid/back")
    def back(request: Request, code: str = "", state: str = "") -> Response:
        if parts.openid is None or not code:
            return _form(parts, request, status=422, problem=texts.OPENID_REFUSED)
        expected = parts.cookies.get(request, "visit")
        try:
            person, next_page = parts.openid.returned(code=code, state=state, expected=expected)
        except SignInFailed as error:
            return _form(parts, request, status=422, problem=str(error))
        return _welcome(parts, request, person, safe_next(next_page))

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        token = parts.cookies.get(request, "session")
        response = parts.pages.go(request, f"{HOME}sign-in", said=texts.SIGNED_OUT)
        if token:
            await parts.gate.check_form(request, proof(token))
            parts.sessions.end(token)
        parts.cookies.drop(response, "session")
        return response

    @router.post("/theme")
    def set_theme(
        request: Request,
        theme: Annotated[str, Form()] = "auto",
        next: Annotated[str, Form()] = HOME,  # noqa: A002 - the form says so
    ) -> Response:
        """Needs no proof: nobody gains by how light a page is."""
        response = parts.pages.go(request, safe_next(next))
        if theme in THEMES:
            parts.cookies.put(response, "theme", theme, lasts=LONGEST * 26)
        return response

    return router


def _welcome(parts: Parts, request: Request, person: Person, to: str) -> Response:
    """A session with a new token, whatever the browser came with."""
    if old := parts.cookies.get(request, "session"):
        parts.sessions.end(old)
    agent = request.headers.get("user-agent", "")
    token = parts.sessions.begin(person, agent=agent, address=address_of(request))
    response = parts.pages.go(request, to)
    parts.cookies.put(response, "session", token, lasts=LONGEST)
    parts.cookies.drop(response, "visit")
    return response


def _form(
    parts: Parts,
    request: Request,
    *,
    next_page: str = HOME,
    status: int = 200,
    problem: str = "",
    email: str = "",
) -> Response:
    label = parts.openid.provider.label if parts.openid else ""
    return _with_visit(
        parts,
        request,
        "sign_in.html",
        status=status,
        problem=problem,
        email=email,
        next=next_page,
        openid=label,
    )


def _with_visit(
    parts: Parts, request: Request, template: str, *, status: int = 200, **values: object
) -> Response:
    """A page whose form is tied to this browser, because there is no session to tie it to."""
    visit = parts.gate.visit(request)
    response = parts.pages.show(request, template, status=status, csrf=proof(visit), **values)
    parts.cookies.put(response, "visit", visit)
    return response
