"""What is written into a ticket for a customer: the reply, the draft of one, and the message
that a person takes over. Pure.

Comments are HTML, because `body` loses line ends. Only tags and links of ours are in it: links
lead to the cited articles, and only to those that this requester may open.
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.inert import inert, own_as_html, safe_url
from bot.zendesk.citing import (
    link,
    marked_html,
    marked_text,
    paragraphs,
    quotes,
    source_list,
    told_to,
)
from bot.zendesk.texts import language_of, texts_for

if TYPE_CHECKING:
    from bot.models import Outcome
    from bot.zendesk.citing import Told
    from bot.zendesk.texts import Texts
    from indexing.models import Reader

LARGEST_COMMENT = 60_000
"""Bytes. Zendesk cuts a comment at 64 kB without a word, wherever that is."""
_LONGEST_TEMPLATE = 1_000

# A name is the customer's to choose: one that is an advertisement is not repeated in our mail.
_NAME = re.compile(r"[^\W\d_]+(?:(?:[ '\u2019-]|\. ?)[^\W\d_]+){0,4}\.?")
_LONGEST_NAME = 40
_NO_NAMES = frozenset({"unknown", "anonymous", "customer", "user", "guest", "visitor", "noreply"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """How a brand speaks. The templates are by language ("de"), with `{name}` for the customer's
    name; a language without one has the product's own words. `hours` are working hours in words,
    by language; "" as the language stands for all."""

    brand: str = ""
    greeting: Mapping[str, str] = field(default_factory=dict)
    sign_off: Mapping[str, str] = field(default_factory=dict)
    hours: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedbackLinks:
    """The signed addresses behind "yes" and "no"."""

    yes: str
    no: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """What stands before the statements and after their sources, and the words in between."""

    head: str
    tail: str
    texts: Texts


def public_reply(
    outcome: Outcome,
    *,
    reader: Reader,
    locale: str,
    voice: Voice,
    name: str = "",
    feedback: FeedbackLinks | None = None,
    checked: bool = False,
) -> str:
    """The answer as the HTML of a public comment, of at most LARGEST_COMMENT bytes. "" where no
    statement is carried by an article that the reader may open: then people take over. `checked`
    says that a person approved it."""
    texts = texts_for(locale)
    written = texts.checked_by_person if checked else texts.written_by_bot
    tail = _closing(voice, locale, (written, _to_a_person(texts)), feedback)
    frame = _Frame(head=_greeting(voice, locale, name), tail=tail, texts=texts)
    return _fitted(told_to(reader, outcome), frame, LARGEST_COMMENT)


def editable(outcome: Outcome, *, reader: Reader) -> str:
    """The answer as plain text for a person to change: a paragraph for each statement, which ends
    with the numbers of its sources in brackets. "" as above."""
    return marked_text(told_to(reader, outcome))


def edited_reply(
    text: str,
    outcome: Outcome,
    *,
    reader: Reader,
    locale: str,
    voice: Voice,
    name: str = "",
    feedback: FeedbackLinks | None = None,
) -> str:
    """What a person made of the `editable` answer, as the HTML of a public comment. A number in
    brackets that the answer had stays a link to its source, and the sources that are left are
    listed. "" where it is longer than a comment may be."""
    texts = texts_for(locale)
    body, sources = marked_html(text, told_to(reader, outcome))
    heading = f"<p><strong>{own_as_html(texts.sources)}</strong></p>\n" if sources else ""
    lines = (texts.checked_by_person,) if sources else ()
    tail = _closing(voice, locale, (*lines, _to_a_person(texts)), feedback)
    html = f"{_greeting(voice, locale, name)}{body}{heading}{sources}{tail}"
    return html if len(html.encode()) <= LARGEST_COMMENT else ""


def draft_note(
    outcome: Outcome, *, reader: Reader, locale: str, voice: Voice, name: str = ""
) -> str:
    """The answer as the HTML of an internal note for the agent: the reply ready to send, what
    carries it, how sure the bot is and how to send it. `reader` is the customer; "" as above."""
    told = told_to(reader, outcome)
    frame = _Frame(
        head=_greeting(voice, locale, name),
        tail=_sign_off(voice, locale),
        texts=texts_for(locale),
    )
    sure = f"{min(max(outcome.evidence, 0.0), 1.0):.0%}"
    before = (
        "<p><strong>Supportbot drafted this reply. It was not sent.</strong></p>\n"
        f"<p>The chance that the articles answer the question is put at {sure}. To send the "
        "reply, copy the text between the lines into a public reply, change what needs changing, "
        "and submit it.</p>\n<hr>\n"
    )
    after = f"<hr>\n<p><strong>What each number cites</strong></p>\n{quotes(told)}"
    reply = _fitted(told, frame, LARGEST_COMMENT - len(f"{before}{after}".encode()))
    return f"{before}{reply}{after}" if reply else ""


def takeover(*, locale: str, voice: Voice, name: str = "") -> str:
    """The HTML of the one public comment that says that a person takes over. It names working
    hours where the voice knows them, and promises no time."""
    texts = texts_for(locale)
    hours = _of_language(voice.hours, locale) or voice.hours.get("", "")
    words = own_as_html(texts.takeover)
    if hours:
        line = texts.hours.replace("{hours}", hours[:_LONGEST_TEMPLATE])
        words += f"<br>{own_as_html(line)}"
    return f"{_greeting(voice, locale, name)}{_paragraph(words)}{_sign_off(voice, locale)}"


# The frame ------------------------------------------------------------------------------------


def _greeting(voice: Voice, locale: str, name: str) -> str:
    texts, called = texts_for(locale), _presentable(name)
    template = _of_language(voice.greeting, locale)
    if not template or ("{name}" in template and not called):
        template = texts.greeting_named if called else texts.greeting
    return _paragraph(own_as_html(template[:_LONGEST_TEMPLATE].replace("{name}", called)))


def _sign_off(voice: Voice, locale: str) -> str:
    template = _of_language(voice.sign_off, locale)
    own = f"{texts_for(locale).sign_off}\n{voice.brand}"
    return _paragraph(own_as_html((template or own)[:_LONGEST_TEMPLATE]))


def _of_language(templates: Mapping[str, str], locale: str) -> str:
    exact = locale.lower().replace("_", "-")
    return templates.get(exact, "") or templates.get(language_of(locale), "")


def _presentable(name: str) -> str:
    """The name, or "" where it is none that anybody would be greeted by."""
    name = " ".join(inert(name).split())
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        return ""
    return "" if not _NO_NAMES.isdisjoint(name.casefold().split()) else name


def _to_a_person(texts: Texts) -> str:
    return texts.person.replace("{phrase}", texts.person_phrase)


def _closing(
    voice: Voice, locale: str, lines: Sequence[str], feedback: FeedbackLinks | None
) -> str:
    closing = [own_as_html(each) for each in lines]
    if feedback is not None and (links := _feedback(feedback, locale)):
        closing.insert(0, links)
    return f"{_sign_off(voice, locale)}<hr>\n{_paragraph('<br>'.join(closing))}"


def _feedback(links: FeedbackLinks, locale: str) -> str:
    texts, yes, no = texts_for(locale), safe_url(links.yes), safe_url(links.no)
    if not (yes and no):
        return ""
    return (
        f"{own_as_html(texts.solved)} {link(yes, own_as_html(texts.yes))} · "
        f"{link(no, own_as_html(texts.no))}"
    )


def _paragraph(html: str) -> str:
    return f"<p>{html}</p>\n"


def _fitted(told: Sequence[Told], frame: _Frame, most: int) -> str:
    """As many whole statements as there is room for; "" where there is none for the first."""
    for count in range(len(told), 0, -1):
        html = _assembled(told[:count], frame, cut=count < len(told))
        if len(html.encode()) <= most:
            return html
    return ""


def _assembled(told: Sequence[Told], frame: _Frame, *, cut: bool) -> str:
    more = _paragraph(own_as_html(frame.texts.more)) if cut else ""
    heading = f"<p><strong>{own_as_html(frame.texts.sources)}</strong></p>\n"
    return f"{frame.head}{paragraphs(told)}{more}{heading}{source_list(told)}{frame.tail}"
