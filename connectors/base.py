"""What every connector is: one stream of changes, and the list of what is still there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from indexing.models import Document

Cursor = str
"""Where a connector stopped: its own JSON text, opaque to everybody else. "" means the start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upsert:
    """This document is new or may have changed."""

    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Delete:
    """This document is gone or may no longer be shown to anybody."""

    document_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """This document could not be read; `reason` says why and what to do."""

    document_id: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """Everything before this is delivered: a later run may start from `cursor`."""

    cursor: Cursor


Change = Upsert | Delete | Failed | Checkpoint


@dataclass(slots=True)
class Calls:
    """Requests to a vendor, counted where they leave: repetitions too."""

    sent: int = 0


class Connector(Protocol):
    """One configured source. `changes("")` delivers everything; `changes(cursor)` at least
    what changed since. Changes may repeat, and arrive in the order they must be applied.

    `sweeps_each_run` says that `live_ids` costs next to nothing, so that every run removes what
    is gone; where it costs vendor calls, only runs from the start do. `api_calls` is how many
    requests it has sent to the vendor since it was made."""

    @property
    def sweeps_each_run(self) -> bool: ...

    @property
    def api_calls(self) -> int: ...

    def changes(self, cursor: Cursor, *, again: Collection[str] = ()) -> Iterator[Change]:
        """The changes, which also tell of the documents `again` (ids that were told of before)
        whether they changed or not; of one that is not told of, there is nothing left."""
        ...

    def live_ids(self) -> Iterator[str]:
        """Ids of all documents that exist now, for the sweep that removes the others.
        Raises a ConnectorError rather than returning a partial list."""
        ...


@runtime_checkable
class ArticleSource(Connector, Protocol):
    """A source whose articles can be asked for one by one."""

    def changes_of(self, article_id: str) -> Iterator[Change]:
        """What the article means now: its documents, and deletions for where it is no longer."""
        ...
