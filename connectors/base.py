"""What every connector is: one stream of changes, and the list of what is still there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

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


class Connector(Protocol):
    """One configured source. `changes("")` delivers everything; `changes(cursor)` at least
    what changed since. Changes may repeat, and arrive in the order they must be applied.

    `sweeps_each_run` says that `live_ids` costs next to nothing, so that every run removes what
    is gone; where it costs vendor calls, only runs from the start do."""

    @property
    def sweeps_each_run(self) -> bool: ...

    def changes(self, cursor: Cursor) -> Iterator[Change]: ...

    def live_ids(self) -> Iterator[str]:
        """Ids of all documents that exist now, for the sweep that removes the others.
        Raises a ConnectorError rather than returning a partial list."""
        ...
