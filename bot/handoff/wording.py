"""What agents read in notes: each reason in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.models import HandoffReason

REASONS: Mapping[HandoffReason, str] = {
    HandoffReason.CUSTOMER_REQUEST: "the customer asks for a person",
    HandoffReason.MISSING_KNOWLEDGE: "no article answers this",
    HandoffReason.LOW_CONFIDENCE: "the articles that were found are not a sure enough answer",
    HandoffReason.UNVERIFIED_ANSWER: "the answer said something that its articles do not carry",
    HandoffReason.SENSITIVE_TOPIC: "the topic is one that people answer",
    HandoffReason.POLICY_RESTRICTED: "a policy leaves this decision to people",
    HandoffReason.LANGUAGE_UNSUPPORTED: "it is written in a language that the bot does not answer",
    HandoffReason.ATTACHMENT_ONLY: "there is nothing to read but an attachment, a picture or a "
    "signature",
    HandoffReason.LOOP_GUARD: "too many messages came too fast, as when two machines write to each "
    "other",
    HandoffReason.ENGINE_UNAVAILABLE: "the part that writes answers could not be reached",
    HandoffReason.LIMIT_REACHED: "the limit on the bot's answers is reached",
}

NEXT_STEPS: Mapping[HandoffReason, str] = {
    HandoffReason.CUSTOMER_REQUEST: "Reply in person. If the articles above answer the question, "
    "say so in your own words.",
    HandoffReason.MISSING_KNOWLEDGE: "Answer from what you know. If others ask the same, add an "
    "article: the bot answers from it as soon as it is published.",
    HandoffReason.LOW_CONFIDENCE: "Check whether one of the articles above fits, and answer from "
    "it, or ask the customer for the missing detail.",
    HandoffReason.UNVERIFIED_ANSWER: "Read the articles above yourself: the answer is near them, "
    "and something in it could not be proven.",
    HandoffReason.SENSITIVE_TOPIC: "Follow your team's procedure for this topic before you reply.",
    HandoffReason.POLICY_RESTRICTED: "Decide by the policy above, and tell the customer what was "
    "decided and why.",
    HandoffReason.LANGUAGE_UNSUPPORTED: "Pass it to somebody who writes the customer's language.",
    HandoffReason.ATTACHMENT_ONLY: "Open the attachment, and ask the customer what is needed if it "
    "does not show.",
    HandoffReason.LOOP_GUARD: "Check whether a machine writes here. If so, mark the sender's "
    "messages or suspend the user; if not, reply.",
    HandoffReason.ENGINE_UNAVAILABLE: "Answer from the articles above. An admin sees under "
    "“supportbot doctor” what is wrong.",
    HandoffReason.LIMIT_REACHED: "Answer from the articles above. An admin can raise the limit.",
}

REFUND_STEP = "Check the order against the policy above, then decide on the refund."
