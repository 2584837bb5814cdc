"""What of a draft may be shown, and what may be sent or drafted in the company's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.answering.base import Draft, NoDraft
from bot.answering.checking import check
from bot.answering.checking.reports import an_order, of_verdict, uncited
from bot.answering.citations import verified
from bot.answering.orders import without_orders
from bot.answering.repeating import only_repeats
from bot.models import HandoffReason

if TYPE_CHECKING:
    from bot.answering.checking import Checked
    from bot.answering.checking.entailment import Entailment
    from bot.models import StatementCheck, Turn
    from indexing.models import Passage

SecondOpinion = Callable[["Checked", str], "Entailment"]
"""Looks at a checked answer to a question once more, and only ever takes statements away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleared:
    """What is left of a draft, what was found in its statements, and what to tell an admin of
    one of which something is left."""

    result: Draft | NoDraft
    checks: tuple[StatementCheck, ...]
    detail: str = ""


def to_show(draft: Draft, passages: tuple[Passage, ...], question: str) -> Cleared:
    """Only statements whose citations hold, and none that repeats an order to whoever answers."""
    held = [(each, verified(each, passages)) for each in draft.statements]
    cited = tuple(each for _, each in held if each is not None)
    checks = tuple(uncited(given) for given, each in held if each is None)
    if not cited:
        why = "No statement of the answer was carried by the passage it cites."
        return Cleared(result=_nothing(draft, why), checks=checks)
    kept = without_orders(cited, passages, question)
    checks = (*checks, *(an_order(each) for each in cited if each not in kept))
    if not kept:
        why = "The answer repeats nothing but what an article tells a writer to do."
        return Cleared(result=_nothing(draft, why), checks=checks)
    return Cleared(result=replace(draft, statements=kept), checks=checks)


def to_send(
    draft: Draft,
    passages: tuple[Passage, ...],
    question: str,
    *,
    locale: str,
    history: Sequence[Turn],
    second_opinion: SecondOpinion | None,
    before: tuple[StatementCheck, ...] = (),
) -> Cleared:
    """Of what may be shown only what its citations carry, one by one; nothing of an answer that
    says nothing new. `before` is what was found already."""
    if only_repeats(draft.statements, history):
        # Who asks on has read it. Short questions are looked up with the one before them, and
        # would be given the answer to that one again.
        why = "The answer says nothing that was not said before in this conversation."
        nothing = _nothing(draft, why, HandoffReason.MISSING_KNOWLEDGE)
        return Cleared(result=nothing, checks=before)
    checked = check(draft.statements, passages, question, locale)
    detail = checked.detail
    if second_opinion is not None and checked.statements:
        opinion = second_opinion(checked, question)
        checked = opinion.checked
        detail = " ".join(filter(None, (checked.detail, opinion.detail)))
        draft = replace(draft, usage=draft.usage + opinion.usage)
    checks = (*before, *map(of_verdict, checked.verdicts))
    if not checked.still_answers:
        return Cleared(result=_nothing(draft, detail), checks=checks)
    return Cleared(
        result=replace(draft, statements=checked.statements), checks=checks, detail=detail
    )


def _nothing(
    draft: Draft, why: str, reason: HandoffReason = HandoffReason.UNVERIFIED_ANSWER
) -> NoDraft:
    return NoDraft(
        reason=reason,
        detail=why,
        model=draft.model,
        prompt_version=draft.prompt_version,
        usage=draft.usage,
    )
