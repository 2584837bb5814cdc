"""One solved ticket as a document: what was asked, and what an agent answered in public. Pure.

Private notes are dropped before anything else is looked at. What is left is kept only where it
could help somebody else: a question, an answer of some length, and nobody who was dissatisfied.
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from connectors.validation import Identifier, Text, locale_of
from connectors.zendesk.addresses import origin
from connectors.zendesk.markup import paragraphs
from connectors.zendesk.own_words import own_words
from connectors.zendesk.personal_data import MARK, without_personal_data
from connectors.zendesk.placeholders import as_words
from indexing.models import Audience, Document

Json = Mapping[str, Any]

SHORTEST_QUESTION = 15
SHORTEST_RESOLUTION = 30
"""Letters and digits that are neither links nor marks of what was taken out."""

SOLVED = frozenset({"solved", "closed"})
_NO_ANSWER_TAGS = frozenset({"closed_by_merge"})
_MACHINES = frozenset({"rule", "trigger", "automation", "system"})
_REDACTED = "\u2587"  # ▇, which Zendesk writes over what was redacted
# A comment that solves its ticket is written in the same step, give or take a second.
_STEP = timedelta(seconds=60)
_ARTICLE = re.compile(
    r"(?<![\w.-])(?:(?P<host>[\w-]+(?:\.[\w-]+)+)(?::\d+)?)?"
    r"/hc/(?:[a-z]{2,3}(?:-[a-z0-9]{2,8})*/)?"
    r"articles/(?P<id>\d+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+")


class _Metrics(BaseModel):
    ticket_id: int | None = None
    solved_at: datetime | None = None


class _Rating(BaseModel):
    score: str | None = None


class Ticket(BaseModel):
    """A ticket as the export tells of it."""

    id: Identifier
    status: Text
    subject: Text | None = None
    requester_id: int | None = None
    tags: tuple[str, ...] = ()
    satisfaction_rating: _Rating | None = None
    metric_set: _Metrics | None = None
    updated_at: datetime

    @property
    def document_id(self) -> str:
        return f"ticket:{self.id}"

    @property
    def solved_at(self) -> datetime | None:
        return self.metric_set.solved_at if self.metric_set else None

    def admitted(self, *, since: datetime) -> bool:
        """Whether the ticket may become a document, as far as it can be told without its
        conversation. `since` is the age limit."""
        score = (self.satisfaction_rating.score if self.satisfaction_rating else "") or ""
        return (
            self.status.lower() in SOLVED
            and (self.solved_at or self.updated_at) >= since
            and _NO_ANSWER_TAGS.isdisjoint(self.tags)
            and not score.startswith("bad")
        )


class _Via(BaseModel):
    channel: str | int | None = None


class _Comment(BaseModel):
    id: int
    author_id: int | None = None
    type: str = "Comment"
    body: Text | None = None
    plain_body: Text | None = None
    html_body: Text | None = None
    created_at: datetime
    via: _Via = Field(default_factory=_Via)

    @property
    def text(self) -> str:
        return self.plain_body or self.body or ""


class _User(BaseModel):
    id: int
    name: Text | None = None
    email: Text | None = None
    role: str = "end-user"
    locale: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the tickets of one source have in common. `hosts` are those of the account's help
    centers, `bot_id` is the user who answers for us: its words are no agent's."""

    source: str
    subdomain: str
    hosts: frozenset[str]
    bot_id: int
    locale: str


