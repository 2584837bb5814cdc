"""Which tickets are answered, and how: by policies, of which the one that says most decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from bot.admin import texts
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.admin.settings_tabs import TABS
from bot.errors import InputRejected
from bot.zendesk.policies import Mode, Policies, Policy, requester

if TYPE_CHECKING:
    from bot.admin.parts import Parts

CHANNELS = ("email", "web", "mobile", "messaging", "api", "facebook", "voice")
"""Zendesk's own names, to choose from; others can be written."""

_HERE = "/admin/settings/tickets"


def policy_routes(parts: Parts) -> APIRouter:
    """The list, and a form to make, change or remove one."""
    router = APIRouter(prefix="/tickets")
    admins = [Depends(parts.gate.needs(Role.ADMIN))]
    policies = Policies(pool=parts.pool)

    def listed(request: Request, *, problem: str = "", given: Policy | None = None) -> Response:
        return parts.pages.show(
            request,
            "settings_tickets.html",
            status=422 if problem else 200,
            name="tickets",
            tabs=TABS,
            policies=policies.all(),
            modes=list(Mode),
            channels=CHANNELS,
            tags=[each.name for each in parts.work.taxonomy.read().tags],
            given=given or Policy(mode=Mode.DRAFT),
            problem=problem,
        )

    @router.get("")
    def show(request: Request) -> Response:
        return listed(request)

    @router.get("/{policy_id}", dependencies=admins)
    def change(request: Request, policy_id: int) -> Response:
        found = next((each for each in policies.all() if each.id == policy_id), None)
        if found is None:
            raise InputRejected("There is no such policy any more.")
        return listed(request, given=found)

    @router.post("", dependencies=admins)
    def save(
        request: Request,
        mode: Annotated[Mode, Form()],
        brand: Annotated[str, Form(max_length=30)] = "",
        channel: Annotated[str, Form(max_length=60)] = "",
        form: Annotated[str, Form(max_length=30)] = "",
        intent: Annotated[str, Form(max_length=200)] = "",
        share: Annotated[int, Form()] = 100,
        allowed: Annotated[str, Form(max_length=20_000)] = "",
    ) -> Response:
        try:
            policy = Policy(
                mode=mode,
                brand_id=_number(brand, "brand"),
                channel=channel.strip().lower() or None,
                form_id=_number(form, "form"),
                intent=intent.strip() or None,
                share=share,
                allowed=tuple(map(requester, allowed.replace(",", " ").split())),
            )
            policies.set(policy, actor=visitor_of(request).person.actor)
        except InputRejected as error:
            return listed(request, problem=str(error))
        return parts.pages.go(request, _HERE, said=texts.POLICY_SAVED)

    @router.post("/{policy_id}/remove", dependencies=admins)
    def remove(request: Request, policy_id: int) -> Response:
        policies.remove(policy_id, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, _HERE, said=texts.POLICY_REMOVED)

    return router


def _number(text: str, what: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text.strip()) > 18:
        raise InputRejected(f"The {what} is given by its id, a number.")
    return int(text)
