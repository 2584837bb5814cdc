"""How much evidence an answer needs to be sent without a person, by what became of earlier ones.

Agents decide about drafts, customers say whether it helped, tickets are reopened: each such answer
is a case. Where there are enough of a channel and an intent, they set the threshold there; else all
of the channel do, else all of the account. Until any are enough, a cautious one holds. What is not
sure enough to be sent becomes a draft, and the decision about that is the next case.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bot.preferences import Preference
from bot.risk import MOST, Fit, Judged, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg_pool import ConnectionPool

    from bot.preferences import Preferences

# Evidence is stored in single precision.
_ROUNDING = 1e-6

# Somewhat more than are used: what was said of one answer in several ways, and what is no verdict
# in the end, such as a rating of the tone.
_TOLD = MOST * 6 // 5

# From what people said to the answers that they said it of, so that what is looked at does not grow
# with what was answered. What is said of a ticket is said of its last answer.
_JUDGED = """
WITH told AS MATERIALIZED (
    SELECT DISTINCT id FROM (
        (SELECT draft_id AS id, decided_at AS at FROM draft_decisions
         ORDER BY decided_at DESC LIMIT %(told)s)
        UNION ALL
        (SELECT question_id, given_at FROM feedback ORDER BY given_at DESC LIMIT %(told)s)
        UNION ALL
        (SELECT last.id, ticket.at FROM (
             SELECT ticket_id, greatest(declined_at, reopened_at, confirmed_at) AS at FROM tickets
             WHERE greatest(declined_at, reopened_at, confirmed_at) IS NOT NULL
             ORDER BY greatest(declined_at, reopened_at, confirmed_at) DESC LIMIT %(told)s
         ) AS ticket CROSS JOIN LATERAL (
             SELECT id FROM ticket_turns AS turn
             WHERE turn.ticket_id = ticket.ticket_id AND turn.outcome = 'answered'
             ORDER BY asked_at DESC LIMIT 1
         ) AS last)
        ORDER BY at DESC LIMIT %(told)s
    ) AS said
)
SELECT channel, intent, evidence, is_right FROM told JOIN judged_answers ON question_id = told.id
WHERE embedding_index = (SELECT id FROM embedding_indexes WHERE state = 'live')
ORDER BY judged_at DESC LIMIT %(newest)s
"""

# Where there are so many cases one more hardly counts: reading them takes no more than this share
# of the time.
_MANY = 1_000
_SHARE = 0.01


class SendingRisk(Preference):
    """How often an answer that is sent may be wrong, and what holds until that is known."""

    NAME: ClassVar[str] = "sending"

    wrong_at_most: float = Field(
        default=0.02,
        ge=0.001,
        lt=1,
        title="Wrong at most",
        description="The share of answers that are sent without a person and may be wrong: 0.02 is "
        "one in fifty. What is less sure becomes a draft.",
    )
    confidence: float = Field(
        default=0.95,
        ge=0.5,
        le=0.99,
        title="Confidence",
        description="How certain that is to be, such as 0.95.",
    )
    until_known: float = Field(
        default=0.6,
        ge=0,
        le=1,
        title="Evidence needed until enough is known",
        description="From 0 to 1. It holds until people have judged enough answers to prove a "
        "threshold.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Needed:
    """The evidence, 0..1, that an answer of these tickets needs to be sent, and the cases that
    say so. A `channel` or `intent` of None stands for all of them."""

    evidence: float
    channel: str | None
    intent: str | None
    fit: Fit

    @property
    def is_proven(self) -> bool:
        """Whether cases say so, rather than caution."""
        return self.fit.evidence is not None


class Sending:
    """Reads what people said lately: their next word counts at once, or soon where they have said
    so much that reading it takes a while."""

    def __init__(
        self,
        *,
        pool: ConnectionPool,
        preferences: Preferences,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` counts seconds."""
        self._pool = pool
        self._preferences = preferences
        self._clock = clock
        self._lately: dict[str, list[tuple[str, Judged]]] = {}
        self._read_again_at = -math.inf

    def needed(self, *, channel: str, intent: str) -> Needed:
        """What an answer on this channel needs, to a ticket with this routing tag ("": none)."""
        risk = self._preferences.get(SendingRisk)
        judged = self._judged_lately()
        own = judged.get(channel, [])
        for known in (
            _needed([case for tag, case in own if tag == intent], risk, channel, intent),
            _needed([case for _, case in own], risk, channel),
        ):
            if known.is_proven:
                return known
        return _needed([case for cases in judged.values() for _, case in cases], risk)

    def account(self, risk: SendingRisk | None = None) -> Needed:
        """What an answer needs by all of the account's cases, or would if this risk were set."""
        judged = self._judged_lately()
        set_or_tried = risk or self._preferences.get(SendingRisk)
        return _needed([case for cases in judged.values() for _, case in cases], set_or_tried)

    def table(self) -> tuple[Needed, ...]:
        """The account, each channel that has cases, and each intent there, the broadest first."""
        risk, judged = self._preferences.get(SendingRisk), self._judged_lately()
        rows = [_needed([case for cases in judged.values() for _, case in cases], risk)]
        for channel in sorted(judged):
            rows.append(_needed([case for _, case in judged[channel]], risk, channel))
            for intent in sorted({tag for tag, _ in judged[channel] if tag}):
                cases = [case for tag, case in judged[channel] if tag == intent]
                rows.append(_needed(cases, risk, channel, intent))
        return tuple(rows)

    def _judged_lately(self) -> dict[str, list[tuple[str, Judged]]]:
        began = self._clock()
        if began >= self._read_again_at:
            self._lately = self._judged()
            took = self._clock() - began
            many = sum(map(len, self._lately.values())) >= _MANY
            self._read_again_at = began + (took / _SHARE if many else 0)
        return self._lately

    def _judged(self) -> dict[str, list[tuple[str, Judged]]]:
        """Channel to cases with their intent, the account's newest."""
        found: dict[str, list[tuple[str, Judged]]] = defaultdict(list)
        with self._pool.connection() as connection:
            rows = connection.execute(_JUDGED, {"told": _TOLD, "newest": MOST}).fetchall()
        for own_channel, intent, evidence, is_right in rows:
            found[own_channel].append((intent, Judged(evidence=evidence, right=is_right)))
        return dict(found)


def _needed(
    cases: Sequence[Judged],
    risk: SendingRisk,
    channel: str | None = None,
    intent: str | None = None,
) -> Needed:
    found = fit(cases, wrong_at_most=risk.wrong_at_most, confidence=risk.confidence)
    evidence = risk.until_known if found.evidence is None else found.evidence - _ROUNDING
    return Needed(evidence=evidence, channel=channel, intent=intent, fit=found)