def document_of(
    ticket: Ticket, comments: Iterable[Json], users: Iterable[Json], reading: Reading
) -> Document | None:
    """The ticket as a document for agents; None where it holds nothing that helps others.
    Raises pydantic's ValidationError for what the API does not say."""
    public = [_Comment.model_validate(each) for each in comments if each.get("public") is True]
    people = {each.id: each for each in map(_User.model_validate, users)}
    public.sort(key=lambda each: (each.created_at, each.id))
    asked = next((each for each in public if each.author_id == ticket.requester_id), None)
    answers = _answers(ticket, public, people, reading)
    requester = people.get(ticket.requester_id or 0)
    if asked is None or not answers or answers[-1].created_at < asked.created_at:
        return None
    if requester is None:  # a name that is not known cannot be taken out
        return None
    names = [text for each in people.values() for text in (each.name, each.email) if text]
    question, resolution = _cleaned(asked.text, names), _cleaned(answers[-1].text, names)
    if not (
        _says_enough(question, SHORTEST_QUESTION) and _says_enough(resolution, SHORTEST_RESOLUTION)
    ):
        return None
    return _document(
        ticket,
        reading,
        title=_title(ticket, question, names),
        asked_at=asked.created_at,
        question=question,
        resolution=resolution,
        linked=linked_articles(map(_everything, answers), reading.hosts),
        locale=locale_of(requester.locale or reading.locale),
    )


def _document(
    ticket: Ticket,
    reading: Reading,
    *,
    title: str,
    asked_at: datetime,
    question: str,
    resolution: str,
    linked: Sequence[str],
    locale: str,
) -> Document:
    return Document(
        id=ticket.document_id,
        source=reading.source,
        title=title,
        body=f"<h2>Question</h2>\n{paragraphs(question)}"
        f"<h2>Resolution</h2>\n{paragraphs(resolution)}",
        media_type="text/html",
        kind="ticket",
        locale=locale,
        url=f"{origin(reading.subdomain)}/agent/tickets/{ticket.id}",
        audience=Audience.agents(),
        edited_at=ticket.solved_at or ticket.updated_at,
        metadata={
            "ticket_id": ticket.id,
            "question": question,
            "asked_at": asked_at.isoformat(),
            "linked_articles": json.dumps(linked),
            "requester_id": str(ticket.requester_id or ""),
            "tags": json.dumps(ticket.tags),
        },
    )


def linked_articles(texts: Iterable[str], hosts: Collection[str]) -> list[str]:
    """Ids of the help center articles that the texts link to, in any language's form of the
    address, in their order. Other help centers' articles are not ours."""
    found = (match for text in texts for match in _ARTICLE.finditer(text))
    own = (each["id"] for each in found if each["host"] is None or _host(each["host"]) in hosts)
    return list(dict.fromkeys(own))


def hosts_of(brands: Iterable[Json]) -> frozenset[str]:
    """The hosts under which the brands' help centers are found."""
    found: set[str] = set()
    for each in brands:
        found.add(f"{each.get('subdomain')}.zendesk.com".lower())
        found.add(_host(urlsplit(str(each.get("brand_url") or "")).netloc))
        found.add(_host(str(each.get("host_mapping") or "")))
    return frozenset(found - {""})


def _answers(
    ticket: Ticket, public: Sequence[_Comment], people: Mapping[int, _User], reading: Reading
) -> list[_Comment]:
    """What agents wrote in public until the ticket was solved."""
    end = ticket.solved_at + _STEP if ticket.solved_at else None
    return [
        each
        for each in public
        if each.type == "Comment"
        and each.author_id not in {ticket.requester_id, reading.bot_id}
        and (author := people.get(each.author_id or 0)) is not None
        and author.role in {"agent", "admin"}
        and str(each.via.channel) not in _MACHINES
        and (end is None or each.created_at <= end)
    ]


def _cleaned(text: str, names: Collection[str]) -> str:
    return without_personal_data(as_words(own_words(text)), names=names)


def _says_enough(text: str, shortest: int) -> bool:
    if _REDACTED in text:
        return False
    own = _ADDRESS.sub("", MARK.sub("", text))
    return sum(each.isalnum() for each in own) >= shortest


def _title(ticket: Ticket, question: str, names: Collection[str]) -> str:
    subject = " ".join((ticket.subject or "").split())
    if subject and _REDACTED not in subject:
        return without_personal_data(as_words(subject), names=names)[:200]
    return question.split("\n", 1)[0][:100]


def _everything(comment: _Comment) -> str:
    return f"{comment.html_body or ''}\n{comment.text}"


def _host(text: str) -> str:
    return text.lower().rpartition("@")[2].partition(":")[0]
