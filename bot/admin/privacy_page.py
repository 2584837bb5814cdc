"""Privacy: erases one person's data by e-mail address, after showing what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request, Response

from bot.admin import texts
from bot.admin.pages import Page
from bot.admin.people import checked_email
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.errors import InputRejected, SupportbotError
from bot.privacy import Known, Privacy
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from bot.admin.parts import Parts

_HERE = "/admin/privacy"


def routes(parts: Parts) -> APIRouter:
    """Asks for an address, shows what there is, and erases it when that is confirmed."""
    router = APIRouter(prefix="/privacy")
    privacy = Privacy(pool=parts.pool)

    def shown(
        request: Request,
        *,
        known: Known | None = None,
        notices: tuple[str, ...] = (),
        problem: str = "",
    ) -> Response:
        return parts.pages.show(
            request,
            "privacy.html",
            status=422 if problem else 200,
            known=known,
            found=privacy.found(known) if known else {},
            account=parts.people.named(known.email) if known else None,
            notices=notices,
            problem=problem,
        )

    @router.get("")
    def show(request: Request) -> Response:
        return shown(request)

    @router.post("/find")
    def find(
        request: Request,
        email: Annotated[str, Form(max_length=300)] = "",
        zendesk: Annotated[str, Form(max_length=300)] = "",
        slack: Annotated[str, Form(max_length=300)] = "",
    ) -> Response:
        try:
            given = _given(email, zendesk, slack)
        except InputRejected as error:
            return shown(request, problem=str(error))
        known, notices = _looked_up(parts, given)
        return shown(request, known=known, notices=notices)

    @router.post("/erase")
    def erase(
        request: Request,
        email: Annotated[str, Form(max_length=300)] = "",
        zendesk: Annotated[str, Form(max_length=300)] = "",
        slack: Annotated[str, Form(max_length=300)] = "",
    ) -> Response:
        known = _given(email, zendesk, slack)
        erased = privacy.erase(known, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, _HERE, said=texts.person_erased(erased))

    return router


def _given(email: str, zendesk: str, slack: str) -> Known:
    numbers = zendesk.replace(",", " ").split()
    users = slack.replace(",", " ").split()
    if not all(each.isdecimal() and len(each) <= 18 for each in numbers):
        raise InputRejected("A Zendesk user is named by a number.")
    if not all(each.isalnum() and each.isascii() for each in users):
        raise InputRejected("A Slack user is named by an id such as U0123456789.")
    return Known(email=checked_email(email), zendesk=tuple(map(int, numbers)), slack=tuple(users))


def _looked_up(parts: Parts, given: Known) -> tuple[Known, tuple[str, ...]]:
    """With the ids that the vendors have for the address, and what could not be asked."""
    notices = []
    try:
        zendesk = parts.zendesk_users(given.email)
    except (ConnectorError, SupportbotError) as error:
        zendesk = ()
        notices.append(f"Zendesk could not be asked: {error}")
    try:
        slack = parts.slack_users(given.email)
    except SupportbotError as error:
        slack = ()
        notices.append(f"Slack could not be asked: {error}")
    known = Known(
        email=given.email,
        zendesk=tuple(dict.fromkeys((*given.zendesk, *zendesk))),
        slack=tuple(dict.fromkeys((*given.slack, *slack))),
    )
    return known, tuple(notices)


PAGE = Page(path="/privacy", title="Privacy", section="Set up", role=Role.ADMIN, routes=routes)
