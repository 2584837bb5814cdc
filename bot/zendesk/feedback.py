"""The yes and no links of a reply: "Did this answer your question?"

A link is signed, names one turn of one ticket and says one thing. Opening it changes nothing,
because mail scanners open every link; only the button on its page does.
"""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from bot.zendesk.replies import FeedbackLinks
from bot.zendesk.texts import language_of

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

PATH = "/zendesk/feedback"

# A reply is found again in a mailbox after weeks; a ticket is closed for good by then.
VALID = timedelta(days=28)

_PURPOSE = "feedback"
_KEYS = "SELECT key FROM signing_keys WHERE purpose = %s ORDER BY id"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('signing_keys'))"
_NEW_KEY = "INSERT INTO signing_keys (purpose, key) VALUES (%s, %s)"

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif; }}
body {{ margin: 15vh auto; max-width: 30rem; padding: 0 1.5rem; }}
h1 {{ font-size: 1.7rem; line-height: 1.25; }}
button {{ font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: .4rem;
         background: #1a5fb4; color: #fff; cursor: pointer; }}
button:focus-visible {{ outline: 3px solid #f5c211; outline-offset: 2px; }}
</style></head><body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a customer said of one answer. `locale` is the language of the page."""

    ticket_id: int
    turn_id: UUID
    helped: bool
    locale: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PageTexts:
    """The words of the pages, in one language."""

    confirm_title: str
    confirm_yes: str
    confirm_no: str
    button: str
    thanks_title: str
    thanks_yes: str
    thanks_no: str
    invalid_title: str
    invalid: str


class Links:
    """Makes links and reads them. `base` is where customers reach the web process; without it
    there are none."""

    def __init__(self, *, keys: Sequence[bytes], base: str) -> None:
        """The last key signs; links of earlier ones still hold."""
        self._serializer = URLSafeTimedSerializer([each.hex() for each in keys], salt=_PURPOSE)
        self._base = base.rstrip("/")

    def of(self, verdict: Verdict) -> str:
        """The address of the page on which the customer confirms this verdict."""
        token = self._serializer.dumps(
            [verdict.ticket_id, str(verdict.turn_id), verdict.helped, verdict.locale]
        )
        return f"{self._base}{PATH}/{token}"

    def both(self, *, ticket_id: int, turn_id: UUID, locale: str) -> FeedbackLinks:
        """The addresses for one answer."""
        yes, no = (
            self.of(Verdict(ticket_id=ticket_id, turn_id=turn_id, helped=helped, locale=locale))
            for helped in (True, False)
        )
        return FeedbackLinks(yes=yes, no=no)

    def read(self, token: str) -> Verdict | None:
        """None for what we did not sign, or too long ago."""
        try:
            told = self._serializer.loads(token, max_age=int(VALID.total_seconds()))
            ticket_id, turn_id, helped, locale = told
            return Verdict(
                ticket_id=int(ticket_id), turn_id=UUID(turn_id), helped=bool(helped), locale=locale
            )
        except (BadData, TypeError, ValueError):
            return None


def signing_keys(pool: ConnectionPool) -> tuple[bytes, ...]:
    """The keys of feedback links, the newest last; the first is made when there is none."""
    with pool.connection() as connection:
        rows = connection.execute(_KEYS, (_PURPOSE,)).fetchall()
        if not rows:
            connection.execute(_LOCK)
            rows = connection.execute(_KEYS, (_PURPOSE,)).fetchall()
        if not rows:
            rows = [(secrets.token_bytes(32),)]
            connection.execute(_NEW_KEY, (_PURPOSE, rows[0][0]))
    return tuple(bytes(row[0]) for row in rows)


def router(
    *,
    links: Callable[[], Links],
    take: Callable[[Verdict], None],
    texts: Callable[[str], PageTexts],
) -> APIRouter:
    """The pages. `take` stores a verdict and enqueues what follows; `texts` are by locale."""
    routes = APIRouter()

    @routes.get(PATH + "/{token}")
    def ask(token: str) -> HTMLResponse:
        verdict = links().read(token)
        if verdict is None:
            return _invalid(texts("en"))
        words = texts(verdict.locale)
        form = f'<form method="post"><button>{html.escape(words.button)}</button></form>'
        text = words.confirm_yes if verdict.helped else words.confirm_no
        return _page(verdict.locale, words.confirm_title, text, form=form)

    @routes.post(PATH + "/{token}")
    def say(token: str) -> HTMLResponse:
        verdict = links().read(token)
        if verdict is None:
            return _invalid(texts("en"))
        take(verdict)
        words = texts(verdict.locale)
        text = words.thanks_yes if verdict.helped else words.thanks_no
        return _page(verdict.locale, words.thanks_title, text)

    return routes


def _invalid(words: PageTexts) -> HTMLResponse:
    return _page("en", words.invalid_title, words.invalid, status=404)


def _page(locale: str, title: str, text: str, *, form: str = "", status: int = 200) -> HTMLResponse:
    content = _PAGE.format(
        language=language_of(locale),
        title=html.escape(title),
        text=html.escape(text),
        form=form,
    )
    return HTMLResponse(content, status_code=status, headers=_HEADERS)
