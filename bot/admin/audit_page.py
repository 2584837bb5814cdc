"""The audit log: who changed what, where, with before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from bot.admin.pages import Page
from bot.admin.roles import Role

if TYPE_CHECKING:
    from bot.admin.parts import Parts
    from bot.audit import AuditEntry

_PER_PAGE = 50


def routes(parts: Parts) -> APIRouter:
    """The latest entries, filtered by who, what and which."""
    router = APIRouter(prefix="/audit")

    @router.get("")
    def show(
        request: Request,
        actor: str = "",
        action: str = "",
        target: str = "",
        before: int | None = None,
    ) -> Response:
        entries = parts.audit.latest(
            limit=_PER_PAGE + 1,
            before=before,
            actor=actor.strip() or None,
            action=action.strip() or None,
            target=target.strip() or None,
        )
        shown = entries[:_PER_PAGE]
        return parts.pages.show(
            request,
            "audit.html",
            entries=[{"entry": each, "changes": changes_of(each)} for each in shown],
            asked={"actor": actor, "action": action, "target": target},
            older=shown[-1].id if len(entries) > _PER_PAGE else None,
        )

    return router


def changes_of(entry: AuditEntry) -> list[tuple[str, Any, Any]]:
    """The fields that differ: name, before, after; None where there is none."""
    old, new = entry.before or {}, entry.after or {}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [(name, old.get(name), new.get(name)) for name in names]


PAGE = Page(path="/audit", title="Audit log", section="Set up", role=Role.ADMIN, routes=routes)
