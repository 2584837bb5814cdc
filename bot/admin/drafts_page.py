"""Drafts: replies that wait for a person, to be sent as they are, in other words, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response

from bot.admin import insight_texts as texts
from bot.admin.errors import PageMissing
from bot.admin.looking import viewer_of
from bot.admin.pages import Page
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.errors import InputRejected
from bot.insight.conversation import Conversation, conversation
from bot.zendesk.citing import marked_text, told_to

if TYPE_CHECKING:
    from bot.admin.parts import Parts
    from bot.drafts import Decision

_HERE = "/admin/drafts"
_DECIDED_SHOWN = 30


def routes(parts: Parts) -> APIRouter:
    """Those that wait, one of them, and what is decided about it."""
    router = APIRouter(prefix="/drafts")
    drafts = parts.work.drafts
    agents = Depends(parts.gate.needs(Role.AGENT))

    def shown(request: Request, draft_id: UUID, *, problem: str = "", words: str = "") -> Response:
        try:
            draft = drafts.get(draft_id)
        except InputRejected:
            raise PageMissing from None
        seen = conversation(parts.pool, draft_id, viewer_of(request))
        if seen is None:
            raise PageMissing
        return parts.pages.show(
            request,
            "draft.html",
            status=422 if problem else 200,
            draft=draft,
            seen=seen,
            reply=words or _reply(seen),
            ticket=parts.work.ticket(draft.ticket_id),
            problem=problem,
        )

    @router.get("")
    def waiting(request: Request) -> Response:
        return parts.pages.show(
            request,
            "drafts.html",
            waiting=drafts.waiting(),
            decided=drafts.decided(limit=_DECIDED_SHOWN),
        )

    @router.get("/{draft_id}")
    def one(request: Request, draft_id: UUID) -> Response:
        return shown(request, draft_id)

    @router.post("/{draft_id}/approve", dependencies=[agents])
    def approve(
        request: Request, draft_id: UUID, words: Annotated[str | None, Form()] = None
    ) -> Response:
        actor = visitor_of(request).person.actor
        try:
            decision = drafts.approve(draft_id, actor=actor, text=words)
        except InputRejected as error:
            return shown(request, draft_id, problem=str(error), words=words or "")
        return decided(request, decision, texts.DRAFT_APPROVED)

    @router.post("/{draft_id}/reject", dependencies=[agents])
    def reject(request: Request, draft_id: UUID, reason: Annotated[str, Form()] = "") -> Response:
        actor = visitor_of(request).person.actor
        try:
            decision = drafts.reject(draft_id, actor=actor, reason=reason.strip())
        except InputRejected:
            raise PageMissing from None
        return decided(request, decision, texts.DRAFT_REJECTED)

    def decided(request: Request, decision: Decision, said: str) -> Response:
        if decision.counted:
            return parts.pages.go(request, _HERE, said=said)
        other = texts.DRAFT_TOO_LATE.format(state=decision.draft.state)
        return parts.pages.go(request, f"{_HERE}/{decision.draft.id}", said=other)

    return router


def _reply(seen: Conversation) -> str:
    """The draft in plain words with the numbers of its sources, to be edited; "" where whoever
    looks may not read all of it."""
    if not seen.answer.is_whole:
        return ""
    return marked_text(told_to(seen.question.reader, seen.answer.outcome))


PAGE = Page(path="/drafts", title="Drafts", section="Repair", role=Role.VIEWER, routes=routes)
