"""One's own account: name, time zone, password, and where one is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Form, Request, Response

from bot.admin import texts
from bot.admin.pages import Page
from bot.admin.passwords import TooManyTries
from bot.admin.people import checked_password
from bot.admin.requests import address_of, visitor_of
from bot.admin.roles import Role
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.admin.parts import Parts

_HERE = "/admin/profile"


def routes(parts: Parts) -> APIRouter:
    """Shows it, and changes it."""
    router = APIRouter(prefix="/profile")

    def shown(request: Request, *, status: int = 200, problem: str = "") -> Response:
        visitor = visitor_of(request)
        return parts.pages.show(
            request,
            "profile.html",
            status=status,
            person=visitor.person,
            sessions=parts.sessions.open_of(visitor.person),
            this_session=visitor.session_id,
            timezones=sorted(available_timezones()),
            problem=problem,
        )

    @router.get("")
    def show(request: Request) -> Response:
        return shown(request)

    @router.post("")
    def describe(
        request: Request,
        name: Annotated[str, Form()] = "",
        timezone: Annotated[str, Form()] = "UTC",
    ) -> Response:
        person = visitor_of(request).person
        try:
            parts.people.describe(person.id, name=name, timezone=timezone, actor=person.actor)
        except InputRejected as error:
            return shown(request, status=422, problem=str(error))
        return parts.pages.go(request, _HERE, said=texts.PROFILE_SAVED)

    @router.post("/password")
    def set_password(
        request: Request,
        present: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        visitor = visitor_of(request)
        person = visitor.person
        try:
            _allow(parts, request, present)
            _check_new(password, again)
        except InputRejected as error:
            return shown(request, status=422, problem=str(error))
        made = parts.passwords.made_of(password)
        parts.people.set_password(person, made, actor=person.actor)
        parts.sessions.end_all(person, actor=person.actor, but=visitor.session_id)
        return parts.pages.go(request, _HERE, said=texts.PASSWORD_SET)

    @router.post("/sessions")
    def end_others(request: Request) -> Response:
        visitor = visitor_of(request)
        parts.sessions.end_all(visitor.person, actor=visitor.person.actor, but=visitor.session_id)
        return parts.pages.go(request, _HERE, said=texts.OTHERS_ENDED)

    return router


def _check_new(password: str, again: str) -> None:
    if checked_password(password) != again:
        raise InputRejected(texts.PASSWORDS_DIFFER)


def _allow(parts: Parts, request: Request, present: str) -> None:
    """Whoever finds a browser open must not take the account over. Raises InputRejected."""
    person = visitor_of(request).person
    if not person.has_password:
        return
    try:
        found = parts.passwords.person(person.email, present, address=address_of(request))
    except TooManyTries:
        raise InputRejected(texts.TOO_MANY_TRIES) from None
    if found is None:
        raise InputRejected(texts.PASSWORD_NOT_YOURS)


PAGE = Page(path="/profile", title="Profile", section="", role=Role.VIEWER, routes=routes)
