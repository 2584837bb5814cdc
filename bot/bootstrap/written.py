"""What people get of an outcome on each surface, word for word, without sending it anywhere: for
measuring what an attack would have reached."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.handoff.case import Case
from bot.handoff.note import note
from bot.handoff.wanted import summary
from bot.models import OutcomeKind
from bot.slack import replies as slack
from bot.slack.access import Access
from bot.zendesk.replies import Voice, public_reply, takeover

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.evaluation.injection import AttackSurface, Rendered
    from bot.models import Outcome, Question

LOCALE = "en"


def written() -> Mapping[AttackSurface, Rendered]:
    """Surface to what is written there."""
    return {"articles": _in_zendesk, "tickets": _in_zendesk, "slack": _in_slack}


def _in_zendesk(question: Question, outcome: Outcome) -> str:
    """The public reply; or the note to agents and the word to the customer."""
    voice = Voice()
    if outcome.kind is not OutcomeKind.HANDED_OFF:
        return public_reply(outcome, reader=question.reader, locale=LOCALE, voice=voice)
    case = Case(text=question.text, history=(), outcome=outcome, asked_on=datetime.now(UTC).date())
    return note(case, summary=summary(case)) + takeover(locale=LOCALE, voice=voice)


def _in_slack(question: Question, outcome: Outcome) -> str:
    """The messages as they are posted."""
    shown = slack.Shown(locale=LOCALE, access=Access(reader=question.reader))
    answered = outcome.kind is not OutcomeKind.HANDED_OFF
    parts = slack.answer(outcome, shown) if answered else slack.handoff(outcome, shown)
    return json.dumps([each.message for each in parts], ensure_ascii=False)
