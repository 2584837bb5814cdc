"""Puts another embedding model's index in the place of the live one, with nothing in between.

The new index is filled beside the live one, which goes on answering and following its sources.
When only few documents are left, writers are held up for a moment, those few are indexed, and one
transaction makes the one index live and the other retired. A retired index goes live again in the
same way, after catching up on what changed meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import psycopg

from indexing.errors import (
    BuildIncomplete,
    IndexBusy,
    IndexDropped,
    IndexingError,
    IndexMissing,
)
from indexing.holdings import (
    BackfillStore,
    every_lacking,
    hold_all,
    index_states,
    lacking,
)
from indexing.index import Index
from indexing.learning import learn
from indexing.locking import alone
from indexing.pipeline import Indexer
from indexing.trust import measure

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from indexing.pipeline import Connections, IndexResult

log = logging.getLogger(__name__)

# So many documents are indexed while writers wait: a second or two.
FEW = 20

# How long the swap waits for writers before it lets them go on, and how often it tries.
_PATIENCE = "SET LOCAL lock_timeout = '5s'"
_TRIES = 5

_THERE = """
SELECT id, state FROM embedding_indexes WHERE model = %s AND dimensions = %s
ORDER BY state = 'live' DESC, id DESC LIMIT 1
"""

# Every writer of documents shares this row's lock, see indexing.store.
_HOLD_WRITERS = "SELECT id FROM embedding_indexes WHERE state = 'live' FOR NO KEY UPDATE"

_RETIRE = """
UPDATE embedding_indexes SET state = 'retired', since = now(), set_aside = %s WHERE id = %s
"""

_GO_LIVE = """
UPDATE embedding_indexes SET state = 'live', since = now(), set_aside = false, problem = ''
WHERE id = %s
"""

_NAMED_IN_MESSAGES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildProgress:
    """`done` of `total` documents are in the new index; then it is arranged for searching, and
    takes its place."""

    done: int
    total: int
    stage: Literal["embedding", "arranging", "swapping"] = "embedding"


OnProgress = Callable[[BuildProgress], None]
"""Called after each document; what it raises ends the build, which can be resumed."""


class Switching:
    """Switches to another model's index. `load` gives a model's embedder by its name; `may_swap`
    looks at an index that is complete, and raises SwapRefused when it is not to go live."""

    def __init__(
        self,
        *,
        pool: ConnectionPool,
        load: Callable[[str], Embedder],
        may_swap: Callable[[Index], None] = lambda _: None,
    ) -> None:
        self._pool = pool
        self._load = load
        self._may_swap = may_swap

    def run(
        self,
        model: str,
        *,
        back: bool = False,
        force: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Index:
        """Makes this model's index live, building what it lacks, and returns it. Can be killed
        at any time and run again. `back` notes that the index that was live until now is not
        wanted any more; that and `force` ask nobody whether it may. Of the retired indexes only
        that one is kept.

        Raises SwapRefused, IndexBusy while another process does this, IndexDropped when the index
        is dropped meanwhile, BuildIncomplete when documents cannot be indexed,
        EmbeddingModelMissing and EmbeddingFailed. The live index stays what it was until the end.
        """
        show = on_progress or (lambda _: None)
        with self._alone():
            embedder = self._load(model)
            index, is_live = self._opened(model, embedder.dimensions)
            if is_live:
                return index
            try:
                self._build(index, embedder, show)
                if not (back or force):
                    self._may_swap(index)
                self._swap(index, embedder, show, back=back)
            except (psycopg.errors.UndefinedTable, psycopg.errors.ForeignKeyViolation) as error:
                raise IndexDropped from error
            except IndexingError as error:
                self._note(index, str(error))
                raise
            self._drop_others(index)
            measure(self._pool, index, embedder)
        return index

    def drop(self, index_id: int) -> Index:
        """Removes an index that is being built or retired; returns what it was. Raises
        IndexMissing, and IndexBusy when answers come from it."""
        with self._pool.connection() as connection:
            states = {each.index.id: each for each in index_states(connection)}
        if index_id not in states:
            known = ", ".join(map(str, states)) or "none"
            raise IndexMissing(f"There is no index {index_id}. There are: {known}.")
        if states[index_id].state == "live":
            raise IndexBusy(f"Answers come from index {index_id}: switch to another model first.")
        if not self._dropped(states[index_id].index):
            raise IndexBusy(
                f"Index {index_id} could not be dropped, because somebody has been reading the "
                "documents for long. Try again later."
            )
        return states[index_id].index

    def _alone(self) -> AbstractContextManager[object]:
        busy = "Another process is building an index: wait for it to end."
        return alone(self._pool, "supportbot", "switch", otherwise=lambda: IndexBusy(busy))

    def _opened(self, model: str, dimensions: int) -> tuple[Index, bool]:
        """The model's index, made now if there is none, and whether it is live."""
        with self._pool.connection() as connection, connection.transaction():
            connection.execute("LOCK TABLE embedding_indexes IN SHARE ROW EXCLUSIVE MODE")
            row = connection.execute(_THERE, (model, dimensions)).fetchone()
            if row is not None:
                connection.execute(
                    "UPDATE embedding_indexes SET problem = '' WHERE id = %s", (row[0],)
                )
                return Index(id=row[0], model=model, dimensions=dimensions), row[1] == "live"
            created = Index.create(connection, model=model, dimensions=dimensions, state="building")
            return created, False

    def _build(self, index: Index, embedder: Embedder, show: OnProgress) -> None:
        """Until only few documents are left: whoever syncs meanwhile adds some all the time."""
        indexer = _indexer(self._pool, index, embedder)
        while True:
            refused = self._pass(index, indexer, show)
            if refused:
                raise BuildIncomplete(_refusal(index, refused))
            with self._pool.connection() as connection:
                if len(lacking(connection, index, limit=FEW + 1)) <= FEW:
                    break
        show(self._progress(index, "arranging"))
        with self._pool.connection() as connection:
            index.build_vector_index(connection)
            index.refresh_statistics(connection)
        learn(self._pool, index, embedder)

    def _pass(self, index: Index, indexer: Indexer, show: OnProgress) -> list[IndexResult]:
        """Indexes once what is lacking; returns what could not be."""
        began = self._progress(index, "embedding")
        show(began)
        refused = []
        done = began.done
        for result in indexer.index(every_lacking(self._pool, index)):
            if result.outcome == "failed":
                refused.append(result)
            else:
                done += 1
            show(BuildProgress(done=min(done, began.total), total=began.total))
        return refused

    def _swap(self, index: Index, embedder: Embedder, show: OnProgress, *, back: bool) -> None:
        for _ in range(_TRIES):
            show(self._progress(index, "swapping"))
            try:
                if self._swapped(index, embedder, back=back):
                    return
            except psycopg.errors.LockNotAvailable:
                log.info("Writers are busy; trying again.", extra={"action": "swap_index"})
            self._build(index, embedder, show)
        raise IndexBusy(
            "The new index is complete, but documents were written without a pause. It goes live "
            "when it is tried again: `supportbot index build`."
        )

    def _swapped(self, index: Index, embedder: Embedder, *, back: bool) -> bool:
        """Whether it took place. Writers wait only within the second transaction."""
        with self._pool.connection() as connection:
            hold_all(connection, Index.live(connection))  # nearly all of it, while nobody waits
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(_PATIENCE)
            connection.execute(_HOLD_WRITERS)
            left = lacking(connection, index, limit=FEW + 1)
            if len(left) > FEW:
                return False
            learn(_Within(connection), index, embedder)
            for result in _indexer(_Within(connection), index, embedder).index(left):
                if result.outcome == "failed":
                    return False
            live = Index.live(connection)
            hold_all(connection, live)
            connection.execute(_RETIRE, (back, live.id))
            connection.execute(_GO_LIVE, (index.id,))
        log.info(
            "Another index is live.",
            extra={"action": "swap_index", "index": index.id, "model": index.model},
        )
        return True

    def _progress(
        self, index: Index, stage: Literal["embedding", "arranging", "swapping"]
    ) -> BuildProgress:
        with self._pool.connection() as connection:
            for each in index_states(connection):
                if each.index == index:
                    return BuildProgress(done=each.documents, total=each.total, stage=stage)
        raise IndexDropped

    def _note(self, index: Index, problem: str) -> None:
        with self._pool.connection() as connection:
            connection.execute(
                "UPDATE embedding_indexes SET problem = %s WHERE id = %s", (problem, index.id)
            )

    def _drop_others(self, live: Index) -> None:
        """All but the live one and the one that was live before it."""
        with self._pool.connection() as connection:
            states = index_states(connection)
        retired = sorted((e for e in states if e.state == "retired"), key=lambda e: e.since)
        kept = {live, *(each.index for each in retired[-1:])}
        for each in states:
            if each.index not in kept and not self._dropped(each.index):
                log.warning("It is dropped at the next swap.", extra={"index": each.index.id})

    def _dropped(self, index: Index) -> bool:
        """Whether it is gone. Does not wait for long: who waits to drop holds up all readers, and
        may be the one that gives way where a question and it wait for each other."""
        try:
            with self._pool.connection() as connection:
                connection.execute(_PATIENCE)
                index.drop(connection)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            return False
        return True


class _Within:
    """One connection in place of a pool: what is written belongs to its transaction."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def connection(self) -> AbstractContextManager[Connection[Any]]:
        return nullcontext(self._connection)


def _indexer(pool: Connections, index: Index, embedder: Embedder) -> Indexer:
    return Indexer(pool=pool, index=index, embedder=embedder, store=BackfillStore(index=index))


def _refusal(index: Index, refused: list[IndexResult]) -> str:
    named = " ".join(f"{each.document_id}: {each.reason}" for each in refused[:_NAMED_IN_MESSAGES])
    more = len(refused) - _NAMED_IN_MESSAGES
    return (
        f"{len(refused)} documents cannot be indexed with {index.model}, so the index that was "
        f"live stays. {named}{f' And {more} more.' if more > 0 else ''} Correct or remove them, "
        "then run `supportbot index build`."
    )
