"""How a reply looks that waits for somebody's decision, what became of it then, and the dialogs
in which people change or reject it. Pure.

What customers wrote and what was drafted are shown as they stand: nothing in them is acted on.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.feedback import REASONS
from bot.inert import shortened
from bot.slack import rich
from bot.slack.blocks import (
    Block,
    actions,
    button,
    choice,
    context,
    escaped,
    fitting,
    linked,
    modal,
    option,
    section,
    select,
    text_input,
)
from bot.slack.opinions import REASON_WORDS

if TYPE_CHECKING:
    from bot.drafts import Draft

APPROVE, EDIT, REJECT, PASSAGES = "draft.approve", "draft.edit", "draft.reject", "passages"
"""What is pressed."""
EDITED, REJECTED = "draft_edited", "draft_rejected"
"""The dialogs' names."""

_QUESTION, _REPLY_BYTES, _SOURCES, _QUOTE, _REASON = 1_500, 4_000, 2_000, 160, 600
_FIELD = 2_900
"""Characters of one field of a dialog, of which Slack takes 3,000."""

_WAITS = "A reply to ticket #{ticket} waits for a decision."
_TITLE = "*Reply to {ticket}*{tag}"
_ASKED, _DRAFTED, _EDITED = "*The customer wrote*", "*Drafted reply*", "*Reply, as edited*"
_CUT = "… “Edit” shows all of it."
_SURE = (
    "The chance that the articles answer this is put at {sure}. Nothing is sent before somebody "
    "approves it."
)
_NUMBERS = "A number in brackets becomes a link to its source. Leave out those that you do not use."
_SURFACES = {"cli": "the command line", "console": "the console", "system": "Supportbot"}

