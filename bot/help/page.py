"""The help page as one application under /help."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import psycopg
from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from psycopg_pool import PoolTimeout

from bot.admin.pages import environment
from bot.admin.people import checked_email, checked_name
from bot.admin.requests import address_of
from bot.admin.shell import POLICY, Shell
from bot.admin.streaming import events
from bot.errors import InputRejected, SupportbotError
from bot.help import texts
from bot.help.contacts import Contact
from bot.help.conversations import Conversation, history
from bot.help.pace import ASKING, CONTACTING
from bot.models import OutcomeKind, Question
from bot.self_service import HelpPage
from indexing.models import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from starlette.types import ASGIApp

    from bot.admin.assets import Asset
    from bot.feedback import Feedback
    from bot.help.contacts import Contacts
    from bot.help.conversations import Tokens
    from bot.help.pace import Pace
    from bot.models import Outcome, Statement
    from bot.preferences import Preferences
    from bot.support import SupportDesk

log = logging.getLogger(__name__)

PATH = "/help"
LONGEST_QUESTION = 1_000
LONGEST_MESSAGE = 5_000

_TEMPLATES = Path(__file__).parent / "templates"
_STREAM = {"X-Accel-Buffering": "no"}  # a proxy that collects it would end the stream


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpParts:
    """What the page is made of. `desk` is made when somebody first asks, because it loads a model;
    `tickets` says whether messages can become tickets here."""

    pool: ConnectionPool[Connection[Any]]
    preferences: Preferences
    desk: Callable[[], SupportDesk]
    feedback: Feedback
    contacts: Contacts
    tokens: Tokens
    pace: Pace
    assets: Mapping[str, Asset]
    tickets: bool
    secure: bool


def create_help(parts: HelpParts) -> ASGIApp:
    """The application, to be mounted at PATH."""
    app = FastAPI(title="Supportbot help", docs_url=None, redoc_url=None, openapi_url=None)
    shown = _Shown(parts)

    @app.get("/")
    def first(request: Request) -> Response:
        return shown.page(request, conversation=Conversation())

    @app.post("/ask")
    def ask(request: Request, q: _Text = "", conversation: _Text = "") -> Response:
        settings = shown.settings()
        asked = shown.question(request, settings, q, conversation)
        outcome = parts.desk().respond(asked.question)
        return shown.page(request, conversation=asked.conversation, asked=q, outcome=outcome)

    @app.post("/ask/stream")
    def stream(request: Request, q: _Text = "", conversation: _Text = "") -> Response:
        settings = shown.settings()
        asked = shown.question(request, settings, q, conversation)

        def work(tell: Callable[[tuple[str, str]], None]) -> None:
            try:
                outcome = parts.desk().respond(
                    asked.question, on_statement=lambda each: tell(("statement", _line(each)))
                )
                tell(("answer", shown.answer(settings, asked.conversation, q, outcome)))
            except Exception:
                tell(("problem", f"<p>{texts.FAILED}</p>"))
                raise

        return StreamingResponse(events(work), media_type="text/event-stream", headers=_STREAM)

    @app.post("/rate")
    def rate(
        request: Request,
        conversation: _Text = "",
        helped: Annotated[bool, Form()] = False,
    ) -> Response:
        shown.settings()
        known = shown.known(conversation)
        if not known.questions:
            raise InputRejected(texts.OLD)
        parts.feedback.rate(
            known.questions[-1], surface="help", person=str(known.id), helpful=helped
        )
        said = texts.THANKS_YES if helped else texts.THANKS_NO
        return shown.page(request, conversation=known, said=said, contact=not helped)

    @app.post("/contact")
    def contact(
        request: Request,
        conversation: _Text = "",
        email: _Text = "",
        name: _Text = "",
        message: _Text = "",
    ) -> Response:
        settings = shown.settings()
        known = shown.known(conversation)
        if not (parts.tickets and settings.tickets):
            raise InputRejected(texts.NOT_SHOWN)
        try:
            sent = Contact(
                id=known.id,
                questions=known.questions,
                name=checked_name(name),
                email=checked_email(email),
                message=_message(message),
            )
        except InputRejected:
            return shown.page(
                request,
                conversation=known,
                problem=texts.CONTACT_INVALID,
                contact=True,
                written={"email": email[:254], "name": name[:100], "message": message},
            )
        if not parts.pace.allows(CONTACTING, address_of(request)):
            raise _TooMany
        parts.contacts.take(sent)
        return shown.page(request, conversation=Conversation(), said=texts.CONTACT_SENT)

    _say_what_is_wrong(app, shown)
    # The policy of each page says who may show it; this one is for what is no page.
    app.add_middleware(Shell, secure=parts.secure, ancestors="'self'")
    return app


_Text = Annotated[str, Form(max_length=20_000)]


class _TooMany(SupportbotError):
    """Too many questions in a short time."""


class _Off(SupportbotError):
    """The help page is off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    question: Question
    conversation: Conversation


