"""What the checks found, in the words of the record: what an admin reads about an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answering.checking.verdicts import Fault, Finding
from bot.answering.citations import normalised
from bot.models import StatementCheck

if TYPE_CHECKING:
    from bot.answering.checking.verdicts import Verdict
    from bot.models import Statement


def uncited(statement: Statement) -> StatementCheck:
    """Of a statement whose quotes stand in no passage that was given."""
    return StatementCheck(
        given=normalised(statement.text),
        sent="",
        result="rejected",
        detail=Finding(fault=Fault.UNCITED).detail,
    )


def an_order(statement: Statement) -> StatementCheck:
    """Of a statement that repeats what an article tells a writer to do."""
    return StatementCheck(
        given=normalised(statement.text),
        sent="",
        result="rejected",
        detail="It repeats what an article tells a writer to do.",
    )


def of_verdict(verdict: Verdict) -> StatementCheck:
    """Of a statement that was held to what it cites."""
    return StatementCheck(
        given=verdict.given.text,
        sent=verdict.sent.text if verdict.sent else "",
        result=verdict.result,
        detail=verdict.finding.detail if verdict.finding else "",
    )
