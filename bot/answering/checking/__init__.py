"""Whether an answer's statements are carried by what they cite, before anything public is sent."""

from bot.answering.checking.checker import check
from bot.answering.checking.verdicts import Checked, Fault, Verdict

__all__ = ["Checked", "Fault", "Verdict", "check"]
