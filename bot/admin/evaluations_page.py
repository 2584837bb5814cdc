"""Evaluations: what was measured, what changed between two runs case by case, and the test sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from bot.admin import insight_texts as texts
from bot.admin.errors import PageMissing
from bot.admin.looking import viewer_of
from bot.admin.pages import Page
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.errors import InputRejected
from bot.evaluation.runs import EvaluationRuns
from bot.insight.advice import read_advice
from bot.queue import advice_job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.admin.parts import Parts

_HERE = "/admin/evaluations"
_CASES_SHOWN = 200
_FIGURES_SHOWN = 4
_CHANGED_SHOWN = 50


def routes(parts: Parts) -> APIRouter:
    """The runs, one against another, and the cases of a set."""
    router = APIRouter(prefix="/evaluations")
    kept = EvaluationRuns(pool=parts.pool)
    agents, admins = (Depends(parts.gate.needs(each)) for each in (Role.AGENT, Role.ADMIN))

    @router.get("")
    def runs(request: Request) -> Response:
        return parts.pages.show(
            request,
            "evaluations.html",
            runs=[
                {"run": each, "figures": list(figures(each.figures))[:_FIGURES_SHOWN]}
                for each in kept.latest()
            ],
            sets=parts.work.case_sets.all(),
        )

    @router.get("/compare")
    def compare(request: Request, before: int, after: int) -> Response:
        from bot.evaluation.versus import versus  # noqa: PLC0415 - brings numpy

        found = versus(kept, before, after)
        return parts.pages.show(
            request, "evaluations_compare.html", found=found, shown=_CHANGED_SHOWN
        )

    @router.get("/sets")
    def cases(request: Request, name: Annotated[str, Query(max_length=200)] = "") -> Response:
        viewer = viewer_of(request)
        try:
            found = parts.work.case_sets.cases(name)
        except InputRejected:
            raise PageMissing from None
        # What a case says is right may quote what only its reader may read.
        readable = [each for each in found if viewer.may_ask_as(each.reader)]
        return parts.pages.show(
            request,
            "evaluations_set.html",
            name=name,
            cases=readable[:_CASES_SHOWN],
            advice=read_advice(parts.pool, name, viewer),
            count=len(found),
            hidden=len(found) - len(readable),
        )

    @router.post("/sets/advise", dependencies=[agents])
    def advise(request: Request, name: Annotated[str, Form(max_length=200)]) -> Response:
        parts.queue.enqueue(advice_job(name))
        to = f"{_HERE}/sets?{urlencode({'name': name})}"
        return parts.pages.go(request, to, said=texts.ADVICE_ASKED)

    @router.get("/{run_id}")
    def one(request: Request, run_id: int) -> Response:
        try:
            run = kept.get(run_id)
        except InputRejected:
            raise PageMissing from None
        results = kept.results(run_id)
        return parts.pages.show(
            request,
            "evaluation.html",
            run=run,
            figures=list(figures(run.figures)),
            others=[each for each in kept.latest(kind=run.kind) if each.id != run_id],
            results=results[:_CASES_SHOWN],
        )

    @router.post("/{run_id}/baseline", dependencies=[admins])
    def guard(request: Request, run_id: int, on: Annotated[bool, Form()] = True) -> Response:
        kept.guard(run_id, on=on, actor=visitor_of(request).person.actor)
        said = texts.BASELINE_SET if on else texts.BASELINE_REMOVED
        return parts.pages.go(request, f"{_HERE}/{run_id}", said=said)

    return router


def figures(given: Mapping[str, Any], *, above: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a run with its path as a name, in order: "answerable answered", 0.8."""
    for name, value in given.items():
        path = f"{above} {name}".strip()
        if isinstance(value, Mapping):
            yield from figures(value, above=path)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield path, value


PAGE = Page(
    path="/evaluations", title="Evaluations", section="Repair", role=Role.VIEWER, routes=routes
)
