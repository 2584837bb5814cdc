"""What people decided, as cases to learn from: which tag a ticket had when it was solved, and which
reply was sent. A case is de-identified here, before anything else sees it.

What the bot decided itself teaches nothing: a tag that it gave and nobody changed is left out, and
so is a reply of which some sentence is carried by none of the passages that it was written from.
Replies of solved tickets are read in `bot.tuning.solved`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal

from bot.answering.base import AnswerRequest
from bot.models import Turn
from bot.recorded import passages_of
from bot.tuning.replies import UNFIT, learnable
from bot.tuning.splits import AnyCase
from connectors.zendesk.personal_data import without_personal_data
from indexing.models import AGENTS, Passage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

CaseOrigin = Literal["ticket", "draft", "example"]

_TICKETS = """
SELECT document.metadata ->> 'question', document.title, document.locale,
       document.metadata ->> 'tags', document.metadata ->> 'asked_at',
       document.metadata ->> 'requester_id',
       array(SELECT routing_tag FROM ticket_turns
             WHERE ticket_id::text = document.metadata ->> 'ticket_id' AND routing_tag <> '')
FROM documents AS document WHERE document.kind = 'ticket' AND document.metadata ? 'tags'
ORDER BY document.source, document.id
"""

_EXAMPLES = """
SELECT example.text, tag.name, example.created_at
FROM routing_examples AS example LEFT JOIN routing_tags AS tag ON tag.id = example.tag_id
WHERE tag.enabled IS NOT FALSE ORDER BY example.id
"""

# Drafts that a person sent, as they were written or in that person's words.
_SENT = """
SELECT question.id, question.text, question.history, question.locale, question.asked_at,
       coalesce(ticket.requester_id::text, ''), decision.text,
       (SELECT string_agg(text, E'\n' ORDER BY position) FROM statements
        WHERE question_id = question.id)
FROM draft_decisions AS decision
JOIN questions AS question ON question.id = decision.draft_id
JOIN ticket_turns AS turn ON turn.id = decision.draft_id
LEFT JOIN tickets AS ticket ON ticket.ticket_id = turn.ticket_id
WHERE decision.ended = 'sent' AND question.text <> '' AND NOT question.audience && %(inside)s
ORDER BY question.asked_at, question.id
"""

# People name themselves in few ways; whoever else is named in passing is not known.
_NAME = r"(?-i:[^\W\d_a-zß-ÿ][\w'\u2019-]+)"
_SAYS_NAME = re.compile(
    r"\b(?:my name is|mein name ist|ich hei(?:ß|ss)e|je m['\u2019]appelle|me llamo|mi chiamo|"
    rf"ik heet|mijn naam is)\s+({_NAME}(?:\s+{_NAME}){{0,2}})",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingCase:
    """A text and the tag that it belongs to. `customer` is who asked, by a number of the account's
    own; it decides which part a case is in and goes no further."""

    text: str
    tag: str
    locale: str
    asked_at: datetime | None
    customer: str
    origin: CaseOrigin


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyCase:
    """What a model was given and the reply that a person sent, each sentence with the numbers of
    the passages that carry it."""

    request: AnswerRequest
    reply: str
    asked_at: datetime | None
    customer: str
    origin: CaseOrigin

    @property
    def text(self) -> str:
        """The question."""
        return self.request.question


@dataclass(frozen=True, kw_only=True, slots=True)
class Found(Generic[AnyCase]):
    """Cases, and how many others were left out for which reason."""

    cases: tuple[AnyCase, ...]
    left_out: dict[str, int]


def routing_cases(pool: ConnectionPool[Connection[Any]]) -> Found[RoutingCase]:
    """Solved tickets that had just one of the enabled routing tags, and the admin's examples."""
    left_out: dict[str, int] = {}
    cases: list[RoutingCase] = []
    with pool.connection() as connection:
        known = {
            row[0] for row in connection.execute("SELECT name FROM routing_tags WHERE enabled")
        }
        # A cursor of the server's: there may be hundreds of thousands, most without a tag of ours.
        with connection.transaction(), connection.cursor(name="tickets") as tickets:
            for row in tickets.execute(_TICKETS):
                case = _of_ticket(row, known)
                if isinstance(case, str):
                    left_out[case] = left_out.get(case, 0) + 1
                else:
                    cases.append(case)
        cases += [
            RoutingCase(
                text=without_personal_data(text, names=names_said(text)),
                tag=tag or "",
                locale="",
                asked_at=None,
                customer="",
                origin="example",
            )
            for text, tag, _ in connection.execute(_EXAMPLES)
        ]
    return Found(cases=tuple(cases), left_out=left_out)


def _of_ticket(row: Sequence[Any], known: set[str]) -> RoutingCase | str:
    """The case, or why there is none."""
    question, title, locale, tags, asked_at, requester, given = row
    own = sorted(known & set(json.loads(tags)))
    if len(own) != 1:
        return "no routing tag" if not own else "more than one routing tag"
    if own[0] in given:
        return "tag given by the bot itself"
    text = f"{title}\n\n{question}"
    return RoutingCase(
        text=without_personal_data(text, names=names_said(text)),
        tag=own[0],
        locale=locale,
        asked_at=datetime.fromisoformat(asked_at),
        customer=requester or "",
        origin="ticket",
    )


def draft_cases(pool: ConnectionPool[Connection[Any]]) -> Found[ReplyCase]:
    """Drafts that people sent, where every sentence is carried by the passages of the draft."""
    left_out: dict[str, int] = {}
    cases: list[ReplyCase] = []
    with pool.connection() as connection:
        for row in connection.execute(_SENT, {"inside": [AGENTS]}).fetchall():
            case = _of_draft(row, passages_of(connection, row[0]))
            if isinstance(case, str):
                left_out[case] = left_out.get(case, 0) + 1
            else:
                cases.append(case)
    return Found(cases=tuple(cases), left_out=left_out)


def _of_draft(row: Sequence[Any], passages: tuple[Passage, ...]) -> ReplyCase | str:
    _, text, history, locale, asked_at, customer, edited, written = row
    reply = learnable(edited or written or "", passages, question=text, locale=locale)
    if reply in UNFIT:
        return reply
    names = [*names_said(text), *(name for turn in history for name in names_said(turn["text"]))]
    return ReplyCase(
        request=AnswerRequest(
            question=without_personal_data(text, names=names),
            passages=passages,
            locale=locale,
            history=tuple(
                Turn(
                    speaker=turn["speaker"],
                    text=without_personal_data(turn["text"], names=names),
                )
                for turn in history
            ),
        ),
        reply=reply,
        asked_at=asked_at,
        customer=customer,
        origin="draft",
    )


def names_said(text: str) -> Iterator[str]:
    """Names that people give as their own."""
    for match in _SAYS_NAME.finditer(text):
        yield match[1]
