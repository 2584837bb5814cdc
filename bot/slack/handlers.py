"""What is done about each gesture, by its name: put together where everything is wired.

`before` are done before Slack is answered, within its three seconds, and only write to the
database, so that whoever sees no error knows that it was taken. `after` are done once Slack is
answered: they ask Slack for something, such as opening a dialog.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.slack.gestures import Chosen, Command, Pressed, Submitted

Press = Callable[[Pressed], None]
Submit = Callable[[Submitted], Mapping[str, str]]
"""Returns what is wrong, by the name of the field; nothing where all is well."""
Call = Callable[[Command], str]
"""Returns what the person is told at once."""
Choose = Callable[[Chosen], None]

ASK = "/ask"
ANSWER_THIS = "answer_this"


@dataclass(frozen=True, kw_only=True, slots=True)
class Handlers:
    """By the names that blocks, dialogs, commands and shortcuts have."""

    before: Mapping[str, Press] = field(default_factory=dict)
    after: Mapping[str, Press] = field(default_factory=dict)
    submit: Mapping[str, Submit] = field(default_factory=dict)
    submitted: Mapping[str, Callable[[Submitted], None]] = field(default_factory=dict)
    commands: Mapping[str, Call] = field(default_factory=dict)
    shortcuts: Mapping[str, Choose] = field(default_factory=dict)
