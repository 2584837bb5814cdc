"""The help page as one application under /help."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import psycopg
from fastapi import FastAPI, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, StreamingResponse
from markupsafe import Markup
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from bot.admin.people import checked_email, checked_name
from bot.admin.requests import address_of
from bot.admin.shell import Shell
from bot.admin.streaming import events
from bot.errors import InputRejected, SupportbotError
from bot.help.contacts import Contact
from bot.help.conversations import Conversation, history
from bot.help.languages import VARY
from bot.help.pace import ASKING, CONTACTING
from bot.help.showing import HelpOff, Said, Shown, line, without_page
from bot.models import Question
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
    from bot.help.notices import Notices
    from bot.help.pace import Pace
    from bot.preferences import Preferences
    from bot.support import SupportDesk

log = logging.getLogger(__name__)

PATH = "/help"
LONGEST_QUESTION = 1_000
LONGEST_MESSAGE = 5_000

_STREAM = {"X-Accel-Buffering": "no"}  # a proxy that collects it would end the stream


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpParts:
    """What the page is made of. `desk` is made when somebody first asks, because it loads a model;
    `tickets` says whether messages can become tickets here; `locale` is the language of the page
    for whoever asks for none that it speaks."""

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
    locale: str


def create_help(parts: HelpParts) -> ASGIApp:
    """The application, to be mounted at PATH."""
    app = FastAPI(title="Supportbot help", docs_url=None, redoc_url=None, openapi_url=None)
    shown = Shown(
        preferences=parts.preferences,
        tokens=parts.tokens,
        assets=parts.assets,
        tickets=parts.tickets,
        locale=parts.locale,
    )

    @app.get("/")
    def first(request: Request) -> Response:
        return shown.page(request, conversation=Conversation())

    @app.post("/ask")
    def ask(request: Request, q: _Text = "", conversation: _Text = "") -> Response:
        settings, spoken = shown.settings(), shown.spoken(request)
        asked = _asked(parts, request, spoken.words.notices, q, conversation)
        outcome = parts.desk().respond(asked.question)
        answer = shown.answer(spoken, settings, asked.conversation, q, outcome)
        return shown.page(request, conversation=asked.conversation, asked=q, answer=answer)

    @app.post("/ask/stream")
    def stream(request: Request, q: _Text = "", conversation: _Text = "") -> Response:
        settings, spoken = shown.settings(), shown.spoken(request)
        asked = _asked(parts, request, spoken.words.notices, q, conversation)

        def work(tell: Callable[[tuple[str, str]], None]) -> None:
            try:
                outcome = parts.desk().respond(
                    asked.question, on_statement=lambda each: tell(("statement", line(each)))
                )
                answer = shown.answer(spoken, settings, asked.conversation, q, outcome)
                tell(("answer", answer))
            except Exception:
                tell(("problem", Markup("<p>{}</p>").format(spoken.words.notices.failed)))
                raise

        headers = {**_STREAM, **VARY}
        return StreamingResponse(events(work), media_type="text/event-stream", headers=headers)

    @app.post("/rate")
    def rate(
        request: Request,
        conversation: _Text = "",
        helped: Annotated[bool, Form()] = False,
    ) -> Response:
        shown.settings()
        notices = shown.spoken(request).words.notices
        known = _known(parts, notices, conversation)
        if not known.questions:
            raise _Refused(notices.old)
        parts.feedback.rate(
            known.questions[-1], surface="help", person=str(known.id), helpful=helped
        )
        thanks = notices.thanks_yes if helped else notices.thanks_no
        said = Said(good=thanks, contact=not helped)
        return shown.page(request, conversation=known, said=said)

    @app.post("/contact")
    def contact(
        request: Request,
        conversation: _Text = "",
        email: _Text = "",
        name: _Text = "",
        message: _Text = "",
    ) -> Response:
        settings, spoken = shown.settings(), shown.spoken(request)
        words = spoken.words
        known = _known(parts, words.notices, conversation)
        if not shown.takes_messages(settings):
            raise _Refused(words.notices.not_shown)
        try:
            sent = Contact(
                id=known.id,
                questions=known.questions,
                name=checked_name(name),
                email=checked_email(email),
                message=_message(message),
                locale=spoken.language,
            )
        except InputRejected:
            said = Said(
                bad=words.contact.invalid,
                contact=True,
                written={"email": email[:254], "name": name[:100], "message": message},
            )
            return shown.page(request, conversation=known, said=said)
        if not parts.pace.allows(CONTACTING, address_of(request)):
            raise _TooMany
        parts.contacts.take(sent)
        said = Said(good=words.contact.sent)
        return shown.page(request, conversation=Conversation(), said=said)

    _say_what_is_wrong(app, shown)
    # The policy of each page says who may show it; this one is for what is no page.
    app.add_middleware(Shell, secure=parts.secure, ancestors="'self'")
    return app


_Text = Annotated[str, Form(max_length=20_000)]


class _TooMany(SupportbotError):
    """Too many questions in a short time."""


class _Refused(SupportbotError):
    """What was sent cannot be used, and this is what the visitor is told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    question: Question
    conversation: Conversation


