"""Brings one source's changes into the index, and records the run.

The connector says what changed, the indexer says what became of it, and this module keeps
the books: counts, the checkpoint to go on from, and each failed document with its reason.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bot.errors import SourceBusy
from connectors.base import Checkpoint, Delete, Failed, Upsert
from connectors.errors import ConnectorError, RateLimited, SourceUnavailable

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.sources import Source
    from connectors.base import Change, Connector
    from indexing.models import Document
    from indexing.pipeline import Indexer

SyncedAs = Literal["added", "changed", "unchanged", "removed", "failed"]

# The sweep compares ids in runs of this many, so that its memory does not grow with the source.
_SWEEP_BATCH = 1000

# One run of a source at a time; held by the session, so a killed run lets go of it.
_LOCK = "SELECT pg_try_advisory_lock(hashtext('sync'), hashtext(%s))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('sync'), hashtext(%s))"

_ABANDONED = """
UPDATE sync_runs SET state = 'failed', error = 'Interrupted', finished_at = now()
WHERE source = %s AND state = 'running'
"""

_START = """
INSERT INTO sync_runs (source, state, full_sweep, job_id) VALUES (%s, 'running', %s, %s)
RETURNING id
"""

# Often enough for people who watch, rarely enough to cost nothing.
_PROGRESS_SECONDS = 0.5

_PROGRESS = """
UPDATE sync_runs SET added = %(added)s, changed = %(changed)s, unchanged = %(unchanged)s,
    removed = %(removed)s, failed = %(failed)s
WHERE id = %(id)s
"""

_FINISH = """
UPDATE sync_runs SET state = %(state)s, error = %(error)s, added = %(added)s,
    changed = %(changed)s, unchanged = %(unchanged)s, removed = %(removed)s, failed = %(failed)s,
    finished_at = now()
WHERE id = %(id)s
"""

_FAILED = """
INSERT INTO failed_documents (source, id, reason) VALUES (%s, %s, %s)
ON CONFLICT (source, id) DO UPDATE SET
    reason = excluded.reason, last_seen = now(), attempts = failed_documents.attempts + 1
