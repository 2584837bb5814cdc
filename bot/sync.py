"""Brings one source's changes into the index, and records the run.

The connector says what changed, the indexer says what became of it, and this module keeps
the books: counts, the checkpoint to go on from, and each failed document with its reason.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from bot.errors import SourceBusy
from bot.failures import Failures
from bot.runs import DocumentFailure, Runs, SyncReport
from connectors.base import ArticleSource, Checkpoint, Delete, Failed, Upsert
from connectors.errors import ConnectorError
from indexing.locking import alone, taken

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.queue import ToldArticle
    from bot.sources import Source
    from connectors.base import Change, Connector
    from indexing.models import Document
    from indexing.pipeline import Indexer

# The sweep compares ids in runs of this many, so that its memory does not grow with the source.
_SWEEP_BATCH = 1000

# Often enough for people who watch, rarely enough to cost nothing.
_PROGRESS_SECONDS = 0.5

_CHECKPOINT = "UPDATE sources SET cursor = %s WHERE name = %s"

OnProgress = Callable[[SyncReport], None]
"""Called after each document with the report so far."""


class Sync:
    """Runs one source's synchronisation."""

    def __init__(self, *, pool: ConnectionPool, indexer: Indexer) -> None:
        self._pool = pool
        self._indexer = indexer
        self._runs = Runs(pool=pool)
        self._failures = Failures(pool=pool)

    def run(
        self,
        source: Source,
        connector: Connector,
        *,
        full: bool = False,
        asked_for: bool = False,
        again: Sequence[str] | None = None,
        job_id: int | None = None,
        on_progress: OnProgress | None = None,
        told: Callable[[], Sequence[ToldArticle]] = tuple,
    ) -> SyncReport:
        """One run from the stored checkpoint, or from the start when `full`; then the sweep
        that removes what is no longer there, after a run from the start or where it costs
        nothing. What failed before is tried again: at once when somebody `asked_for` this run,
        else ever less often; or just the documents named in `again`. A source that cannot be
        read ends the run with `error` set and removes nothing. Whoever reads sync_runs sees the
        counts grow, and finds the run by `job_id`. Articles that are `told` of meanwhile are
        brought up to date between two pages, for a long run must not keep what was unpublished.
        Raises SourceBusy while another run of this source is going on."""
        report, calls = SyncReport(source=source.name), _calls_of(connector)
        cursor = "" if full else source.cursor
        whole = not cursor or connector.sweeps_each_run
        with (
            self._alone(source) as still_alone,
            self._recorded(report, calls, full=full, job_id=job_id) as run,
        ):
            failures = self._failures
            if again is None:
                again = (failures.all if whole or asked_for else failures.due)(source.name)
            # From the start, everything is told of anyway.
            changes = connector.changes(cursor, again=again if cursor else ())
            if isinstance(connector, ArticleSource):
                changes = _with_told(changes, connector, told)
            shown = self._shown(run, calls, on_progress, still_alone)
            told_of: set[str] = set()
            self._apply(_noted(changes, told_of), report, shown, still_alone)
            if whole:  # who has just told of everything is not asked for it again
                self._sweep(connector.live_ids() if cursor else told_of, report)
            failures.forget_unmet(source.name, run=run, ids=None if whole else again)
            self._indexer.finish()
        return report

    def run_article(
        self,
        source: Source,
        connector: ArticleSource,
        *,
        article: str,
        happened_at: datetime | None = None,
        job_id: int | None = None,
    ) -> SyncReport:
        """Brings one article up to date between the runs of its source, and records that beside
        those: what is told of the last run stays. `happened_at` is when the article
        changed, if somebody told. A source that cannot be read ends it with `error` set. Raises
        SourceBusy while a run is going on."""
        report, calls = SyncReport(source=source.name), _calls_of(connector)
        with (
            self._alone(source) as still_alone,
            self._recorded(report, calls, article=article, happened_at=happened_at, job_id=job_id),
        ):
            self._apply(connector.changes_of(article), report, lambda _: None, still_alone)
            self._indexer.finish()
        return report

    def busy(self, source: Source) -> bool:
        """Whether a run of this source is going on, in whatever process."""
        return taken(self._pool, "sync", source.name)

    def _alone(self, source: Source) -> AbstractContextManager[Callable[[], object]]:
        """One run of a source at a time."""
        busy = f"{source.name} is being synced already: wait for that run to end."
        return alone(self._pool, "sync", source.name, otherwise=lambda: SourceBusy(busy))

    @contextmanager
    def _recorded(
        self,
        report: SyncReport,
        calls: Callable[[], int],
        *,
        full: bool = False,
        article: str | None = None,
        happened_at: datetime | None = None,
        job_id: int | None = None,
    ) -> Iterator[int]:
        """The number of a run that is recorded however it ends."""
        run = self._runs.start(report.source, full=full, article=article, job_id=job_id)
        try:
            yield run
        except ConnectorError as error:
            report.end_with(error)
        except BaseException as error:
            report.error = f"Interrupted: {error.__class__.__name__}"
            raise
        finally:
            report.api_calls = calls()
            self._runs.finish(run, report, happened_at=happened_at)

    def _shown(
        self,
        run: int,
        calls: Callable[[], int],
        on_progress: OnProgress | None,
        still_alone: Callable[[], object],
    ) -> OnProgress:
        """`on_progress`, and now and then the counts for those who watch from elsewhere."""
        due = time.monotonic()

        def show(report: SyncReport) -> None:
            nonlocal due
            report.api_calls = calls()
            if on_progress:
                on_progress(report)
            if time.monotonic() >= due:
                still_alone()
                self._runs.note(run, report)
                due = time.monotonic() + _PROGRESS_SECONDS

        return show

    def _apply(
        self,
        changes: Iterable[Change],
        report: SyncReport,
        on_progress: OnProgress,
        still_alone: Callable[[], object],
    ) -> None:
        """Applies changes in their order: upserts go to the indexer together, over checkpoints
        too, and a deletion or a failure waits until they are written."""
        for steady, run in itertools.groupby(changes, key=_steady):
            if steady:
                self._index(run, report, on_progress)
            else:
                still_alone()  # what another run wrote meanwhile is newer
                for change in run:
                    self._apply_one(change, report)

    def _index(
        self, changes: Iterable[Change], report: SyncReport, on_progress: OnProgress
    ) -> None:
        """Indexes the upserts, and stores each checkpoint once all before it are written: the
        indexer reads ahead, and must not stop at each page for that."""
        reached: deque[tuple[int, Checkpoint]] = deque()
        mended: list[str] = []
        written = self._indexer.index(_documents(changes, reached))
        for number, result in enumerate(written, start=1):
            report.count(result.outcome)
            report.passages_embedded += result.embedded
            if result.outcome == "failed":
                self._fail(report, result.document_id, result.reason)
            else:
                mended.append(result.document_id)
            on_progress(report)
            while reached and reached[0][0] <= number:
                self._reach(report, reached.popleft()[1], mended)
        for _, checkpoint in reached:
            self._reach(report, checkpoint, mended)
        self._failures.mended(report.source, mended)

    def _reach(self, report: SyncReport, checkpoint: Checkpoint, mended: list[str]) -> None:
        self._failures.mended(report.source, mended)
        mended.clear()
        with self._pool.connection() as connection:
            connection.execute(_CHECKPOINT, (checkpoint.cursor, report.source))

    def _apply_one(self, change: Change, report: SyncReport) -> None:
        if isinstance(change, Delete):
            self._remove(report, [change.document_id])
            self._failures.mended(report.source, [change.document_id])
        elif isinstance(change, Failed):
            report.count("failed")
            self._fail(report, change.document_id, change.reason)

    def _sweep(self, ids: Iterable[str], report: SyncReport) -> None:
        """Removes documents whose ids are not among these."""
        live = frozenset(ids)
        with self._pool.connection() as connection:
            gone = [each for each in _indexed_ids(connection, report.source) if each not in live]
        for start in range(0, len(gone), _SWEEP_BATCH):
            self._remove(report, gone[start : start + _SWEEP_BATCH])

    def _remove(self, report: SyncReport, ids: list[str]) -> None:
        report.count("removed", len(self._indexer.remove(report.source, ids)))

    def _fail(self, report: SyncReport, document_id: str, reason: str) -> None:
        report.failures.append(DocumentFailure(document_id=document_id, reason=reason))
        self._failures.note(report.source, document_id, reason)


