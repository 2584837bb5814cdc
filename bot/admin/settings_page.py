"""Settings: which tickets are answered and how, how sure an answer must be, how replies speak,
what is left to people, and for how long words are kept. Every change is in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from bot.admin import texts
from bot.admin.errors import PageMissing
from bot.admin.pages import Page
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.admin.settings_forms import checked, fields_of, read
from bot.admin.settings_policies import policy_routes
from bot.admin.settings_slack import slack_routes
from bot.admin.settings_tabs import TABS
from bot.admin.settings_voice import voice_routes
from bot.errors import ChangeRefused
from bot.evaluation.guard import allow_risk
from bot.evaluation.runs import EvaluationRuns
from bot.limits import Limits
from bot.preferences import Preference
from bot.retention import Retention
from bot.self_service import HelpPage
from bot.sending import Sending, SendingRisk

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from bot.admin.parts import Parts

GROUPS: Mapping[str, type[Preference]] = {
    "sending": SendingRisk,
    "limits": Limits,
    "retention": Retention,
    "help": HelpPage,
}
"""What is set by a form that is drawn from its model, by its address."""


def routes(parts: Parts) -> APIRouter:
    """A page for each group."""
    router = APIRouter(prefix="/settings")
    sending = Sending(pool=parts.pool, preferences=parts.preferences)
    admins = [Depends(parts.gate.needs(Role.ADMIN))]
    router.include_router(policy_routes(parts))
    router.include_router(voice_routes(parts))
    router.include_router(slack_routes(parts))

    def shown(
        request: Request,
        name: str,
        *,
        given: Mapping[str, object] | None = None,
        wrong: Mapping[str, str] | None = None,
    ) -> Response:
        group = _group(name)
        held = parts.preferences.get(group).model_dump(mode="json") if given is None else given
        return parts.pages.show(
            request,
            "settings_group.html",
            status=422 if wrong else 200,
            name=name,
            tabs=TABS,
            title=dict(TABS)[name],
            fields=fields_of(group, held, wrong),
        )

    @router.get("")
    def first(request: Request) -> Response:
        return parts.pages.go(request, "/admin/settings/tickets")

    @router.get("/sending/needed")
    def needed(request: Request) -> Response:
        """What the risk means now. Apart, because it looks at every judged answer."""
        return parts.pages.show(request, "_settings_needed.html", needed=sending.table())

    @router.get("/{name}")
    def show(request: Request, name: str) -> Response:
        return shown(request, name)

    @router.post("/{name}", dependencies=admins)
    async def save(request: Request, name: str) -> Response:
        form = await request.form()
        return await run_in_threadpool(saved, request, name, form)

    def saved(request: Request, name: str, form: FormData) -> Response:
        given = read(form, _group(name))
        value, wrong = checked(_group(name), given)
        if not isinstance(value, Preference):
            return shown(request, name, given=given, wrong=wrong)
        if isinstance(value, SendingRisk):
            try:
                allow_risk(EvaluationRuns(pool=parts.pool), sending, value)
            except ChangeRefused as error:
                return shown(request, name, given=given, wrong={"until_known": str(error)})
        parts.preferences.put(value, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, f"/admin/settings/{name}", said=texts.SETTINGS_SAVED)

    return router


def _group(name: str) -> type[Preference]:
    if name not in GROUPS:
        raise PageMissing("There are no such settings.")
    return GROUPS[name]


PAGE = Page(path="/settings", title="Settings", section="Set up", role=Role.VIEWER, routes=routes)
