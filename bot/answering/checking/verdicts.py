"""What the claim check says: per statement a verdict with its reason, for the answer the rest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bot.models import Statement

Result = Literal["ok", "repaired", "rejected"]


class Fault(StrEnum):
    """What is wrong with a statement: the whole list."""

    UNCITED = "uncited"
    PROMISE = "promise"
    OWN_CASE = "own_case"
    CONTACT = "contact_differs"
    FIGURE = "figure_differs"
    LIMIT = "limit_differs"
    NAME = "name_differs"
    NEGATION = "negation_differs"
    CONDITION = "condition_dropped"
    OVERSTATED = "overstated"
    WORDING = "wording_differs"
    NOT_IN_SOURCE = "not_in_source"
    NOT_ENTAILED = "not_entailed"


_SENTENCES = {
    Fault.UNCITED: "No cited passage holds the quote that should carry this.",
    Fault.PROMISE: "It promises what somebody will do, or says that it was done ({what}). Only "
    "people may promise that; an article may state it as a general rule.",
    Fault.OWN_CASE: "It speaks of this customer's own case ({what}), which no article knows.",
    Fault.CONTACT: "The link, address or number {what} is not in the source.",
    Fault.FIGURE: "The figure {what} is not in the source, or stands there for something else.",
    Fault.LIMIT: "The source sets another limit for {what} (at least, at most, before, after).",
    Fault.NAME: "The name {what} is not in the source.",
    Fault.NEGATION: "One says that it is so, the other that it is not: compare “{what}”.",
    Fault.CONDITION: "It leaves out a condition of the source: “{what}”.",
    Fault.OVERSTATED: "It says more than the source, which is less sure or less strict ({what}).",
    Fault.WORDING: "It repeats the source's sentence with a telling word changed ({what}).",
    Fault.NOT_IN_SOURCE: "The source says little of this.",
    Fault.NOT_ENTAILED: "The model that compares them finds no support in the source. {what}",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One fault. `what` are the words it is about; a `slight` one is worth the source's own
    words where they can stand instead, but not losing the statement."""

    fault: Fault
    what: str = ""
    slight: bool = False

    @property
    def detail(self) -> str:
        """A sentence for the admin."""
        return _SENTENCES[self.fault].format(what=self.what).strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of one statement of the draft. `sent` is what may go out instead of `given`:
    itself, its repair, or None. `finding` is None exactly when the result is "ok"."""

    given: Statement
    result: Result
    sent: Statement | None
    finding: Finding | None = None

    @property
    def detail(self) -> str:
        """A sentence for the admin, "" where nothing is wrong."""
        if self.finding is None:
            return ""
        done = "Replaced by the source's words" if self.sent else "Removed"
        return f"{done}: “{self.given.text}”. {self.finding.detail}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """The statements that may be sent, in order; a verdict for each statement of the draft; and
    whether what may be sent still answers. Where it does not, hand off as unverified_answer."""

    statements: tuple[Statement, ...]
    verdicts: tuple[Verdict, ...]
    still_answers: bool

    @property
    def detail(self) -> str:
        """All findings in sentences for the admin, "" where there are none."""
        return " ".join(each.detail for each in self.verdicts if each.finding)