def _known(parts: HelpParts, notices: Notices, token: str) -> Conversation:
    """Raises _Refused for what is no page of ours."""
    found = parts.tokens.read(token)
    if found is None:
        raise _Refused(notices.old)
    return found


def _asked(parts: HelpParts, request: Request, notices: Notices, text: str, token: str) -> _Asked:
    """What is asked, with what was said before. Raises _Refused, _TooMany."""
    if not text.strip():
        raise _Refused(notices.nothing_asked)
    if len(text) > LONGEST_QUESTION:
        raise _Refused(notices.too_long)
    before = _known(parts, notices, token)
    if not parts.pace.allows(ASKING, address_of(request)):
        raise _TooMany
    question = Question(
        text=text,
        reader=Reader.customer(),
        surface="help",
        history=history(parts.pool, before),
        delivery="sent",
    )
    return _Asked(question=question, conversation=before.with_one_more(question.id))


def _message(text: str) -> str:
    """Raises InputRejected."""
    message = text.replace("\0", " ").strip()
    if not message or len(message) > LONGEST_MESSAGE:
        raise InputRejected
    return message


def _say_what_is_wrong(app: FastAPI, shown: Shown) -> None:
    def notices(request: Request) -> Notices:
        return shown.spoken(request).words.notices

    @app.exception_handler(HelpOff)
    def off(request: Request, _error: Exception) -> Response:
        return without_page(404, notices(request).not_shown)

    @app.exception_handler(HTTPException)
    def elsewhere(request: Request, error: HTTPException) -> Response:
        """Such as an answer that is loaded again, which only a form asks for."""
        if error.status_code == 405:
            return RedirectResponse(f"{PATH}/", status_code=303)
        return without_page(error.status_code, notices(request).not_shown)

    @app.exception_handler(_Refused)
    def refused(request: Request, error: Exception) -> Response:
        return shown.problem(request, 422, str(error))

    @app.exception_handler(InputRejected)
    def forgotten(request: Request, _error: Exception) -> Response:
        """Such as a rating of what has been erased."""
        return shown.problem(request, 422, notices(request).old)

    @app.exception_handler(RequestValidationError)
    def unreadable(request: Request, _error: Exception) -> Response:
        """No form of ours sends this, so that no page is needed, nor that there is one."""
        return without_page(422, notices(request).too_long)

    @app.exception_handler(_TooMany)
    def too_many(request: Request, _error: Exception) -> Response:
        return shown.problem(request, 429, notices(request).too_many)

    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(PoolTimeout)
    def away(request: Request, error: Exception) -> Response:
        log.warning("The help page waits for the database: %s", type(error).__name__)
        return without_page(503, notices(request).failed)