"""

_MENDED = "DELETE FROM failed_documents WHERE source = %s AND id = ANY(%s)"

_FORGOTTEN = """
DELETE FROM failed_documents WHERE source = %(source)s
AND last_seen < (SELECT max(started_at) FROM sync_runs WHERE source = %(source)s)
"""

_CHECKPOINT = "UPDATE sources SET cursor = %s WHERE name = %s"


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentFailure:
    """A document that is not in the index as it is at the source, and why."""

    document_id: str
    reason: str


@dataclass(slots=True, kw_only=True)
class SyncReport:
    """What one run did, counted in documents. A run that failed is `worth_retrying` when the
    source may be back later, at the earliest after `retry_after` seconds."""

    source: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    passages_embedded: int = 0
    failures: list[DocumentFailure] = field(default_factory=list)
    error: str = ""
    worth_retrying: bool = False
    retry_after: float = 0.0

    @property
    def succeeded(self) -> bool:
        return not self.error

    def count(self, outcome: SyncedAs, documents: int = 1) -> None:
        setattr(self, outcome, getattr(self, outcome) + documents)

    def end_with(self, error: ConnectorError) -> None:
        """Notes what ended it before its time."""
        self.error = str(error)
        self.worth_retrying = isinstance(error, RateLimited | SourceUnavailable)
        self.retry_after = error.retry_after if isinstance(error, RateLimited) else 0.0


OnProgress = Callable[[SyncReport], None]
"""Called after each document with the report so far."""


class Sync:
    """Runs one source's synchronisation."""

    def __init__(self, *, pool: ConnectionPool, indexer: Indexer) -> None:
        self._pool = pool
        self._indexer = indexer

    def run(
        self,
        source: Source,
        connector: Connector,
        *,
        full: bool = False,
        job_id: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> SyncReport:
        """One run from the stored checkpoint, or from the start when `full`; then the sweep
        that removes what is no longer there, after a run from the start or where it costs
        nothing. A source that cannot be read ends the run with `error` set and removes nothing.
        Whoever reads sync_runs sees the counts grow, and finds the run by `job_id`. Raises
        SourceBusy while another run of this source is going on."""
        report = SyncReport(source=source.name)
        cursor = "" if full else source.cursor
        with self._alone(source):
            run = self._start(source, full=full, job_id=job_id)
            shown = self._shown(run, on_progress)
            try:
                self._apply(connector.changes(cursor), report, shown)
                if not cursor or connector.sweeps_each_run:
                    self._sweep(connector, report)
                    self._forget_failures(report)
                self._indexer.finish()
            except ConnectorError as error:
                report.end_with(error)
            except BaseException as error:
                report.error = f"Interrupted: {error.__class__.__name__}"
                raise
            finally:
                self._finish(run, report)
        return report

    def apply(self, source: Source, changes: Iterable[Change]) -> SyncReport:
        """Applies some changes of a source, such as those of one article, between its runs. It
        is no run: nothing is swept, and what is told of the last run stays. A source that cannot
        be read ends it with `error` set. Raises SourceBusy while a run is going on."""
        report = SyncReport(source=source.name)
        with self._alone(source):
            try:
                self._apply(changes, report, lambda _: None)
                self._indexer.finish()
            except ConnectorError as error:
                report.end_with(error)
        return report

    @contextmanager
    def _alone(self, source: Source) -> Iterator[None]:
        with self._pool.connection() as connection:
            connection.autocommit = True
            try:
                locked = connection.execute(_LOCK, (source.name,)).fetchone()
                if locked is None or not locked[0]:
                    raise SourceBusy(
                        f"{source.name} is being synced already: wait for that run to end."
                    )
                try:
                    yield
                finally:
                    connection.execute(_UNLOCK, (source.name,))
            finally:
                connection.autocommit = False

    def _start(self, source: Source, *, full: bool, job_id: int | None) -> int:
        with self._pool.connection() as connection:
            connection.execute(_ABANDONED, (source.name,))
            row = connection.execute(_START, (source.name, full, job_id)).fetchone()
        return int(row[0]) if row else 0

    def _shown(self, run: int, on_progress: OnProgress | None) -> OnProgress:
        """`on_progress`, and now and then the counts for those who watch from elsewhere."""
        due = time.monotonic()

        def show(report: SyncReport) -> None:
            nonlocal due
            if on_progress:
                on_progress(report)
            if time.monotonic() >= due:
                with self._pool.connection() as connection:
                    connection.execute(_PROGRESS, {"id": run, **_counts(report)})
                due = time.monotonic() + _PROGRESS_SECONDS

        return show

    def _finish(self, run: int, report: SyncReport) -> None:
        with self._pool.connection() as connection:
            connection.execute(
                _FINISH,
                {
                    "id": run,
                    "state": "succeeded" if report.succeeded else "failed",
                    "error": report.error,
                    **_counts(report),
                },
            )

    def _apply(
        self, changes: Iterable[Change], report: SyncReport, on_progress: OnProgress
    ) -> None:
        """Applies changes in their order: runs of upserts go to the indexer together, and
        whatever else comes waits until they are written."""
        for kind, run in itertools.groupby(changes, key=type):
            if kind is Upsert:
                self._index(_documents(run), report, on_progress)
            else:
                for change in run:
                    self._apply_one(change, report)

    def _index(
        self, documents: Iterator[Document], report: SyncReport, on_progress: OnProgress
    ) -> None:
        mended: list[str] = []
        for result in self._indexer.index(documents):
            report.count(result.outcome)
            report.passages_embedded += result.embedded
            if result.outcome == "failed":
                self._fail(report, result.document_id, result.reason)
            else:
                mended.append(result.document_id)
            on_progress(report)
        with self._pool.connection() as connection:
            connection.execute(_MENDED, (report.source, mended))

    def _apply_one(self, change: Change, report: SyncReport) -> None:
        if isinstance(change, Delete):
            self._remove(report, [change.document_id])
        elif isinstance(change, Failed):
            report.count("failed")
            self._fail(report, change.document_id, change.reason)
        elif isinstance(change, Checkpoint):
            with self._pool.connection() as connection:
                connection.execute(_CHECKPOINT, (change.cursor, report.source))

    def _sweep(self, connector: Connector, report: SyncReport) -> None:
        """Removes documents whose ids the source no longer has."""
        live = frozenset(connector.live_ids())
        with self._pool.connection() as connection:
            gone = [each for each in _indexed_ids(connection, report.source) if each not in live]
        for start in range(0, len(gone), _SWEEP_BATCH):
            self._remove(report, gone[start : start + _SWEEP_BATCH])

    def _forget_failures(self, report: SyncReport) -> None:
        """Forgets failures that this run, which met every document, did not meet again."""
        with self._pool.connection() as connection:
            connection.execute(_FORGOTTEN, {"source": report.source})

    def _remove(self, report: SyncReport, ids: list[str]) -> None:
        report.count("removed", len(self._indexer.remove(report.source, ids)))

    def _fail(self, report: SyncReport, document_id: str, reason: str) -> None:
        report.failures.append(DocumentFailure(document_id=document_id, reason=reason))
        with self._pool.connection() as connection:
            connection.execute(_FAILED, (report.source, document_id, reason))


def _counts(report: SyncReport) -> dict[str, int]:
    return {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "failed": report.failed,
    }


def _documents(upserts: Iterable[Change]) -> Iterator[Document]:
    return (each.document for each in upserts if isinstance(each, Upsert))


def _indexed_ids(connection: Connection, source: str) -> Iterator[str]:
    rows = connection.execute("SELECT id FROM documents WHERE source = %s", (source,))
    return (row[0] for row in rows)
