"""Sources: what is indexed, how the last syncs went, and adding another one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from bot.admin import texts
from bot.admin.errors import PageMissing
from bot.admin.pages import Page
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.admin.settings_forms import checked, fields_of, read
from bot.admin.source_forms import options_of, selected_of, tried
from bot.admin.source_page import source_routes
from bot.errors import InputRejected
from bot.sources import Source
from bot.timing import interval
from connectors.errors import ConnectorError
from connectors.registry import KINDS

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from bot.admin.parts import Parts
    from connectors.registry import ConnectorKind

_FIRST_SCHEDULE = timedelta(hours=1)


def routes(parts: Parts) -> APIRouter:
    """The list, a form for each kind, and the page of each source."""
    router = APIRouter(prefix="/sources")
    admins = [Depends(parts.gate.needs(Role.ADMIN))]

    @router.get("")
    def show(request: Request) -> Response:
        plans = {each.source: each for each in parts.schedules.all()}
        states = parts.sources.all()
        return parts.pages.show(
            request, "sources.html", states=states, plans=plans, kinds=KINDS.values()
        )

    @router.get("/new/{kind}", dependencies=admins)
    def ask(request: Request, kind: str) -> Response:
        return _form(parts, request, _known(kind))

    @router.get("/new/{kind}/choices", dependencies=admins)
    def choices(request: Request, kind: str) -> Response:
        """The fields again, with what the account has to choose from. Asked for by the page once
        it is shown, because the vendor takes a while."""
        chosen = _known(kind)
        try:
            found = parts.source_choices(kind)
        except ConnectorError as error:
            return parts.pages.show(request, "problem_part.html", problem=str(error))
        given = {
            name: request.query_params.getlist(name)
            for name in chosen.config.model_fields
            if name in request.query_params
        }
        fields = [each for each in fields_of(chosen.config) if options_of(each.name, found)]
        shown = [
            {
                "field": each,
                "options": options_of(each.name, found),
                "selected": _lines(given.get(each.name, [])),
            }
            for each in fields
        ]
        return parts.pages.show(request, "_source_choices.html", shown=shown)

    @router.post("/new/{kind}", dependencies=admins)
    async def add(request: Request, kind: str) -> Response:
        form = await request.form()
        return await run_in_threadpool(_add, parts, request, _known(kind), form)

    router.include_router(source_routes(parts))
    return router


def _known(kind: str) -> ConnectorKind[Any]:
    if kind not in KINDS:
        raise PageMissing("There is no such kind of source.")
    return KINDS[kind]


def _lines(values: list[str]) -> frozenset[str]:
    parts = (part.strip() for value in values for part in value.replace(",", "\n").split("\n"))
    return frozenset(filter(None, parts))


def _form(
    parts: Parts,
    request: Request,
    kind: ConnectorKind[Any],
    *,
    given: dict[str, Any] | None = None,
    wrong: dict[str, str] | None = None,
    name: str = "",
    problem: str = "",
    may_skip: bool = False,
) -> Response:
    fields = fields_of(kind.config, given, wrong)
    return parts.pages.show(
        request,
        "source_new.html",
        status=422 if problem or wrong else 200,
        kind=kind,
        fields=fields,
        selected={each.name: selected_of(given or {}, each.name) for each in fields},
        name=name or _free_name(parts, kind.name),
        has_choices=kind.name == "zendesk",
        problem=problem or ("Some settings cannot be used." if wrong else ""),
        may_skip=may_skip,
    )


def _free_name(parts: Parts, kind: str) -> str:
    taken = {each.source.name for each in parts.sources.all()}
    names = (kind, *(f"{kind}-{number}" for number in range(2, 100)))
    return next((each for each in names if each not in taken), "")


def _add(parts: Parts, request: Request, kind: ConnectorKind[Any], form: FormData) -> Response:
    given, name = read(form, kind.config), str(form.get("name") or "").strip()
    config, wrong = checked(kind.config, given)
    if config is None:
        return _form(parts, request, kind, given=given, wrong=wrong, name=name)
    source = Source(name=name, kind=kind.name, config=config.model_dump(mode="json"))
    found = ""
    if form.get("unchecked") != "true":
        trial = tried(source, parts.connect)
        if trial.problem:
            return _form(
                parts, request, kind, given=given, name=name, problem=trial.problem, may_skip=True
            )
        found = trial.found
    actor = visitor_of(request).person.actor
    try:
        parts.sources.add(source, actor=actor)
    except InputRejected as error:
        return _form(parts, request, kind, given=given, name=name, problem=str(error))
    if form.get("follow") == "true":
        timing = interval(_FIRST_SCHEDULE, anchor=parts.now())
        parts.schedules.set(name, timing, actor=actor)
        parts.schedules.run_now(name, actor=actor)
    said = texts.source_added(found)
    return parts.pages.go(request, f"/admin/sources/{name}", said=said)


PAGE = Page(path="/sources", title="Sources", section="Set up", role=Role.VIEWER, routes=routes)
