"""From a model's reply to a draft: what an ending means for a customer, and what may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answering.base import Draft, NoDraft
from bot.answering.prompts import NO_ANSWER
from bot.llm import Ending
from bot.models import HandoffReason

if TYPE_CHECKING:
    from bot.answering.prompts import Prompt
    from bot.llm import Reply
    from bot.models import Statement

_REASONS = {
    Ending.REFUSED: HandoffReason.POLICY_RESTRICTED,
    # An answer without its end may lack the very condition that matters: none of it is sent.
    Ending.TRUNCATED: HandoffReason.UNVERIFIED_ANSWER,
}


def drafted(
    reply: Reply, statements: tuple[Statement, ...], *, prompt: Prompt, says_nothing: bool
) -> Draft | NoDraft:
    """A Draft when the reply came whole and something of it survived verification.

    `says_nothing` is whether the model reported that the sources do not carry the answer.
    """
    if reply.ending is not Ending.COMPLETE:
        reason = _REASONS.get(reply.ending, HandoffReason.ENGINE_UNAVAILABLE)
        return _none(reply, prompt, reason, reply.detail)
    if says_nothing:
        detail = f"{reply.model} found no answer in the passages. Add an article, or extend one."
        return _none(reply, prompt, HandoffReason.MISSING_KNOWLEDGE, detail)
    if not statements:
        detail = f"No statement of {reply.model} was carried by the passages it was given."
        return _none(reply, prompt, HandoffReason.UNVERIFIED_ANSWER, detail)
    return Draft(
        statements=statements,
        model=reply.model,
        prompt_version=prompt.version,
        usage=reply.usage,
    )


def nothing_to_read(prompt: Prompt) -> NoDraft:
    """What is said without asking the model, when there is no passage with words in it."""
    return NoDraft(
        reason=HandoffReason.MISSING_KNOWLEDGE,
        detail="There is no passage to answer from.",
        prompt_version=prompt.version,
    )


def declines(text: str) -> bool:
    """True when the model's first words are that the sources hold no answer."""
    return text.lstrip(" \n\t*_`\"'").startswith(NO_ANSWER)


def _none(reply: Reply, prompt: Prompt, reason: HandoffReason, detail: str) -> NoDraft:
    return NoDraft(
        reason=reason,
        detail=detail,
        model=reply.model,
        prompt_version=prompt.version,
        usage=reply.usage,
    )
