"""Gaps: what customers asked in vain, and articles that need a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request, Response

from bot.admin import insight_texts as texts
from bot.admin.errors import PageMissing
from bot.admin.looking import viewer_of
from bot.admin.pages import Page
from bot.admin.roles import Role
from bot.insight.gaps.reading import FindingKind, Gaps
from bot.queue import gaps_job
from bot.support import EVIDENCE_NEEDED

if TYPE_CHECKING:
    from bot.admin.parts import Parts


def routes(parts: Parts) -> APIRouter:
    """Topics, one topic, and each kind of finding."""
    router = APIRouter(prefix="/gaps")
    gaps = Gaps(pool=parts.pool)

    @router.get("")
    def topics(request: Request) -> Response:
        return parts.pages.show(
            request,
            "gaps.html",
            worked=gaps.worked(),
            topics=gaps.topics(viewer_of(request)),
            evidence_needed=EVIDENCE_NEEDED,
        )

    @router.get("/topics/{topic_id}")
    def topic(request: Request, topic_id: int) -> Response:
        found = gaps.topics(viewer_of(request), topic=topic_id)
        if not found:
            raise PageMissing
        return parts.pages.show(
            request,
            "gap_topic.html",
            topic=found[0],
            members=gaps.members(topic_id),
            evidence_needed=EVIDENCE_NEEDED,
        )

    @router.get("/articles/{kind}")
    def articles(request: Request, kind: FindingKind) -> Response:
        return parts.pages.show(
            request,
            "gap_articles.html",
            kind=kind,
            about=texts.FINDINGS[kind],
            worked=gaps.worked(),
            findings=gaps.findings(kind, viewer_of(request)),
        )

    @router.post("/refresh", dependencies=[Depends(parts.gate.needs(Role.AGENT))])
    def refresh(request: Request) -> Response:
        parts.queue.enqueue(gaps_job())
        return parts.pages.go(request, "/admin/gaps", said=texts.GAPS_ASKED)

    return router


PAGE = Page(path="/gaps", title="Gaps", section="Repair", role=Role.VIEWER, routes=routes)
