"""The job that learns what people have just decided: which article answered which question.

The database enqueues it itself, with the pair, so that no surface can forget to.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.errors import UndefinedTable

from bot.jobs.retries import Retries
from bot.queue import Lane, TaskName
from indexing.learning import keep_up

if TYPE_CHECKING:
    from procrastinate import App
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from indexing.index import Index

log = logging.getLogger(__name__)

RETRIES = Retries(attempts=10, first=timedelta(seconds=10), longest=timedelta(minutes=30))


class LearnJob:
    """Learns in the index that is live. `live` gives that index, `model_of` its model."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        live: Callable[[], Index],
        model_of: Callable[[Index], Embedder],
        retries: Retries = RETRIES,
    ) -> None:
        self._pool = pool
        self._live = live
        self._model_of = model_of
        self._retries = retries

    def register(self, app: App) -> None:
        """Gives the app this task under its name."""
        app.task(name=TaskName.LEARN.value, queue=Lane.EVENTS.value, retry=self._retries)(self.run)

    def run(self) -> None:
        """Raises when it is worth another attempt."""
        index = self._live()
        try:
            learnt = keep_up(self._pool, index, self._model_of(index))
        except UndefinedTable:  # another index is live now, and has learnt it with the rest
            return
        log.info("Learnt.", extra={"action": "learn", "index": index.id, "pairs": learnt})
