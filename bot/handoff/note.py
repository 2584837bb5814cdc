"""The internal note for the agent who takes over, as the HTML of a comment. Pure.

Zendesk carries out placeholders in notes as well as in replies, and agents click links: the
customer's words and the articles' are inert here too.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from bot.handoff.facts import facts_in
from bot.handoff.refund import NOT_STATED, is_refund_case, refund_summary
from bot.handoff.wording import NEXT_STEPS, REASONS, REFUND_STEP
from bot.inert import as_html, own_as_html, safe_url, shortened
from bot.models import HandoffReason
from indexing.models import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.handoff.case import Case
    from bot.handoff.facts import Fact
    from indexing.models import Passage

_MOST_PASSAGES = 8
_LONGEST_TITLE, _LONGEST_DETAIL, _LONGEST_SUMMARY, _LONGEST_WHY = 200, 500, 1_000, 700


def note(case: Case, *, summary: str) -> str:
    """The note: why, what is wanted, facts, the refund summary where it is a refund case,
    passages considered, and the next step. `summary` is plain text, of `wanted` or
    `wanted_by_model`. Always far below Zendesk's 64 kB."""
    facts = facts_in(case.customers_words(), asked_on=case.asked_on, products=case.products)
    refund = is_refund_case(case)
    parts = (
        _why(case),
        _part("Summary", as_html(shortened(summary, _LONGEST_SUMMARY))),
        _listed("Facts in the customer's words", map(_fact, facts)),
        _refund(case, facts) if refund else "",
        _passages(case.outcome.passages),
        _part("Suggested next step", own_as_html(_next_step(case, refund=refund))),
    )
    return "".join(parts)


def _why(case: Case) -> str:
    reason = case.outcome.reason
    told = REASONS[reason] if reason else "a person is needed"
    detail = as_html(shortened(case.outcome.detail, _LONGEST_DETAIL))
    more = f"<br>{detail}" if detail else ""
    return f"<p><strong>Supportbot handed this over: {own_as_html(told)}.</strong>{more}</p>\n"


def _next_step(case: Case, *, refund: bool) -> str:
    reason = case.outcome.reason
    if refund and reason is not HandoffReason.LOOP_GUARD:
        return REFUND_STEP
    return NEXT_STEPS[reason] if reason else ""


def _fact(fact: Fact) -> str:
    return f"{fact.kind.value}: {as_html(fact.value)}"


def _refund(case: Case, facts: tuple[Fact, ...]) -> str:
    summary = refund_summary(case, facts)
    policy = _linked(summary.policy) if summary.policy else NOT_STATED
    return _listed(
        "Refund",
        (
            f"Order: {as_html(summary.order)}",
            f"Amount: {as_html(summary.amount)}",
            f"Date: {as_html(summary.date)}",
            f"Policy: {policy}",
            f"Eligible: {summary.eligible}",
            f"Why: {as_html(shortened(summary.why, _LONGEST_WHY))}",
        ),
    )


def _passages(passages: Iterable[Passage]) -> str:
    best: dict[str, Passage] = {}
    for each in passages:
        best.setdefault(each.document_id, each)
    lines = (
        f"{_linked(each)} (score {each.score:.2f}"
        f"{'' if PUBLIC in each.audience else ', not public'})"
        for each in list(best.values())[:_MOST_PASSAGES]
    )
    return _listed("Passages considered", lines) or _part("Passages considered", "none")


def _linked(passage: Passage) -> str:
    title = as_html(shortened(passage.title, _LONGEST_TITLE)) or escape(passage.kind)
    url = safe_url(passage.link)
    return f'<a href="{escape(url)}">{title}</a>' if url else title


def _part(heading: str, html: str) -> str:
    return f"<p><strong>{heading}</strong><br>{html}</p>\n" if html else ""


def _listed(heading: str, items: Iterable[str]) -> str:
    lines = "".join(f"<li>{each}</li>\n" for each in items)
    return f"<p><strong>{heading}</strong></p>\n<ul>\n{lines}</ul>\n" if lines else ""