_MARK = re.compile(r"\[(\d{1,2})\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftSource:
    """An article that a reply cites, under its number there. `rank` is the passage's place among
    those that were found, from 1."""

    number: int
    rank: int
    title: str
    url: str
    quote: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftReply:
    """What the customer would be told: plain text whose paragraphs end with the numbers of their
    sources in brackets."""

    text: str
    sources: tuple[DraftSource, ...]


def message(draft: Draft, reply: DraftReply, *, ticket_url: str) -> dict[str, Any]:
    """What chat.postMessage takes beside the place."""
    ticket = linked(ticket_url, f"ticket #{draft.ticket_id}")
    tag = f" · tag `{escaped(draft.routing_tag)}`" if draft.routing_tag else ""
    text = draft.text or reply.text
    blocks = [
        section(_TITLE.replace("{ticket}", ticket).replace("{tag}", tag)),
        section(_ASKED),
        _quoted(rich.literally(_lines(draft.question, _QUESTION))),
        section(_EDITED if draft.text else _DRAFTED),
        _quoted(_marked(text, reply.sources)),
    ]
    if lines := _source_lines(text, reply.sources):
        blocks.append(context(lines))
    blocks += _waiting(draft, reply) if draft.state == "waiting" else [context(what_became(draft))]
    words = _WAITS.replace("{ticket}", str(draft.ticket_id))
    return {"text": words if draft.state == "waiting" else what_became(draft), "blocks": blocks}


def what_became(draft: Draft) -> str:
    """Who did what with it, in finished mrkdwn."""
    who, why = _who(draft), escaped(shortened(draft.why, _REASON))
    edited = " after editing it" if draft.text else ""
    match draft.state:
        case "waiting":
            return "It waits for a decision."
        case "approved":
            return f":hourglass_flowing_sand: {who} approved this{edited}. It is being sent."
        case "sent":
            return f":white_check_mark: Sent to the customer. {who} approved this{edited}."
        case "refused":
            return f":warning: Not sent: {why} {who} had approved this{edited}."
        case "rejected":
            return f":no_entry: {who} rejected this{_reason(draft.reason)}."
        case "overtaken":
            return (
                ":fast_forward: The ticket has moved on: somebody wrote in it, or it was solved, "
                "before anybody decided. Nothing was sent."
            )


def edit_dialog(draft: Draft, reply: DraftReply) -> Block:
    """The reply in as many fields as it needs."""
    pieces = _pieces(reply.text)
    labels = ["Reply", *(f"Reply, part {number}" for number in range(2, len(pieces) + 1))]
    return modal(
        "Edit the reply",
        [
            text_input(
                label,
                field_name(number),
                multiline=True,
                optional=number > 1,
                initial=piece,
                hint=_NUMBERS if number == len(pieces) else "",
            )
            for number, (label, piece) in enumerate(zip(labels, pieces, strict=True), start=1)
        ],
        callback=EDITED,
        submit="Approve and send",
        close="Cancel",
        private={"draft": str(draft.id)},
    )


def field_name(number: int) -> str:
    """The name of the field that holds this part of the reply, from 1."""
    return f"reply{number}"


def reject_dialog(draft: Draft) -> Block:
    """Why it is not sent."""
    reasons = [option(REASON_WORDS[each], each) for each in REASONS]
    return modal(
        "Reject the reply",
        [
            choice("What is wrong with it?", "reason", reasons),
            text_input(
                "What should it say?",
                "comment",
                multiline=True,
                optional=True,
                hint="The ticket stays with the agents.",
            ),
        ],
        callback=REJECTED,
        submit="Reject",
        close="Cancel",
        private={"draft": str(draft.id)},
    )


def same_words(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but where their lines end."""
    return one.split() == other.split()


# How it is put together ------------------------------------------------------------------------


def _waiting(draft: Draft, reply: DraftReply) -> list[Block]:
    value = str(draft.id)
    elements = [
        button("Approve and send", APPROVE, value, style="primary"),
        button("Edit", EDIT, value),
        button("Reject", REJECT, value, style="danger"),
    ]
    if reply.sources:
        options = [option(f"[{s.number}] {s.title}", f"{value}:{s.rank}") for s in reply.sources]
        elements.append(select(PASSAGES, "Show passage", options))
    sure = f"{min(max(draft.evidence, 0.0), 1.0):.0%}"
    return [context(_SURE.replace("{sure}", sure)), actions(elements)]


def _who(draft: Draft) -> str:
    if draft.surface == "slack":
        return f"<@{draft.person}>"
    where = _SURFACES.get(draft.surface, draft.surface)
    return f"{escaped(draft.person)} ({escaped(where)})" if draft.person else escaped(where)


def _reason(reason: str) -> str:
    code, _, comment = reason.partition(": ")
    words = REASON_WORDS.get(code)
    told = ". ".join(filter(None, (words, comment))) if words else reason
    return f": {escaped(shortened(told, _REASON))}" if told else ""


def _quoted(elements: Sequence[rich.Element]) -> Block:
    quote = {"type": "rich_text_quote", "elements": list(elements) or [rich.literal("-")]}
    return rich.block([quote])


def _marked(text: str, sources: Sequence[DraftSource]) -> list[rich.Element]:
    """The reply with its numbers as links, as much of it as there is room for."""
    urls = {each.number: each.url for each in sources}
    shown, cut = text, len(text.encode()) > _REPLY_BYTES
    if cut:
        shown = text.encode()[:_REPLY_BYTES].decode(errors="ignore").rpartition(" ")[0]
    elements: list[rich.Element] = []
    for position, part in enumerate(_MARK.split(shown)):
        if position % 2 == 0:
            elements += rich.literally(part)
        elif url := urls.get(int(part)):
            elements.append(rich.link(url, f"[{part}]"))
        else:
            elements.append(rich.literal(f"[{part}]"))
    return [*elements, rich.literal(f"\n{_CUT}", italic=True)] if cut else elements


def _source_lines(text: str, sources: Sequence[DraftSource]) -> str:
    """The sources whose numbers the text still has."""
    kept = {int(each) for each in _MARK.findall(text)}
    return fitting(
        [
            f"[{each.number}] {linked(each.url, each.title)}: "
            f"“{escaped(shortened(each.quote, _QUOTE))}”"
            for each in sources
            if each.number in kept
        ],
        _SOURCES,
    )


def _lines(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rpartition(' ')[0]}…"


def _pieces(text: str) -> list[str]:
    """The text, cut where paragraphs end, or else wherever a field is full."""
    pieces: list[str] = []
    for paragraph in text.split("\n\n"):
        whole = textwrap.wrap(paragraph, _FIELD, replace_whitespace=False) or [""]
        if pieces and len(pieces[-1]) + len(whole[0]) + 2 <= _FIELD:
            pieces[-1] = f"{pieces[-1]}\n\n{whole[0]}"
            whole = whole[1:]
        pieces += whole
    return pieces


def joined(values: Mapping[str, str]) -> str:
    """The reply out of the fields of the dialog."""
    fields = (values.get(field_name(number), "").strip() for number in range(1, len(values) + 1))
    return "\n\n".join(filter(None, fields))
