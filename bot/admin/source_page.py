"""One source: how its runs go, live; what could not be read and why; and what can be done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from bot.admin import texts
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.queue import TaskName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.admin.parts import Parts

_RUNS = 12
_MOST_FAILURES = 200

_WAITING = """
SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing')
FROM procrastinate_jobs
WHERE task_name = %s AND args ->> 'source' = %s AND status IN ('todo', 'doing')
"""

_HELD = """
SELECT (SELECT count(*) FROM documents WHERE source = %(name)s),
       (SELECT count(*) FROM question_memory WHERE source = %(name)s),
       (SELECT count(*) FROM failed_documents WHERE source = %(name)s),
       (SELECT count(*) FROM sync_runs WHERE source = %(name)s),
       (SELECT count(*) FROM schedules WHERE source = %(name)s)
"""


def source_routes(parts: Parts) -> APIRouter:
    """What is below /sources/NAME."""
    router = APIRouter(prefix="/{name}")
    admins = [Depends(parts.gate.needs(Role.ADMIN))]

    @router.get("")
    def show(request: Request, name: str) -> Response:
        state = parts.sources.get(name)
        failures = parts.sources.failures(name)
        plan = next((each for each in parts.schedules.all() if each.source == name), None)
        return parts.pages.show(
            request,
            "source.html",
            state=state,
            plan=plan,
            failures=failures[:_MOST_FAILURES],
            failed=len(failures),
            **_progress(parts, name),
        )

    @router.get("/runs")
    def runs(request: Request, name: str) -> Response:
        """The runs alone, which the page asks for again while one goes on."""
        state = parts.sources.get(name)
        return parts.pages.show(request, "_source_runs.html", state=state, **_progress(parts, name))

    @router.post("/run", dependencies=admins)
    def run(request: Request, name: str) -> Response:
        parts.schedules.run_now(name, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, f"/admin/sources/{name}", said=texts.SYNC_ASKED)

    @router.post("/full", dependencies=admins)
    def full(request: Request, name: str) -> Response:
        parts.schedules.run_now(name, full=True, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, f"/admin/sources/{name}", said=texts.FULL_ASKED)

    @router.post("/retry", dependencies=admins)
    def retry(request: Request, name: str, document: Annotated[str, Form()]) -> Response:
        parts.schedules.retry(name, document, actor=visitor_of(request).person.actor)
        said = texts.RETRY_ASKED.format(document=document)
        return parts.pages.go(request, f"/admin/sources/{name}", said=said)

    @router.get("/delete", dependencies=admins)
    def ask_to_delete(request: Request, name: str) -> Response:
        held = _held(parts, name)
        return parts.pages.show(
            request, "source_delete.html", state=parts.sources.get(name), held=held
        )

    @router.post("/delete", dependencies=admins)
    def delete(request: Request, name: str) -> Response:
        documents = parts.sources.remove(name, actor=visitor_of(request).person.actor)
        said = texts.source_removed(name, documents)
        return parts.pages.go(request, "/admin/sources", said=said)

    return router


def _progress(parts: Parts, name: str) -> dict[str, Any]:
    """The latest runs, and whether another is going on or waits."""
    runs = parts.runs.latest(name, limit=_RUNS)
    with parts.pool.connection() as connection:
        row = connection.execute(_WAITING, (TaskName.SYNC.value, name)).fetchone()
    waiting, doing = row or (0, 0)
    running = any(each.state == "running" for each in runs) and bool(doing)
    no_worker = bool(waiting) and not parts.queue.worker_alive()
    return {
        "runs": runs,
        "waiting": bool(waiting),
        "running": running or bool(doing),
        "no_worker": no_worker,
    }


def _held(parts: Parts, name: str) -> Mapping[str, int]:
    with parts.pool.connection() as connection:
        row = connection.execute(_HELD, {"name": name}).fetchone()
    names = ("documents", "remembered questions", "failed documents", "recorded runs", "schedules")
    return dict(zip(names, row or (0,) * len(names), strict=True))
