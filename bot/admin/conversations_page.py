"""Conversations: what was asked, why it was answered so, and whether it is answered rightly now."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response

from bot.admin import insight_texts as texts
from bot.admin.errors import PageMissing
from bot.admin.looking import viewer_of
from bot.admin.pages import Page
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.evaluation.case_sets import NewCase
from bot.feedback import REASONS
from bot.insight.answer import answer
from bot.insight.conversation import Conversation, conversation
from bot.insight.conversations import Conversations, Place, Wanted
from bot.insight.knowledge import Knowledge
from bot.insight.retest import asked_again, difference
from bot.memory import QuestionMemory
from bot.models import HandoffReason, OutcomeKind
from bot.support import EVIDENCE_NEEDED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.admin.parts import Parts
    from bot.insight.conversations import Opinion

_HERE = "/admin/conversations"
_SURFACES = ("zendesk", "slack", "help", "cli")
DEFAULT_SET = "regressions"


def routes(parts: Parts) -> APIRouter:
    """The list, and what is done with one conversation."""
    router = APIRouter(prefix="/conversations")
    listed, knowledge = Conversations(pool=parts.pool), Knowledge(pool=parts.pool)
    agents = Depends(parts.gate.needs(Role.AGENT))

    def found(request: Request, question_id: UUID) -> Conversation:
        seen = conversation(parts.pool, question_id, viewer_of(request))
        if seen is None:
            raise PageMissing
        return seen

    @router.get("")
    def show(
        request: Request,
        asked: Annotated[Wanted, Depends(_wanted)],
        at: str = "",
        before: UUID | None = None,
    ) -> Response:
        place = Place(asked_at=_moment(at), id=before) if at and before else None
        listing = listed.list(asked, place=place)
        return parts.pages.show(
            request,
            "conversations.html",
            listing=listing,
            asked=_shown(request.query_params),
            older=_older(request.query_params, listing.next),
            choices={
                "surface": texts.options(_SURFACES),
                "outcome": texts.options(OutcomeKind),
                "reason": texts.options(HandoffReason),
                "tag": texts.options(parts.work.taxonomy.names()),
                "source": texts.options(knowledge.facets().sources),
            },
        )

    @router.get("/{question_id}")
    def one(request: Request, question_id: UUID) -> Response:
        seen = found(request, question_id)
        return parts.pages.show(
            request,
            "conversation.html",
            seen=seen,
            ticket=parts.work.ticket(seen.ticket.ticket_id if seen.ticket else None),
            evidence_needed=EVIDENCE_NEEDED,
            sets=[each.name for each in parts.work.case_sets.all()],
            default_set=DEFAULT_SET,
            reasons=REASONS,
        )

    @router.post("/{question_id}/again", dependencies=[agents])
    def again(request: Request, question_id: UUID) -> Response:
        seen = found(request, question_id)
        if not seen.answer.is_whole:
            raise PageMissing  # what comes out could not be shown either
        after = asked_again(parts.work.desk(), seen.question)
        return parts.pages.show(
            request,
            "conversation_again.html",
            seen=seen,
            after=answer(parts.pool, after, viewer_of(request)),
            changed=difference(seen.answer.outcome, after),
            sets=[each.name for each in parts.work.case_sets.all()],
            default_set=DEFAULT_SET,
        )

    @router.post("/{question_id}/right", dependencies=[agents])
    def correct(
        request: Request,
        question_id: UUID,
        documents: Annotated[list[str] | None, Form()] = None,
        others: Annotated[str, Form()] = "",
    ) -> Response:
        found(request, question_id)
        chosen = [*(documents or ()), *others.replace(",", " ").split()]
        QuestionMemory(pool=parts.pool).correct(
            question_id, document_ids=chosen, actor=visitor_of(request).person.actor
        )
        return parts.pages.go(request, f"{_HERE}/{question_id}", said=texts.CORRECTED)

    @router.post("/{question_id}/case", dependencies=[agents])
    def keep(
        request: Request,
        question_id: UUID,
        name: Annotated[str, Form()] = DEFAULT_SET,
        outcome: Annotated[str, Form()] = "answered",
        articles: Annotated[str, Form()] = "",
        reference: Annotated[str, Form()] = "",
    ) -> Response:
        seen = found(request, question_id)
        case = NewCase(
            question=seen.question.text,
            reader=seen.question.reader,
            answerable=outcome == "answered",
            locale=seen.question.locale or "",
            article_ids=tuple(articles.replace(",", " ").split()),
            reference=reference,
            routing_tag=seen.ticket.routing_tag if seen.ticket else "",
            history=seen.question.history,
            origin="retest",
            question_id=question_id,
        )
        parts.work.case_sets.add(name, [case], actor=visitor_of(request).person.actor)
        said = texts.CASE_KEPT.format(name=name.strip())
        return parts.pages.go(request, f"{_HERE}/{question_id}", said=said)

    return router


def _wanted(
    surface: str = "",
    outcome: str = "",
    reason: str = "",
    tag: str = "",
    opinion: str = "",
    source: str = "",
    words: str = "",
    ticket: str = "",
    since: str = "",
    until: str = "",
) -> Wanted:
    """What the form asks for; what cannot be read is not asked."""
    said: Mapping[str, Opinion] = {"good": "good", "bad": "bad"}
    number = ticket.strip().lstrip("#")
    return Wanted(
        surface=surface,
        outcome=outcome,
        reason=reason,
        tag=tag,
        opinion=said.get(opinion),
        source=source,
        words=words[:500],
        ticket=int(number) if number.isdecimal() and len(number) < 19 else None,
        since=_day(since),
        until=_day(until, after=True),
    )


def _day(text: str, *, after: bool = False) -> datetime | None:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    begins = datetime.combine(day.date(), time(), tzinfo=UTC)
    return begins + timedelta(days=1) if after and day.year < 9999 else begins


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise PageMissing from None


def _shown(given: Mapping[str, str]) -> dict[str, str]:
    """What was asked, in the form again."""
    return {name: given.get(name, "") for name in asdict(Wanted())}


def _older(given: Mapping[str, str], place: Place | None) -> str:
    """The query of the page that follows, "" where there is none."""
    if place is None:
        return ""
    kept: dict[str, Any] = {name: value for name, value in _shown(given).items() if value}
    return urlencode({**kept, "at": place.asked_at.isoformat(), "before": str(place.id)})


PAGE = Page(
    path="/conversations", title="Conversations", section="See", role=Role.VIEWER, routes=routes
)
