"""A ticket's conversation as a question: what has not been answered yet, in the customer's own
words, and what was said before. Pure, but for the language model that the detector loads.

Private notes are no part of it: a word of theirs that reached a question could reach an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.models import Turn
from bot.phrases.courtesies import asks_something
from bot.zendesk.texts import SOURCE_HEADINGS
from connectors.zendesk.own_words import own_words
from indexing.characters import tidy_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.language import LanguageDetector
    from bot.models import Speaker
    from connectors.zendesk.conversation import Conversation, Message

Content = Literal["words", "attachment_only", "nothing"]

_THIN = 80  # bytes of letters and digits; a Chinese character tells as much as a short word
_MOST_TURNS, _LONGEST_TURN = 10, 2_000
_LONGEST_QUESTION = 8_000

_IMAGE = re.compile(r"!\[[^\[\]\n]{0,500}\]\([^()\n]{0,2000}\)|\[(?:image|cid):[^\[\]\n]{0,500}\]")
_ATTACHED = re.compile(r"<?https?://[^\s<>]+/attachments/(?:token/)?[^\s<>]+>?")
_CITATION = re.compile(r" ?\[\d{1,2}\](?:\([^()\s]*\))?")
_HTML_IMAGE = re.compile(r"<img\b", re.IGNORECASE)
# What Zendesk's own channels and mail programs write where nobody wrote a subject.
_NO_SUBJECT = re.compile(
    r"(?:conversation|chat|call|voicemail|text|message|sms|unterhaltung|gespräch)"
    r" (?:with|from|mit|von)\b.*|\(?(?:no subject|kein betreff|sans objet|sin asunto"
    r"|nessun oggetto|geen onderwerp"
    r"|sem assunto|brak tematu|inget ämne|intet emne|件名なし|untitled)\)?|.*#\d+\W*",
    re.IGNORECASE,
)
_REPLY_MARK = re.compile(
    r"^(?:(?:re|aw|fwd?|wg|sv|vs|tr|rv|rif|odp|antw|enc)(?:\[\d+\])?:\s*)+", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a ticket asks now. `message_ids` are the customers' public messages since the last
    public word of the team or the bot, the oldest first, and empty when everything is answered;
    `text` is what they say, taken as one turn, and `content` whether that is words at all.
    `history` is what came before. `locale` is the language of the text, or of what the customer
    wrote earlier, or the requester's, whichever tells first."""

    text: str
    message_ids: tuple[int, ...]
    content: Content
    attachments: int
    history: tuple[Turn, ...]
    locale: str


def asked_in(conversation: Conversation, *, bot_id: int, language: LanguageDetector) -> Asked:
    """What the conversation asks. `bot_id` is the user who answers for us. Private notes and
    machines' mail are no part of it."""
    public = [each for each in conversation.messages if _counts(each)]
    last = max((n for n, each in enumerate(public) if each.author.is_staff), default=-1)
    before, waiting = public[: last + 1], public[last + 1 :]
    history = _history(before, bot_id)
    said = _said(waiting)
    subject = _subject(conversation.subject) if waiting and not before else ""
    content = _content(said, subject, waiting, conversation.requester.name)
    text = _with_subject(said, subject)
    return Asked(
        text=text,
        message_ids=tuple(each.id for each in waiting),
        content=content,
        attachments=sum(each.attachments for each in waiting),
        history=history,
        locale=_locale(text, history, conversation.requester.locale, language),
    )


def _counts(message: Message) -> bool:
    return message.public and not message.by_machine


def _words_of(message: Message) -> str:
    """The writer's own words, without pictures and addresses of attachments."""
    text = _ATTACHED.sub("", _IMAGE.sub("", message.text))
    return tidy_lines(own_words(text))


def _said(waiting: Sequence[Message]) -> str:
    """Several messages in a row are one turn; what was sent twice was said once. Of more than
    anybody reads, the newest is kept."""
    bodies = list(dict.fromkeys(body for each in waiting if (body := _words_of(each))))
    while len(bodies) > 1 and sum(map(len, bodies)) > _LONGEST_QUESTION:
        del bodies[0]
    return "\n\n".join(bodies)[:_LONGEST_QUESTION]


def _subject(subject: str) -> str:
    """The subject where somebody wrote one."""
    told = _REPLY_MARK.sub("", " ".join(tidy_lines(subject).split()))
    return "" if _NO_SUBJECT.fullmatch(told) else told


def _with_subject(said: str, subject: str) -> str:
    """The subject stands first where the body alone says little, and not the same."""
    thin = sum(len(each.encode()) for each in said if each.isalnum()) < _THIN
    if not thin or not subject or _folded(subject) in _folded(said):
        return said
    return f"{subject}\n\n{said}".strip()


def _folded(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


def _content(said: str, subject: str, waiting: Sequence[Message], name: str) -> Content:
    if asks_something(said, name=name):
        return "words"
    if any(each.attachments or _HTML_IMAGE.search(each.html) for each in waiting):
        return "attachment_only"
    return "words" if asks_something(subject, name=name) else "nothing"


def _history(before: Sequence[Message], bot_id: int) -> tuple[Turn, ...]:
    turns = (_turn(each, bot_id) for each in before[-_MOST_TURNS:])
    return tuple(each for each in turns if each.text)


def _turn(message: Message, bot_id: int) -> Turn:
    if message.author.id == bot_id:
        return Turn(speaker="bot", text=_answer_of(message.text)[:_LONGEST_TURN])
    speaker: Speaker = "agent" if message.author.is_staff else "customer"
    return Turn(speaker=speaker, text=_words_of(message)[:_LONGEST_TURN])


def _answer_of(reply: str) -> str:
    """What the bot answered, without its sources and what follows them."""
    lines: list[str] = []
    for line in tidy_lines(_CITATION.sub("", reply)).split("\n"):
        if line.strip("*#: ") in SOURCE_HEADINGS:
            break
        lines.append(line)
    return "\n".join(lines).strip()


def _locale(text: str, history: Sequence[Turn], requesters: str, language: LanguageDetector) -> str:
    earlier = "\n".join(each.text for each in history if each.speaker == "customer")
    hint = requesters.lower().replace("_", "-")
    return language.locale_of(text, hint=language.locale_of(earlier, hint=hint))
