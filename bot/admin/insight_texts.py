"""What the pages about answers say to people, beside the words that stand in their templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from bot.errors import InputRejected
from bot.triage.models import PRIORITIES

if TYPE_CHECKING:
    from bot.insight.gaps.reading import FindingKind
    from connectors.zendesk.conversation import Priority

CORRECTED = (
    "Learnt. Questions like this one find these articles more easily from now on, for whoever may "
    "read them."
)
CASE_KEPT = "Kept in the test set “{name}”, without personal data."

GAPS_ASKED = "A worker is on it. A large help center takes some minutes; open this page again then."
CONTRADICTION = (
    "Two articles name different figures for what seems to be the same thing. Customers get "
    "whichever is found first."
)
DUPLICATE = (
    "Most of one article stands in another, nearly word for word. One of them will be forgotten "
    "when the facts change."
)
NEVER_CITED = (
    "No answer of the last 90 days cites them, in any language. Either nobody asks, or they are "
    "not found."
)
STALE = (
    "Answers of the last 90 days rest on them, and they were not edited for a year, or somebody "
    "said that they are out of date."
)
FINDINGS: Mapping[FindingKind, tuple[str, str]] = {
    "contradiction": ("Contradictions", CONTRADICTION),
    "duplicate": ("Duplicates", DUPLICATE),
    "never_cited": ("Never cited", NEVER_CITED),
    "stale": ("Stale", STALE),
}

ADVICE_ASKED = (
    "A worker asks every question of the set. That takes a moment, and with a model as long and as "
    "much as its answers; open this page again then."
)
BASELINE_SET = "From now on no change may fall below this run unnoticed."
BASELINE_REMOVED = "It is no baseline any more."

NOTHING_ASKED = "Ask something first."
ASKING_FAILED = "It could not be answered: a fault of ours. The log of the web process says more."

DRAFT_APPROVED = "Approved. It is sent unless the ticket has moved on."
DRAFT_REJECTED = "Rejected. It is not sent."
DRAFT_TOO_LATE = "Somebody was faster, or the ticket has moved on: this draft is {state}."

TAG_SAVED = "{name} is saved. It counts from the next ticket on."
TAGS_TAKEN = (
    "{count} tags are added. Say what belongs to each and give it examples: so far only its name "
    "is known."
)
TAG_REMOVED = "{name} is removed, with its examples and rules."
EXAMPLES_ADDED = "{count} new examples. Those that were there already are left alone."
EXAMPLE_REMOVED = "The example is removed."
RULE_REMOVED = "The rule is removed."


def options(names: Iterable[str], *, first: str = "any") -> list[tuple[str, str]]:
    """What a list offers: values with how they read."""
    return [("", first), *((each, each.replace("_", " ")) for each in names)]


def number(text: str, name: str) -> int | None:
    """A number of Zendesk's, None for "". Raises InputRejected."""
    cleaned = text.strip()
    if not cleaned:
        return None
    if not cleaned.isdecimal() or len(cleaned) > 18:
        raise InputRejected(f"{name} must be a number, as in Zendesk's address of it.")
    return int(cleaned)


def priority(text: str) -> Priority | None:
    """One of the list, None for "". Raises InputRejected."""
    if text and text not in PRIORITIES:
        raise InputRejected(f"{text!r} is no priority: use {', '.join(PRIORITIES)}.")
    return cast("Priority", text) if text else None
