"""Playground: ask as a customer or an agent would, watch the answer being written, see why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import StreamingResponse
from markupsafe import Markup

from bot.admin import insight_texts as texts
from bot.admin.looking import Asker, reader_as, viewer_of
from bot.admin.pages import Page
from bot.admin.roles import Role
from bot.admin.streaming import events
from bot.errors import InputRejected, SupportbotError
from bot.insight.answer import Answer, answer
from bot.models import Question
from bot.support import EVIDENCE_NEEDED

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.admin.parts import Parts
    from bot.admin.streaming import Event
    from bot.insight.viewing import Viewer
    from bot.models import Outcome, Statement

Given = Literal["shown", "sent"]


def routes(parts: Parts) -> APIRouter:
    """The form, and its answer: as a page, or as a stream for browsers that run our script."""
    router = APIRouter(prefix="/playground")

    def rendered(request: Request, outcome: Outcome, viewer: Viewer) -> str:
        seen = answer(parts.pool, outcome, viewer)
        shown = parts.pages.show(
            request, "playground_answer.html", answer=seen, evidence_needed=EVIDENCE_NEEDED
        )
        return bytes(shown.body).decode()

    def form(request: Request, asked: _Asked, seen: Answer | None = None) -> Response:
        return parts.pages.show(
            request,
            "playground.html",
            asked=asked.shown,
            answer=seen,
            evidence_needed=EVIDENCE_NEEDED,
            may_name_segments=viewer_of(request).labels is None,
        )

    @router.get("")
    def show(request: Request) -> Response:
        return form(request, _asked())

    @router.post("")
    def ask(request: Request, asked: Annotated[_Asked, Depends(_asked)]) -> Response:
        viewer = viewer_of(request)
        outcome = parts.work.desk().respond(asked.question(viewer))
        return form(request, asked, answer(parts.pool, outcome, viewer))

    @router.post("/stream")
    def stream(request: Request, asked: Annotated[_Asked, Depends(_asked)]) -> Response:
        viewer = viewer_of(request)
        question = asked.question(viewer)

        def work(tell: Callable[[Event], None]) -> None:
            try:
                outcome = parts.work.desk().respond(
                    question, on_statement=lambda each: tell(("statement", _line(each)))
                )
                tell(("answer", rendered(request, outcome, viewer)))
            except SupportbotError as error:
                tell(("problem", _problem(str(error))))
            except Exception:
                tell(("problem", _problem(texts.ASKING_FAILED)))
                raise

        return StreamingResponse(
            events(work),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},  # a proxy that collects it would end the stream
        )

    return router


class _Asked:
    """What the form says."""

    def __init__(
        self, *, text: str, asker: Asker, locale: str, delivery: Given, segments: str
    ) -> None:
        self._text, self._asker, self._locale = text, asker, locale
        self._delivery, self._segments = delivery, segments

    @property
    def shown(self) -> dict[str, str]:
        """The same, in the form again."""
        return {
            "q": self._text,
            "as": self._asker,
            "locale": self._locale,
            "delivery": self._delivery,
            "segments": self._segments,
        }

    def question(self, viewer: Viewer) -> Question:
        """Raises InputRejected where nothing is asked."""
        if not self._text.strip():
            raise InputRejected(texts.NOTHING_ASKED)
        return Question(
            text=self._text,
            reader=reader_as(self._asker, viewer, segments=self._segments),
            surface="playground",
            locale=self._locale.strip() or None,
            delivery=self._delivery,
        )


def _asked(
    q: Annotated[str, Form(max_length=8_000)] = "",
    asker: Annotated[Asker, Form(alias="as")] = "customer",
    locale: Annotated[str, Form(max_length=20)] = "",
    delivery: Annotated[Given, Form()] = "shown",
    segments: Annotated[str, Form(max_length=500)] = "",
) -> _Asked:
    return _Asked(text=q, asker=asker, locale=locale, delivery=delivery, segments=segments)


def _line(statement: Statement) -> str:
    """A statement whose citations hold, while the rest is still being written."""
    return Markup('<p class="provisional">{}</p>').format(statement.text)


def _problem(text: str) -> str:
    return Markup('<p class="notice bad" role="alert">{}</p>').format(text)


PAGE = Page(path="/playground", title="Playground", section="See", role=Role.AGENT, routes=routes)