def _calls_of(connector: Connector) -> Callable[[], int]:
    """Counts the requests that the connector sends from now on."""
    before = connector.api_calls
    return lambda: connector.api_calls - before


def _steady(change: Change) -> bool:
    return isinstance(change, Upsert | Checkpoint)


def _noted(changes: Iterable[Change], ids: set[str]) -> Iterator[Change]:
    """The changes; what is there, be it readable or not, is added to `ids`."""
    for change in changes:
        match change:
            case Upsert(document=document):
                ids.add(document.id)
            case Failed(document_id=document_id):
                ids.add(document_id)
            case Delete(document_id=document_id):
                ids.discard(document_id)
        yield change


def _with_told(
    changes: Iterator[Change], connector: ArticleSource, told: Callable[[], Sequence[ToldArticle]]
) -> Iterator[Change]:
    """The changes, and after each checkpoint how the articles are now that were told of by then:
    what was read before that may be older, what is read after it is not."""
    done: set[ToldArticle] = set()
    for change in changes:
        yield change
        if isinstance(change, Checkpoint):
            new = [each for each in told() if each not in done]
            done.update(new)
            for article in dict.fromkeys(each.article for each in new):
                yield from connector.changes_of(article)


def _documents(
    changes: Iterable[Change], reached: deque[tuple[int, Checkpoint]]
) -> Iterator[Document]:
    """The upserted documents. A checkpoint goes to `reached`, with how many came before it."""
    delivered = 0
    for change in changes:
        if isinstance(change, Upsert):
            delivered += 1
            yield change.document
        elif isinstance(change, Checkpoint):
            reached.append((delivered, change))


def _indexed_ids(connection: Connection, source: str) -> Iterator[str]:
    rows = connection.execute("SELECT id FROM documents WHERE source = %s", (source,))
    return (row[0] for row in rows)