class _Shown:
    """What a visitor sees."""

    def __init__(self, parts: HelpParts) -> None:
        self._parts = parts
        self._jinja = environment(_TEMPLATES, parts.assets)

    def settings(self) -> HelpPage:
        """Raises _Off."""
        found = self._parts.preferences.get(HelpPage)
        if not found.enabled:
            raise _Off
        return found

    def known(self, token: str) -> Conversation:
        """Raises InputRejected for what is no page of ours."""
        found = self._parts.tokens.read(token)
        if found is None:
            raise InputRejected(texts.OLD)
        return found

    def question(self, request: Request, settings: HelpPage, text: str, token: str) -> _Asked:
        """What is asked, with what was said before. Raises InputRejected, _TooMany."""
        if not text.strip():
            raise InputRejected(texts.NOTHING_ASKED)
        if len(text) > LONGEST_QUESTION:
            raise InputRejected(texts.TOO_LONG)
        before = self.known(token)
        if not self._parts.pace.allows(ASKING, address_of(request)):
            raise _TooMany
        question = Question(
            text=text,
            reader=Reader.customer(),
            surface="help",
            history=history(self._parts.pool, before),
            delivery="sent",
        )
        return _Asked(question=question, conversation=before.with_one_more(question.id))

    def page(
        self,
        request: Request,
        *,
        conversation: Conversation,
        status: int = 200,
        asked: str = "",
        outcome: Outcome | None = None,
        said: str = "",
        problem: str = "",
        contact: bool = False,
        written: Mapping[str, str] | None = None,
    ) -> Response:
        """The whole page. Raises _Off."""
        settings = self.settings()
        answer = self.answer(settings, conversation, asked, outcome) if outcome else ""
        html = self._jinja.get_template("help.html").render(
            settings=settings,
            asked=asked,
            answer=answer,
            token=self._parts.tokens.of(conversation),
            said=said,
            problem=problem,
            contact=contact and self._parts.tickets and settings.tickets,
            written=written or {},
        )
        policy = POLICY.format(ancestors=settings.ancestors)
        headers = {"Content-Security-Policy": policy}
        return HTMLResponse(html, status_code=status, headers=headers)

    def answer(
        self, settings: HelpPage, conversation: Conversation, asked: str, outcome: Outcome
    ) -> str:
        """The answer with its sources, and what can be said of it."""
        sources = list(
            dict.fromkeys(
                (citation.title, citation.url)
                for statement in outcome.statements
                for citation in statement.citations
            )
        )
        statements = [
            (
                each.text,
                sorted({sources.index((c.title, c.url)) + 1 for c in each.citations}),
            )
            for each in outcome.statements
        ]
        # A draft is an answer that nobody is there to approve.
        is_answered = outcome.kind is OutcomeKind.ANSWERED and bool(statements)
        return self._jinja.get_template("_help_answer.html").render(
            is_answered=is_answered,
            asked=asked,
            statements=statements if is_answered else [],
            sources=sources if is_answered else [],
            near=[] if is_answered else _near(outcome),
            token=self._parts.tokens.of(conversation),
            contact=self._parts.tickets and settings.tickets,
            written={},
            no_answer=texts.NO_ANSWER,
        )


def _near(outcome: Outcome) -> list[tuple[str, str]]:
    """Articles that may help where there is no answer."""
    found = dict.fromkeys((each.title, each.url) for each in outcome.passages if each.url)
    return list(found)[:3]


def _message(text: str) -> str:
    message = text.replace("\0", " ").strip()
    if not message or len(message) > LONGEST_MESSAGE:
        raise InputRejected(texts.CONTACT_INVALID)
    return message


def _line(statement: Statement) -> str:
    from markupsafe import Markup  # noqa: PLC0415 - used here only

    return Markup('<p class="provisional">{}</p>').format(statement.text)


def _say_what_is_wrong(app: FastAPI, shown: _Shown) -> None:
    @app.exception_handler(_Off)
    def off(_request: Request, _error: Exception) -> Response:
        return PlainTextResponse(f"{texts.NOT_SHOWN}\n", status_code=404)

    @app.exception_handler(InputRejected)
    def rejected(request: Request, error: Exception) -> Response:
        return _problem(request, shown, 422, str(error))

    @app.exception_handler(_TooMany)
    def too_many(request: Request, _error: Exception) -> Response:
        return _problem(request, shown, 429, texts.TOO_MANY)

    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(PoolTimeout)
    def away(_request: Request, error: Exception) -> Response:
        log.warning("The help page waits for the database: %s", type(error).__name__)
        return PlainTextResponse(f"{texts.FAILED}\n", status_code=503)


def _problem(request: Request, shown: _Shown, status: int, text: str) -> Response:
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(f'<p class="notice bad" role="alert">{text}</p>', status_code=status)
    return shown.page(request, conversation=Conversation(), status=status, problem=text)
