"""People: who may use the console, as what, and for how long they stay signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request, Response

from bot.admin import texts
from bot.admin.pages import Page
from bot.admin.people import OPERATOR
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.admin.sessions import INVITATION_VALID
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.admin.parts import Parts

_HERE = "/admin/people"


def routes(parts: Parts) -> APIRouter:
    """The list, and what is done to one person."""
    router = APIRouter(prefix="/people")

    def listed(
        request: Request, *, status: int = 200, problem: str = "", link: str = ""
    ) -> Response:
        return parts.pages.show(
            request,
            "people.html",
            status=status,
            people=parts.people.all(),
            roles=list(Role),
            operator=OPERATOR,
            problem=problem,
            link=link,
        )

    @router.get("")
    def show(request: Request) -> Response:
        return listed(request)

    @router.post("")
    def invite(
        request: Request,
        email: Annotated[str, Form()] = "",
        name: Annotated[str, Form()] = "",
        role: Annotated[Role, Form()] = Role.VIEWER,
    ) -> Response:
        actor = visitor_of(request).person.actor
        try:
            person = parts.people.add(email=email, name=name, role=role, actor=actor)
        except InputRejected as error:
            return listed(request, status=422, problem=str(error))
        return listed(request, link=_invitation(parts, request, person.id))

    @router.post("/{person_id}/link")
    def link_again(request: Request, person_id: int) -> Response:
        _not_oneself(request, person_id)
        return listed(request, link=_invitation(parts, request, person_id))

    @router.post("/{person_id}/role")
    def change_role(request: Request, person_id: int, role: Annotated[Role, Form()]) -> Response:
        _not_oneself(request, person_id)
        parts.people.change_role(person_id, role, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, _HERE, said=texts.ROLE_CHANGED)

    @router.post("/{person_id}/disabled")
    def set_disabled(
        request: Request, person_id: int, disabled: Annotated[bool, Form()]
    ) -> Response:
        _not_oneself(request, person_id)
        parts.people.set_disabled(person_id, disabled, actor=visitor_of(request).person.actor)
        said = texts.PERSON_OUT if disabled else texts.PERSON_IN
        return parts.pages.go(request, _HERE, said=said)

    @router.post("/{person_id}/sessions")
    def end_sessions(request: Request, person_id: int) -> Response:
        _not_oneself(request, person_id)
        person = parts.people.get(person_id)
        parts.sessions.end_all(person, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, _HERE, said=texts.SESSIONS_ENDED)

    return router


def _not_oneself(request: Request, person_id: int) -> None:
    if visitor_of(request).person.id == person_id:
        raise InputRejected(texts.NOT_YOURSELF)


def _invitation(parts: Parts, request: Request, person_id: int) -> str:
    """The address that signs them in once. Shown once: only a hash of it is kept."""
    token = parts.sessions.link(parts.people.get(person_id), valid=INVITATION_VALID)
    base = parts.address or str(request.base_url).rstrip("/").removesuffix("/admin")
    return f"{base}/admin/sign-in/link/{token}"


PAGE = Page(path="/people", title="People", section="Set up", role=Role.ADMIN, routes=routes)
