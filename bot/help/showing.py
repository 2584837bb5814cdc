"""What a visitor of the help page sees: the page, an answer, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse, PlainTextResponse
from markupsafe import Markup

from bot.admin.pages import environment
from bot.admin.requests import is_partial
from bot.admin.shell import POLICY
from bot.errors import SupportbotError
from bot.help.conversations import Conversation, told
from bot.help.languages import VARY, spoken_to
from bot.self_service import INTRODUCTION, TITLE, HelpPage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request, Response

    from bot.admin.assets import Asset
    from bot.help.conversations import Tokens
    from bot.help.languages import Spoken
    from bot.models import Outcome, Statement
    from bot.preferences import Preferences

_TEMPLATES = Path(__file__).parent / "templates"


class HelpOff(SupportbotError):
    """The help page is off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the page says beside an answer: that something was done, or what is the matter, and
    whether it offers the form for messages, holding what was `written`."""

    good: str = ""
    bad: str = ""
    contact: bool = False
    written: Mapping[str, str] | None = None


class Shown:
    """Renders. `tickets` says whether messages can become tickets here, `locale` is the language
    of whoever asks for none that there is."""

    def __init__(
        self,
        *,
        preferences: Preferences,
        tokens: Tokens,
        assets: Mapping[str, Asset],
        tickets: bool,
        locale: str,
    ) -> None:
        self._preferences = preferences
        self._tokens = tokens
        self._tickets = tickets
        self._locale = locale
        self._jinja = environment(_TEMPLATES, assets)

    def settings(self) -> HelpPage:
        """Raises HelpOff."""
        found = self._preferences.get(HelpPage)
        if not found.enabled:
            raise HelpOff
        return found

    def spoken(self, request: Request) -> Spoken:
        """The language of the page."""
        return spoken_to(request, default=self._locale)

    def page(
        self,
        request: Request,
        *,
        conversation: Conversation,
        status: int = 200,
        asked: str = "",
        answer: str = "",
        said: Said | None = None,
    ) -> Response:
        """The whole page. Raises HelpOff."""
        settings, spoken, said = self.settings(), self.spoken(request), said or Said()
        html = self._jinja.get_template("help.html").render(
            **self._around(spoken, conversation, asked),
            title=_own(settings.title, TITLE, spoken.words.title),
            introduction=_own(settings.introduction, INTRODUCTION, spoken.words.introduction),
            answer=answer,
            said=said,
            contact=said.contact and self.takes_messages(settings),
            written=said.written or {},
        )
        policy = POLICY.format(ancestors=settings.ancestors)
        headers = {"Content-Security-Policy": policy, **VARY}
        return HTMLResponse(html, status_code=status, headers=headers)

    def answer(
        self,
        spoken: Spoken,
        settings: HelpPage,
        conversation: Conversation,
        asked: str,
        outcome: Outcome,
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
        is_answered = bool(told(outcome))
        return self._jinja.get_template("_help_answer.html").render(
            **self._around(spoken, conversation, asked),
            is_answered=is_answered,
            statements=statements if is_answered else [],
            sources=sources if is_answered else [],
            near=[] if is_answered else _near(outcome),
            contact=self.takes_messages(settings),
            written={},
        )

    def problem(self, request: Request, status: int, text: str) -> Response:
        """What is the matter, as a page or as what takes the place of an answer."""
        if is_partial(request):
            html = Markup('<p class="notice bad" role="alert">{}</p>').format(text)
            return HTMLResponse(html, status_code=status, headers=VARY)
        said = Said(bad=text)
        return self.page(request, conversation=Conversation(), status=status, said=said)

    def takes_messages(self, settings: HelpPage) -> bool:
        """Whether the team can be written to."""
        return self._tickets and settings.tickets

    def _around(self, spoken: Spoken, conversation: Conversation, asked: str) -> dict[str, Any]:
        token = self._tokens.of(conversation)
        return {"spoken": spoken, "words": spoken.words, "token": token, "asked": asked}


def without_page(status: int, text: str) -> Response:
    """Where there is no page to show, or none can be."""
    return PlainTextResponse(f"{text}\n", status_code=status, headers=VARY)


def line(statement: Statement) -> str:
    """A statement while the answer is being written."""
    return Markup('<p class="provisional" dir="auto">{}</p>').format(statement.text)


def _own(written: str, first: str, ours: str) -> str:
    """What an admin wrote; our own words where nobody changed them."""
    return ours if written == first else written


def _near(outcome: Outcome) -> list[tuple[str, str]]:
    """Articles that may help where there is no answer."""
    found = dict.fromkeys((each.title, each.url) for each in outcome.passages if each.url)
    return list(found)[:3]
