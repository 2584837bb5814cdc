"""The record of sync runs: what each did, what it cost the vendor's API, and how fresh it left
the index.

Freshness is the time from an edit at the source until the document was answerable. It is told of
edits made since the last run that succeeded began: an older document that is new here was
published, moved into the source's scope or relabelled meanwhile, and its edit says nothing of how
long that took. So a first sync has none. What a webhook started is measured from its event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from connectors.errors import ConnectorError, RateLimited, SourceUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

SyncedAs = Literal["added", "changed", "unchanged", "removed", "failed"]

_ABANDONED = """
UPDATE sync_runs SET state = 'failed', error = 'Interrupted', finished_at = now()
WHERE source = %s AND state = 'running'
"""

_START = """
INSERT INTO sync_runs (source, state, full_sweep, article, job_id)
VALUES (%s, 'running', %s, %s, %s) RETURNING id
"""

_PROGRESS = """
UPDATE sync_runs SET added = %(added)s, changed = %(changed)s, unchanged = %(unchanged)s,
    removed = %(removed)s, failed = %(failed)s, api_calls = %(api_calls)s
WHERE id = %(id)s
"""

# The clocks of vendors need not agree with the database's, and their lists lag behind a little.
_FRESHNESS = """
SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY greatest(
    0, extract(epoch FROM d.indexed_at - coalesce(%(happened_at)s::timestamptz, d.edited_at))))
FROM sync_runs run JOIN documents d ON d.source = run.source AND d.indexed_at >= run.started_at
WHERE run.id = %(id)s AND (%(happened_at)s::timestamptz IS NOT NULL OR d.edited_at >= (
    SELECT max(before.started_at) - interval '5 minutes' FROM sync_runs before
    WHERE before.source = run.source AND before.id < run.id
    AND before.state = 'succeeded' AND before.article IS NULL))
"""

_FINISH = """
WITH finished AS (
    UPDATE sync_runs SET state = %(state)s, error = %(error)s, added = %(added)s,
        changed = %(changed)s, unchanged = %(unchanged)s, removed = %(removed)s,
        failed = %(failed)s, api_calls = %(api_calls)s, freshness_p50 = %(p50)s,
        freshness_p95 = %(p95)s, finished_at = now()
    WHERE id = %(id)s RETURNING source
)
UPDATE sources SET api_calls = sources.api_calls + %(api_calls)s
FROM finished WHERE sources.name = finished.source
"""

_LATEST = """
SELECT added, changed, unchanged, removed, failed, api_calls, freshness_p50, freshness_p95,
       state, error, full_sweep, article, started_at, finished_at
FROM sync_runs WHERE source = %s ORDER BY started_at DESC, id DESC LIMIT %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentFailure:
    """A document that is not in the index as it is at the source, and why."""

    document_id: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Freshness:
    """Seconds from an edit until it was answerable, over the documents of one run."""

    p50: float
    p95: float


@dataclass(slots=True, kw_only=True)
class SyncReport:
    """What one run did, counted in documents; `api_calls` are requests to the vendor, None where
    they were not counted. A run that failed is `worth_retrying` when the source may be back
    later, at the earliest after `retry_after` seconds."""

    source: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    api_calls: int | None = None
    freshness: Freshness | None = None
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A run as it was recorded. `article` is the one it was about, None for the whole source;
    `finished_at` is None while it runs."""

    report: SyncReport
    state: str
    full: bool
    article: str | None
    started_at: datetime
    finished_at: datetime | None


class Runs:
    """Writes and reads the record."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def start(self, source: str, *, full: bool, article: str | None, job_id: int | None) -> int:
        """Begins a run and returns its number. Only one at a time: what seems to run of this
        source was killed."""
        with self._pool.connection() as connection:
            connection.execute(_ABANDONED, (source,))
            row = connection.execute(_START, (source, full, article, job_id)).fetchone()
        return int(row[0]) if row else 0

    def note(self, run: int, report: SyncReport) -> None:
        """Writes the counts so far, for those who watch from elsewhere."""
        with self._pool.connection() as connection:
            connection.execute(_PROGRESS, {"id": run, **_counts(report)})

    def finish(self, run: int, report: SyncReport, *, happened_at: datetime | None) -> None:
        """Writes what became of it, and completes the report with its freshness. `happened_at` is
        when the source changed, where somebody told it."""
        with self._pool.connection() as connection:
            if report.added or report.changed:
                asked = {"id": run, "happened_at": happened_at}
                row = connection.execute(_FRESHNESS, asked).fetchone()
                report.freshness = _freshness(*(row[0] if row and row[0] else (None, None)))
            fresh = report.freshness
            connection.execute(
                _FINISH,
                {
                    "id": run,
                    "state": "succeeded" if report.succeeded else "failed",
                    "error": report.error,
                    "p50": fresh.p50 if fresh else None,
                    "p95": fresh.p95 if fresh else None,
                    **_counts(report),
                },
            )

    def latest(self, source: str, *, limit: int = 10) -> tuple[Run, ...]:
        """The last runs of a source, those that webhooks started too, latest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_LATEST, (source, limit)).fetchall()
        return tuple(
            Run(
                report=report_of(source, row[:8], error=row[9]),
                state=row[8],
                full=row[10],
                article=row[11],
                started_at=row[12],
                finished_at=row[13],
            )
            for row in rows
        )


def report_of(source: str, row: tuple[Any, ...], *, error: str) -> SyncReport:
    """The report in columns of sync_runs: added to failed, api_calls, and freshness's two."""
    added, changed, unchanged, removed, failed, api_calls, p50, p95 = row
    return SyncReport(
        source=source,
        added=added,
        changed=changed,
        unchanged=unchanged,
        removed=removed,
        failed=failed,
        api_calls=api_calls,
        freshness=_freshness(p50, p95),
        error=error,
    )


def _freshness(p50: float | None, p95: float | None) -> Freshness | None:
    return None if p50 is None or p95 is None else Freshness(p50=p50, p95=p95)


def _counts(report: SyncReport) -> dict[str, int]:
    return {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "failed": report.failed,
        "api_calls": report.api_calls or 0,
    }
