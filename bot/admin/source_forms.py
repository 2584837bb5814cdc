"""What a new source is told and whether that works: its settings, checked by asking the source for
what it would deliver first, before anything is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sources import Source
from connectors.base import Failed, Upsert
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from connectors.base import Connector
    from connectors.zendesk.choices import Option

MOST_LOOKED_AT = 50
"""Changes that are looked at until one is a document."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What came of asking. `found` is the title of the first document, "" where there was none;
    `problem` says what is wrong and what to do."""

    found: str = ""
    problem: str = ""


def tried(source: Source, connect: Callable[[Source], Connector]) -> Trial:
    """Asks the source, as a sync would, until it delivers one document."""
    try:
        for number, change in enumerate(connect(source).changes("")):
            if isinstance(change, Upsert):
                return Trial(found=change.document.title)
            if isinstance(change, Failed):
                return Trial(problem=f"{change.document_id}: {change.reason}")
            if number >= MOST_LOOKED_AT:
                break
    except ConnectorError as error:
        return Trial(problem=str(error))
    return Trial(problem="Nothing was found with these settings.")


def options_of(field: str, choices: Mapping[str, tuple[Option, ...]]) -> tuple[Option, ...]:
    """What a field may be chosen from; nothing where it is written."""
    return choices.get(field.removeprefix("exclude_"), ())


def selected_of(given: Mapping[str, Any], field: str) -> frozenset[str]:
    """What is chosen of a field that holds several."""
    value = given.get(field) or ()
    return frozenset(map(str, value)) if not isinstance(value, str) else frozenset({value})
